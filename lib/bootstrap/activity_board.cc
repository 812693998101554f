// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/activity_board.h"

#include <algorithm>
#include <utility>

namespace tutti {

uint64_t ActivityBoard::Open(int asker, uint64_t request, absl::Span<const int> ranks, int64_t deadline_ns) {
  Question question;
  question.result.asker = asker;
  question.result.request = request;
  question.deadline_ns = deadline_ns;
  question.awaited.assign(ranks.size(), true);
  for (int rank : ranks) question.result.activities.emplace_back().rank = rank;
  open_.emplace(next_question_, std::move(question));
  return next_question_++;
}

bool ActivityBoard::Done(const Question& question) {
  return std::none_of(question.awaited.begin(), question.awaited.end(), [](bool awaited) { return awaited; });
}

// With an activity: the rank's answer. Without: it will not come.
void ActivityBoard::Settle(Question* question, int rank, const Activity* activity) {
  for (size_t i = 0; i < question->awaited.size(); ++i) {
    Activity& slot = question->result.activities[i];
    if (slot.rank != rank || !question->awaited[i]) continue;
    question->awaited[i] = false;
    if (activity == nullptr) continue;
    slot = *activity;
    slot.rank = rank;
    slot.answered = true;
  }
}

void ActivityBoard::Skip(uint64_t question, int rank) {
  const auto found = open_.find(question);
  if (found != open_.end()) Settle(&found->second, rank, nullptr);
}

std::optional<ActivityBoard::Finished> ActivityBoard::CheckDone(uint64_t number) {
  const auto found = open_.find(number);
  if (found == open_.end() || !Done(found->second)) return std::nullopt;
  Finished finished = std::move(found->second.result);
  open_.erase(found);
  return finished;
}

std::optional<ActivityBoard::Finished> ActivityBoard::Answer(uint64_t question, int rank, const Activity& activity) {
  const auto found = open_.find(question);
  if (found == open_.end()) return std::nullopt;
  Settle(&found->second, rank, &activity);
  return CheckDone(question);
}

std::vector<ActivityBoard::Finished> ActivityBoard::RankIsGone(int rank) {
  std::vector<Finished> finished;
  for (auto next = open_.begin(); next != open_.end();) {
    const auto each = next++;
    if (each->second.result.asker == rank) {
      open_.erase(each);
      continue;
    }
    Settle(&each->second, rank, nullptr);
    if (auto done = CheckDone(each->first)) finished.push_back(*std::move(done));
  }
  return finished;
}

std::vector<ActivityBoard::Finished> ActivityBoard::Expire(int64_t now_ns) {
  std::vector<Finished> finished;
  for (auto next = open_.begin(); next != open_.end();) {
    const auto each = next++;
    if (each->second.deadline_ns > now_ns) continue;
    finished.push_back(std::move(each->second.result));
    open_.erase(each);
  }
  return finished;
}

int64_t ActivityBoard::next_deadline_ns() const {
  int64_t earliest_ns = kForeverNs;
  for (const auto& [number, question] : open_) earliest_ns = std::min(earliest_ns, question.deadline_ns);
  return earliest_ns;
}

}  // namespace tutti
