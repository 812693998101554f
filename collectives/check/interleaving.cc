// SPDX-License-Identifier: Apache-2.0
#include "collectives/check/interleaving.h"

#include <array>
#include <cstddef>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

#include "lib/base/prng.h"

namespace tutti {
namespace {

bool Receives(const Step& step) { return step.kind == StepKind::kRecv || step.kind == StepKind::kRecvReduce; }

class Interleaver {
 public:
  Interleaver(absl::Span<const Schedule> schedules, const InterleavingOptions& options, InterleavingActions& actions)
      : schedules_(schedules), options_(options), actions_(actions), prng_(options.seed) {}

  absl::Status Run() {
    if (absl::Status s = Index(); !s.ok()) return s;
    DrawTemper();
    for (size_t id = 0; id < steps_.size(); ++id) {
      if (steps_[id].pending == 0) OfferBegin(id);
    }
    while (!events_.empty()) {
      const auto [likelihood, what, id] = events_.top();
      events_.pop();
      Happen(static_cast<Event>(what), id);
    }
    for (const StepState& state : steps_) {
      if (state.ended) continue;
      return absl::FailedPreconditionError(
          absl::StrCat("rank ", state.rank, " step ", state.index, state.begun ? " never ends" : " never begins"));
    }
    return absl::OkStatus();
  }

 private:
  static constexpr size_t kNoStep = ~size_t{0};
  enum class Event { kBegin, kSent, kEnd };
  static constexpr size_t kNumEvents = 3;
  static constexpr double kLate = -1000;  // below whatever the biases add up to

  struct StepState {
    int rank = 0;
    uint32_t index = 0;
    size_t pending = 0;  // dependencies that have not ended
    size_t partner = kNoStep;
    bool buffered = false;
    bool begun = false;
    bool sent = false;  // of a send: its bytes are out
    bool ended = false;
    std::vector<size_t> successors;
  };

  // Receives from one peer, when they are posted in message order.
  struct Queue {
    uint32_t next = 0;
    uint32_t outstanding = 0;
    absl::btree_map<uint32_t, size_t> willing;  // by message: receives whose dependencies are done
  };
  using PairOfRanks = std::pair<int, int>;

  const Step& StepOf(const StepState& state) const {
    return schedules_[static_cast<size_t>(state.rank)].steps[state.index];
  }

  absl::Status Index() {
    for (size_t rank = 0; rank < schedules_.size(); ++rank) {
      const Schedule& schedule = schedules_[rank];
      const size_t first = steps_.size();
      for (size_t i = 0; i < schedule.steps.size(); ++i) {
        const Step& step = schedule.steps[i];
        StepState state;
        state.rank = static_cast<int>(rank);
        state.index = static_cast<uint32_t>(i);
        state.pending = step.num_dependencies;
        steps_.push_back(std::move(state));
        if (size_t{step.first_dependency} + step.num_dependencies > schedule.dependencies.size()) {
          return absl::InvalidArgumentError(
              absl::StrCat("rank ", rank, " step ", i, " has dependencies that do not exist"));
        }
        for (uint32_t dependency : schedule.DependenciesOf(step)) {
          if (dependency >= i)
            return absl::InvalidArgumentError(absl::StrCat("rank ", rank, " step ", i, " looks ahead"));
          steps_[first + dependency].successors.push_back(first + i);
        }
      }
    }
    return MatchByNumber();
  }

  absl::Status MatchByNumber() {
    absl::flat_hash_map<std::tuple<int, int, uint32_t>, size_t> sends;  // by sender, receiver, message
    size_t num_receives = 0;
    for (size_t id = 0; id < steps_.size(); ++id) {
      const Step& step = StepOf(steps_[id]);
      num_receives += Receives(step) ? 1 : 0;
      if (step.kind != StepKind::kSend) continue;
      if (!sends.try_emplace({steps_[id].rank, step.peer, step.message}, id).second) return NoMatch(id);
    }
    if (num_receives != sends.size()) return absl::InvalidArgumentError("sends and receives differ in number");
    for (size_t id = 0; id < steps_.size(); ++id) {
      const Step& step = StepOf(steps_[id]);
      if (!Receives(step)) continue;
      const auto match = sends.find({step.peer, steps_[id].rank, step.message});
      if (match == sends.end() || steps_[match->second].partner != kNoStep) return NoMatch(id);
      steps_[id].partner = match->second;
      steps_[match->second].partner = id;
    }
    return absl::OkStatus();
  }

