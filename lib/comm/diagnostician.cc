// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/diagnostician.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "lib/base/log.h"
#include "lib/comm/call.h"

namespace tutti {
namespace {

constexpr size_t kMaxNamedRanks = 6;

// A question to each of thousands, by each of thousands, would be a burden that curiosity does not justify.
constexpr size_t kFewEnoughToAskAll = 64;

std::string NameAll(const std::vector<int32_t>& ranks, const std::function<std::string(int32_t)>& name_of) {
  std::vector<std::string> names;
  for (size_t i = 0; i < ranks.size() && i < kMaxNamedRanks; ++i) names.push_back(name_of(ranks[i]));
  std::string text = absl::StrJoin(names, ", ");
  if (ranks.size() > kMaxNamedRanks) absl::StrAppend(&text, " and ", ranks.size() - kMaxNamedRanks, " more");
  return text;
}

// Their full names have been said.
std::string ShortName(int32_t rank) { return absl::StrCat("rank ", rank); }

// What the answers come to.
struct Findings {
  std::vector<int32_t> silent;
  std::vector<int32_t> absent;
  std::vector<int32_t> not_sent;                       // have called it, and are awaited
  std::map<uint64_t, std::vector<int32_t>> completed;  // how many operations -> who of all these
  std::string others_wait;
  std::string records;
};

bool Contains(const std::vector<int32_t>& ranks, int32_t rank) {
  return std::find(ranks.begin(), ranks.end(), rank) != ranks.end();
}

// Nothing if the rank called something else.
bool AddAnswer(const StalledOperation& operation, const Activity& answer, const Knowledge& knowledge,
               Findings* findings) {
  if (!answer.answered) {
    findings->silent.push_back(answer.rank);
    std::optional<Activity> record;
    if (knowledge.record_of != nullptr) record = knowledge.record_of(answer.rank, operation.channel);
    if (!record) return true;
    absl::StrAppend(&findings->records, " The flight record of ", ShortName(answer.rank),
                    " says: ", record->description, ".");
    if (!operation.is_message) findings->completed[record->completed].push_back(answer.rank);
  } else if (operation.is_message) {
    return true;  // messages are not numbered across ranks: nobody can be said to be absent
  } else if (answer.entered <= operation.sequence) {
    findings->absent.push_back(answer.rank);
    findings->completed[answer.completed].push_back(answer.rank);
  } else if (answer.signature != 0 && answer.signature != operation.signature) {
    return false;
  } else {
    if (Contains(operation.senders, answer.rank)) {
      findings->not_sent.push_back(answer.rank);
      findings->completed[answer.completed].push_back(answer.rank);
    }
    if (!answer.description.empty()) {
      absl::StrAppend(&findings->others_wait, " ", knowledge.name_of(answer.rank), ": ", answer.description, ".");
    }
  }
  return true;
}

// " Last completed: operation 16, all_reduce(...), by rank 3; none by rank 5."
std::string CompletedText(const StalledOperation& operation, const Findings& findings, const Knowledge& knowledge) {
  std::vector<std::string> parts;
  for (const auto& [completed, ranks] : findings.completed) {
    std::string what = "none";
    if (completed > 0) {
      what = absl::StrCat("operation ", completed - 1);
      const std::string call =
          knowledge.call_of != nullptr ? knowledge.call_of(operation.channel, completed - 1) : std::string();
      if (!call.empty()) absl::StrAppend(&what, ", ", call, ",");
    }
    parts.push_back(absl::StrCat(what, " by ", NameAll(ranks, ShortName)));
  }
  return parts.empty() ? "" : absl::StrCat(" Last completed: ", absl::StrJoin(parts, "; "), ".");
}

Diagnosis MismatchBetween(const StalledOperation& operation, int32_t self, const Activity& answer,
                          const Knowledge& knowledge) {
  return {
      true, answer.rank,
      absl::StrCat(knowledge.name_of(self), " called ", operation.name, ", but ", knowledge.name_of(answer.rank),
                   " called ", DescribeSignature(answer.signature),
                   " as the same operation. All ranks must call the same operations in the same order with the same "
                   "arguments.")};
}

}  // namespace

Diagnosis JudgeAnswers(const StalledOperation& operation, int32_t self, const std::vector<Activity>& answers,
                       const Knowledge& knowledge) {
  Findings findings;
  for (const Activity& answer : answers) {
    if (answer.rank == self) continue;
    if (!AddAnswer(operation, answer, knowledge, &findings)) {
      return MismatchBetween(operation, self, answer, knowledge);
    }
  }

  Diagnosis diagnosis;
  std::string& text = diagnosis.sentence;
  absl::StrAppendFormat(&text, "%s %s %.3g s. %s waits: %s.", operation.name,
                        operation.goes_on ? "has not finished after" : "did not finish within",
                        static_cast<double>(operation.running_ns) * 1e-9, knowledge.name_of(self), operation.waits);
  if (!findings.silent.empty()) {
    diagnosis.culprit = findings.silent.front();
    absl::StrAppend(&text, " No answer from ", NameAll(findings.silent, knowledge.name_of),
                    ": stopped (SIGSTOP, a debugger), swapping, or on a host that hangs; look at that process.",
                    findings.records);
  }
  if (!findings.absent.empty()) {
    if (diagnosis.culprit < 0) diagnosis.culprit = findings.absent.front();
    absl::StrAppend(&text, " Not called yet by ", NameAll(findings.absent, knowledge.name_of),
                    ": late, in other work, or past the last call; look there, or raise the timeout.");
  }
  if (findings.silent.empty() && findings.absent.empty()) {
    if (!operation.waits_for.empty()) diagnosis.culprit = operation.waits_for.front();
    absl::StrAppend(&text, " All other ranks are alive", operation.is_message ? "" : " and have called it",
                    "; if it only needs longer, raise the timeout.", findings.others_wait);
  }
  if (!findings.not_sent.empty()) {
    absl::StrAppend(&text, " Called, but not yet sent what is awaited here: ", NameAll(findings.not_sent, ShortName),
                    ".");
  }
  absl::StrAppend(&text, CompletedText(operation, findings, knowledge));
  return diagnosis;
}

Diagnostician::Diagnostician(ControlPlane& control_plane, Knowledge knowledge, Verdict mismatch_found,
                             Verdict deadline_judged)
    : control_plane_(control_plane),
      knowledge_(std::move(knowledge)),
      mismatch_found_(std::move(mismatch_found)),
      deadline_judged_(std::move(deadline_judged)) {}

Diagnostician::~Diagnostician() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Diagnostician::ExamineStall(StalledOperation operation) { Enqueue({Task::Kind::kStall, std::move(operation)}); }

void Diagnostician::ExamineLateness(StalledOperation operation) {
  operation.goes_on = true;
  Enqueue({Task::Kind::kLateness, std::move(operation)});
}

void Diagnostician::ExamineDeadline(StalledOperation operation) {
  Enqueue({Task::Kind::kDeadline, std::move(operation)});
}

void Diagnostician::Enqueue(Task task) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (stop_) return;
  // A deadline must not wait behind curiosity.
  task.kind == Task::Kind::kDeadline ? tasks_.push_front(std::move(task)) : tasks_.push_back(std::move(task));
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  wake_.notify_all();
}

