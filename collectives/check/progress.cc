// SPDX-License-Identifier: Apache-2.0
#include "collectives/check/progress.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "collectives/check/rule.h"

namespace tutti::check {
namespace {

constexpr uint32_t kNone = Messages::kNone;
constexpr size_t kMaxCircleShown = 8;  // a circle through all ranks of a large job would be no sentence any more

class Runner {
 public:
  Runner(const Program& program, const Messages& messages, uint32_t window, StepVisitor& visitor)
      : program_(program), messages_(messages), window_(window), visitor_(visitor) {
    IndexSuccessors();
    if (window_ > 0) IndexReceives();
  }

  absl::Status Run() {
    for (uint32_t step = 0; step < program_.num_steps(); ++step) {
      if (pending_[step] == 0) ready_.push_back(step);
    }
    while (!ready_.empty()) {
      const uint32_t step = ready_.back();
      ready_.pop_back();
      if (absl::Status s = Begin(step); !s.ok()) return s;
    }
    return num_done_ == program_.num_steps() ? absl::OkStatus() : Deadlock();
  }

 private:
  enum class State : uint8_t { kWaiting, kBegun, kDone };

  void IndexSuccessors() {
    const uint32_t num_steps = program_.num_steps();
    pending_.assign(num_steps, 0);
    state_.assign(num_steps, State::kWaiting);
    first_successor_.assign(size_t{num_steps} + 1, 0);
    ForEachDependency([this](uint32_t dependency, uint32_t step) {
      ++first_successor_[dependency + 1];
      ++pending_[step];
    });
    for (uint32_t step = 0; step < num_steps; ++step) first_successor_[step + 1] += first_successor_[step];
    successors_.resize(first_successor_.back());
    std::vector<uint64_t> next(first_successor_.begin(), first_successor_.end() - 1);
    ForEachDependency([this, &next](uint32_t dependency, uint32_t step) { successors_[next[dependency]++] = step; });
  }

  template <typename Function>
  void ForEachDependency(Function function) const {
    for (int rank = 0; rank < program_.num_ranks(); ++rank) {
      const Schedule& schedule = program_.schedule(rank);
      const uint32_t first = program_.NumberOf({rank, 0});
      for (uint32_t step = 0; step < schedule.steps.size(); ++step) {
        for (uint32_t dependency : schedule.DependenciesOf(schedule.steps[step])) {
          function(first + dependency, first + step);
        }
      }
    }
  }

  // A receive waits for its predecessor's begin, and for the end of the one that is `window_` before it.
  void IndexReceives() {
    receive_index_.assign(program_.num_steps(), kNone);
    for (int rank = 0; rank < program_.num_ranks(); ++rank) {
      const auto& receives = messages_.receives[static_cast<size_t>(rank)];
      for (uint32_t i = 0; i < receives.size(); ++i) {
        const uint32_t step = program_.NumberOf({rank, receives[i].step});
        receive_index_[step] = i;
        pending_[step] += Neighbour(step, -1) != kNone ? 1 : 0;
        pending_[step] += Neighbour(step, -int64_t{window_}) != kNone ? 1 : 0;
      }
    }
  }

  // The receive from the same peer that is `distance` messages later, if `step` is a receive and there is one.
  uint32_t Neighbour(uint32_t step, int64_t distance) const {
    if (window_ == 0 || receive_index_[step] == kNone) return kNone;
    const int rank = program_.RefOf(step).rank;
    const auto& receives = messages_.receives[static_cast<size_t>(rank)];
    const int64_t index = int64_t{receive_index_[step]} + distance;
    if (index < 0 || index >= static_cast<int64_t>(receives.size())) return kNone;
    const MessageEnd& other = receives[static_cast<size_t>(index)];
    if (other.peer != receives[receive_index_[step]].peer) return kNone;
    return program_.NumberOf({rank, other.step});
  }