  absl::Status NoMatch(size_t id) const {
    return absl::InvalidArgumentError(absl::StrCat("rank ", steps_[id].rank, " step ", steps_[id].index,
                                                   ": its message has no other end of its own"));
  }

  // What this seed likes: some are fair, others starve a rank, hurry the begins, or hold back the ends. Races show up
  // at the extremes.
  void DrawTemper() {
    const double strength = static_cast<double>(prng_.Below(3)) * 2;
    for (double& bias : event_bias_) bias = prng_.Unit() * strength;
    rank_bias_.resize(schedules_.size());
    const double rank_strength = static_cast<double>(prng_.Below(3)) * 2;
    for (double& bias : rank_bias_) bias = prng_.Unit() * rank_strength;
    const size_t late = options_.late_rank < 0 ? rank_bias_.size() : static_cast<size_t>(options_.late_rank);
    if (late < rank_bias_.size()) rank_bias_[late] = kLate;
    double buffered = static_cast<double>(prng_.Below(3)) / 2;
    if (options_.sends != SendMode::kEither) buffered = options_.sends == SendMode::kBuffered ? 1 : 0;
    for (StepState& state : steps_) state.buffered = prng_.Chance(buffered);
  }

  void Offer(Event event, size_t id) {
    const auto what = static_cast<size_t>(event);
    const double likelihood = prng_.Unit() + event_bias_[what] + rank_bias_[static_cast<size_t>(steps_[id].rank)];
    events_.emplace(likelihood, what, id);
  }

  void OfferBegin(size_t id) {
    const Step& step = StepOf(steps_[id]);
    if (options_.max_outstanding_receives_per_peer == 0 || !Receives(step)) return Offer(Event::kBegin, id);
    Queue& queue = queues_[{steps_[id].rank, step.peer}];
    queue.willing.emplace(step.message, id);
    AdvanceQueue(queue);
  }

  void AdvanceQueue(Queue& queue) {
    while (queue.outstanding < options_.max_outstanding_receives_per_peer && !queue.willing.empty() &&
           queue.willing.begin()->first == queue.next) {
      ++queue.outstanding;
      ++queue.next;
      Offer(Event::kBegin, queue.willing.begin()->second);
      queue.willing.erase(queue.willing.begin());
    }
  }

  void Happen(Event event, size_t id) {
    StepState& state = steps_[id];
    const Step& step = StepOf(state);
    switch (event) {
      case Event::kBegin:
        state.begun = true;
        actions_.OnBegin(state.rank, state.index);
        if (step.kind == StepKind::kSend) {
          if (state.buffered || steps_[state.partner].begun) Offer(Event::kSent, id);
        } else if (!Receives(step)) {
          Offer(Event::kEnd, id);
        } else {
          StepState& send = steps_[state.partner];
          if (send.begun && !send.buffered) Offer(Event::kSent, state.partner);
          if (send.sent) Offer(Event::kEnd, id);
        }
        return;
      case Event::kSent:
        state.sent = true;
        actions_.OnSent(state.rank, state.index);
        Offer(Event::kEnd, id);
        if (steps_[state.partner].begun) Offer(Event::kEnd, state.partner);
        return;
      case Event::kEnd:
        state.ended = true;
        if (Receives(step)) {
          actions_.OnEnd(state.rank, state.index, steps_[state.partner].rank, steps_[state.partner].index);
        } else {
          actions_.OnEnd(state.rank, state.index, -1, 0);
        }
        for (size_t successor : state.successors) {
          if (--steps_[successor].pending == 0) OfferBegin(successor);
        }
        if (options_.max_outstanding_receives_per_peer != 0 && Receives(step)) {
          Queue& queue = queues_[{state.rank, step.peer}];
          --queue.outstanding;
          AdvanceQueue(queue);
        }
        return;
    }
  }

  absl::Span<const Schedule> schedules_;
  const InterleavingOptions options_;
  InterleavingActions& actions_;
  Prng prng_;
  std::array<double, kNumEvents> event_bias_{};
  std::vector<double> rank_bias_;
  std::vector<StepState> steps_;
  absl::flat_hash_map<PairOfRanks, Queue> queues_;                  // by receiver and sender
  std::priority_queue<std::tuple<double, size_t, size_t>> events_;  // that may happen now; likelihood, event, step
};

}  // namespace

absl::Status RunInterleaved(absl::Span<const Schedule> schedules, const InterleavingOptions& options,
                            InterleavingActions& actions) {
  return Interleaver(schedules, options, actions).Run();
}

}  // namespace tutti