void Diagnostician::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stop_ || !tasks_.empty(); });
    if (stop_) return;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    Examine(task);
    lock.lock();
  }
}

void Diagnostician::Examine(const Task& task) {
  const StalledOperation& operation = task.operation;
  const bool deadline = task.kind == Task::Kind::kDeadline;
  const bool ask_all =
      deadline || (task.kind == Task::Kind::kLateness && operation.members.size() <= kFewEnoughToAskAll);
  const std::vector<int32_t>& whom = ask_all ? operation.members : operation.waits_for;
  std::vector<int> others;
  const int32_t self = control_plane_.rank();
  std::copy_if(whom.begin(), whom.end(), std::back_inserter(others), [self](int32_t rank) { return rank != self; });
  const std::vector<Activity> answers = control_plane_.AskActivity(operation.channel, operation.sequence, others,
                                                                   deadline ? kDeadlineAnswerNs : kStallAnswerNs);
  const Diagnosis diagnosis = JudgeAnswers(operation, self, answers, knowledge_);
  if (diagnosis.is_mismatch) {
    mismatch_found_(operation, diagnosis);
  } else if (deadline) {
    deadline_judged_(operation, diagnosis);
  } else if (task.kind == Task::Kind::kLateness) {
    TUTTI_LOG(kWarn, diagnosis.sentence);
  }
}

}  // namespace tutti