  absl::Status Begin(uint32_t step) {
    state_[step] = State::kBegun;
    Release(Neighbour(step, 1));
    const uint32_t partner = messages_.partner[step];
    const StepRef ref = program_.RefOf(step);
    if (partner == kNone) {
      if (absl::Status s = visitor_.OnLocalStep(ref); !s.ok()) return s;
      End(step);
      return absl::OkStatus();
    }
    if (state_[partner] != State::kBegun) return absl::OkStatus();
    const StepRef other = program_.RefOf(partner);
    const bool is_send = program_.step(ref).kind == StepKind::kSend;
    if (absl::Status s = visitor_.OnMessage(is_send ? ref : other, is_send ? other : ref); !s.ok()) return s;
    End(step);
    End(partner);
    return absl::OkStatus();
  }

  void End(uint32_t step) {
    state_[step] = State::kDone;
    ++num_done_;
    for (uint64_t i = first_successor_[step]; i < first_successor_[step + 1]; ++i) Release(successors_[i]);
    if (window_ > 0) Release(Neighbour(step, window_));
  }

  void Release(uint32_t step) {
    if (step != kNone && --pending_[step] == 0) ready_.push_back(step);
  }

  // What a step that is not done waits for: never nothing, or it would have run.
  uint32_t Obstacle(uint32_t step, std::string* why) const {
    const StepRef ref = program_.RefOf(step);
    if (state_[step] == State::kBegun) {
      const bool is_send = program_.step(ref).kind == StepKind::kSend;
      *why = absl::StrCat("for message ", program_.step(ref).message, is_send ? " to be received" : "");
      return messages_.partner[step];
    }
    *why = "on its rank";
    const uint32_t first = step - ref.step;
    for (uint32_t dependency : program_.schedule(ref.rank).DependenciesOf(program_.step(ref))) {
      if (state_[first + dependency] != State::kDone) return first + dependency;
    }
    *why = "for its turn to be posted";
    const uint32_t previous = Neighbour(step, -1);
    if (previous != kNone && state_[previous] == State::kWaiting) return previous;
    return Neighbour(step, -int64_t{window_});
  }

  absl::Status Deadlock() const {
    uint32_t step = 0;
    while (state_[step] == State::kDone) ++step;
    // Every obstacle has an obstacle, so the walk comes back to where it was.
    std::vector<uint32_t> path;
    std::vector<bool> on_path(program_.num_steps(), false);
    std::string why;
    while (!on_path[step]) {
      on_path[step] = true;
      path.push_back(step);
      step = Obstacle(step, &why);
    }
    path.erase(path.begin(), std::find(path.begin(), path.end(), step));
    std::string text = absl::StrCat(program_.num_steps() - num_done_, " steps can never finish: ");
    for (size_t i = 0; i < path.size() && i < kMaxCircleShown; ++i) {
      const uint32_t obstacle = Obstacle(path[i], &why);
      absl::StrAppend(&text, i == 0 ? program_.Describe(program_.RefOf(path[i])) : "", " waits ", why, " (",
                      program_.Describe(program_.RefOf(obstacle)), i + 1 < path.size() ? "), which" : ")");
    }
    if (path.size() > kMaxCircleShown) {
      absl::StrAppend(&text, " and so on, round a circle of ", path.size(), " steps");
    } else {
      absl::StrAppend(&text, ", and the circle is closed");
    }
    return Violation(Rule::kDeadlock, text);
  }

  const Program& program_;
  const Messages& messages_;
  const uint32_t window_;
  StepVisitor& visitor_;
  // All by step number.
  std::vector<uint32_t> pending_;  // what it still waits for before it may begin
  std::vector<State> state_;
  std::vector<uint64_t> first_successor_;
  std::vector<uint32_t> successors_;
  std::vector<uint32_t> receive_index_;  // into the rank's Messages::receives; only with a window
  std::vector<uint32_t> ready_;
  uint32_t num_done_ = 0;
};

}  // namespace

absl::Status RunToEnd(const Program& program, const Messages& messages, const VerifyOptions& options,
                      StepVisitor& visitor) {
  return Runner(program, messages, options.max_outstanding_receives_per_peer, visitor).Run();
}

}  // namespace tutti::check
