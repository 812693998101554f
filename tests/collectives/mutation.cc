// SPDX-License-Identifier: Apache-2.0
#include "mutation.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>

namespace tutti {
namespace {

bool IsSend(const Step& step) { return step.kind == StepKind::kSend; }
bool IsRecv(const Step& step) { return step.kind == StepKind::kRecv || step.kind == StepKind::kRecvReduce; }
bool IsReduction(const Step& step) { return step.kind == StepKind::kReduce || step.kind == StepKind::kRecvReduce; }
bool HasPeer(const Step& step) { return IsSend(step) || IsRecv(step); }
bool Any(const Step&) { return true; }

// A schedule that is easy to change: each step with its own lists.
struct LooseStep {
  Step step;
  std::vector<Region> sources;
  std::vector<uint32_t> dependencies;
};
using LooseSchedule = std::vector<LooseStep>;

LooseSchedule Loosen(const Schedule& schedule) {
  LooseSchedule loose;
  for (const Step& step : schedule.steps) {
    const auto sources = schedule.SourcesOf(step);
    const auto dependencies = schedule.DependenciesOf(step);
    loose.push_back({step, {sources.begin(), sources.end()}, {dependencies.begin(), dependencies.end()}});
  }
  return loose;
}

Schedule Tighten(const LooseSchedule& loose, uint64_t scratch_elements) {
  Schedule schedule;
  schedule.scratch_elements = scratch_elements;
  for (const LooseStep& from : loose) {
    Step step = from.step;
    step.first_source = static_cast<uint32_t>(schedule.sources.size());
    step.num_sources = static_cast<uint32_t>(from.sources.size());
    step.first_dependency = static_cast<uint32_t>(schedule.dependencies.size());
    step.num_dependencies = static_cast<uint32_t>(from.dependencies.size());
    schedule.sources.insert(schedule.sources.end(), from.sources.begin(), from.sources.end());
    schedule.dependencies.insert(schedule.dependencies.end(), from.dependencies.begin(), from.dependencies.end());
    schedule.steps.push_back(step);
  }
  return schedule;
}

class Mutator {
 public:
  Mutator(Prng& prng, const std::vector<Schedule>& schedules) : prng_(prng) {
    for (const Schedule& schedule : schedules) {
      ranks_.push_back(Loosen(schedule));
      scratch_.push_back(schedule.scratch_elements);
    }
  }

  std::vector<Schedule> Result() const {
    std::vector<Schedule> schedules;
    for (size_t rank = 0; rank < ranks_.size(); ++rank) schedules.push_back(Tighten(ranks_[rank], scratch_[rank]));
    return schedules;
  }

  // Each mutation returns whether it changed something.

  bool DropStep() { return Pick(Any) && Drop(); }

  // Both ends of a message: what is left is well formed.
  bool DropMessage() {
    if (!Pick(IsSend)) return false;
    const Step send = At().step;
    const size_t sender = rank_;
    Drop();
    if (!GoToReceiveOf(send, sender)) return false;
    Drop();
    Renumber();
    return true;
  }

  bool ChangePeer() {
    if (!Pick(HasPeer)) return false;
    const int32_t before = std::exchange(At().step.peer, static_cast<int32_t>(prng_.Below(ranks_.size())));
    if (before == At().step.peer) return false;
    MaybeRenumber();
    return true;
  }

  bool SwapPeers() {
    if (!Pick(HasPeer)) return false;
    LooseStep& first = At();
    if (!PickOther(HasPeer) || At().step.peer == first.step.peer) return false;
    std::swap(first.step.peer, At().step.peer);
    MaybeRenumber();
    return true;
  }

  bool ShiftRegion() {
    Region* region = PickRegion();
    if (region == nullptr || region->count == 0) return false;
    const uint64_t distance = 1 + prng_.Below(3);
    region->offset = prng_.Chance(0.5) ? region->offset + distance : region->offset - distance;
    return true;
  }

  bool ChangeBuffer() {
    Region* region = PickRegion();
    if (region == nullptr) return false;
    region->buffer = static_cast<Buffer>((static_cast<uint64_t>(region->buffer) + 1 + prng_.Below(2)) % kNumBuffers);
    return region->count > 0;
  }

  bool ChangeOneCount() {
    Region* region = PickRegion();
    if (region == nullptr) return false;
    region->count = prng_.Chance(0.5) ? region->count + 1 : region->count - 1;
    return true;
  }

  // All regions of a step, and of the step at the other end: lengths still agree.
  bool ShortenConsistently() {
    if (!Pick(Any)) return false;
    const Step step = At().step;
    const size_t rank = rank_;
    const bool from_front = prng_.Chance(0.5);
    if (!Shorten(from_front)) return false;
    if (IsSend(step)) return GoToReceiveOf(step, rank) && Shorten(from_front);
    if (IsRecv(step)) return GoToSendOf(step, rank) && Shorten(from_front);
    return true;
  }

  bool SwapSourcesOfTwoSteps() {
    if (!Pick(Any) || At().sources.empty()) return false;
    LooseStep& first = At();
    if (!PickOther(Any) || At().sources.empty()) return false;
    Region& a = first.sources[prng_.Below(first.sources.size())];
    Region& b = At().sources[prng_.Below(At().sources.size())];
    if (a == b || a.count != b.count) return false;
    std::swap(a, b);
    return true;
  }

  bool SwapDestinations() {
    if (!Pick(Any) || IsSend(At().step)) return false;
    LooseStep& first = At();
    if (!PickOther(Any) || IsSend(At().step)) return false;
    if (first.step.dst == At().step.dst || first.step.dst.count != At().step.dst.count) return false;
    std::swap(first.step.dst, At().step.dst);
    return true;
  }

  bool DropDependency() {
    if (!Pick(Any) || At().dependencies.empty()) return false;
    auto& dependencies = At().dependencies;
    dependencies.erase(dependencies.begin() + static_cast<std::ptrdiff_t>(prng_.Below(dependencies.size())));
    return true;
  }

  bool AddDependency() {
    if (!Pick(Any) || step_ == 0) return false;
    At().dependencies.push_back(static_cast<uint32_t>(prng_.Below(step_)));
    return true;
  }

  bool SwapMessageNumbers() {
    if (!Pick(HasPeer)) return false;
    LooseStep& first = At();
    if (!PickOther(HasPeer) || At().step.message == first.step.message) return false;
    std::swap(first.step.message, At().step.message);
    return true;
  }

  // Two sends to one peer in the other order; the numbers stay in list order.
  bool SwapMessages() {
    if (!Pick(IsSend)) return false;
    LooseStep& first = At();
    if (!PickOther(IsSend) || At().step.peer != first.step.peer || At().sources == first.sources) return false;
    std::swap(first.sources, At().sources);
    return true;
  }

  bool FlipMessageFirst() {
    if (!Pick([](const Step& step) { return step.kind == StepKind::kRecvReduce; })) return false;
    At().step.message_first = !At().step.message_first;
    return true;
  }

  bool FlipCompletes() {
    if (!Pick(IsReduction)) return false;
    At().step.completes = !At().step.completes;
    return true;
  }

  // The sum takes in the same operand once more, right after the first time.
  bool DuplicateReduction() {
    if (!Pick(IsReduction)) return false;
    if (At().step.kind == StepKind::kReduce) {
      At().sources.push_back(At().sources[prng_.Below(At().sources.size())]);
      return true;
    }
    const LooseStep receive = At();
    const size_t receiver = rank_;
    const size_t place = step_;
    if (!GoToSendOf(receive.step, receiver)) return false;
    InsertAfter(step_, At());
    rank_ = receiver;
    LooseStep again = receive;
    again.sources = {receive.step.dst};
    again.dependencies.push_back(static_cast<uint32_t>(place));
    InsertAfter(place, again);
    Renumber();
    return true;
  }

  bool SwapOperands() {
    if (!Pick([](const Step& step) { return step.kind == StepKind::kReduce; })) return false;
    auto& sources = At().sources;
    Region& a = sources[prng_.Below(sources.size())];
    Region& b = sources[prng_.Below(sources.size())];
    if (a == b) return false;
    std::swap(a, b);
    return true;
  }

  bool DropOperand() {
    if (!Pick([](const Step& step) { return step.kind == StepKind::kReduce; })) return false;
    auto& sources = At().sources;
    if (sources.size() < 2) return false;
    sources.erase(sources.begin() + static_cast<std::ptrdiff_t>(prng_.Below(sources.size())));
    return true;
  }

  bool ForgetToReduce() {
    if (!Pick(IsReduction)) return false;
    LooseStep& chosen = At();
    if (chosen.step.kind == StepKind::kReduce) {
      chosen.sources.resize(1);
      chosen.step.kind = StepKind::kCopy;
    } else {
      chosen.sources.clear();
      chosen.step.kind = StepKind::kRecv;
    }
    chosen.step.message_first = chosen.step.completes = false;
    return true;
  }

  // Moves a step to just before its predecessor in the list, if it does not depend on it.
  bool MoveStepForward() {
    if (!Pick(Any) || step_ == 0) return false;
    LooseSchedule& rank = ranks_[rank_];
    const auto here = static_cast<uint32_t>(step_);
    const auto& dependencies = rank[here].dependencies;
    if (std::find(dependencies.begin(), dependencies.end(), here - 1) != dependencies.end()) return false;
    std::swap(rank[here], rank[here - 1]);
    for (LooseStep& later : rank) {
      for (uint32_t& dependency : later.dependencies) {
        if (dependency == here || dependency == here - 1) dependency = 2 * here - 1 - dependency;
      }
    }
    MaybeRenumber();
    return true;
  }

 private:
  LooseStep& At() { return ranks_[rank_][step_]; }

  template <typename Predicate>
  bool Pick(Predicate predicate) {
    for (int attempt = 0; attempt < 20; ++attempt) {
      rank_ = prng_.Below(ranks_.size());
      if (ranks_[rank_].empty()) continue;
      step_ = prng_.Below(ranks_[rank_].size());
      if (predicate(At().step)) return true;
    }
    return false;
  }

  // Another step of the same rank.
  template <typename Predicate>
  bool PickOther(Predicate predicate) {
    const size_t first = step_;
    for (int attempt = 0; attempt < 20; ++attempt) {
      step_ = prng_.Below(ranks_[rank_].size());
      if (step_ != first && predicate(At().step)) return true;
    }
    return false;
  }

  Region* PickRegion() {
    if (!Pick(Any)) return nullptr;
    LooseStep& chosen = At();
    const size_t num_regions = chosen.sources.size() + (IsSend(chosen.step) ? 0 : 1);
    if (num_regions == 0) return nullptr;
    const size_t index = prng_.Below(num_regions);
    return index < chosen.sources.size() ? &chosen.sources[index] : &chosen.step.dst;
  }

  bool GoToReceiveOf(const Step& send, size_t sender) {
    return GoTo(static_cast<size_t>(send.peer), IsRecv, static_cast<int32_t>(sender), send.message);
  }
  bool GoToSendOf(const Step& receive, size_t receiver) {
    return GoTo(static_cast<size_t>(receive.peer), IsSend, static_cast<int32_t>(receiver), receive.message);
  }

  template <typename Predicate>
  bool GoTo(size_t rank, Predicate predicate, int32_t peer, uint32_t message) {
    rank_ = rank;
    for (step_ = 0; step_ < ranks_[rank_].size(); ++step_) {
      const Step& step = At().step;
      if (predicate(step) && step.peer == peer && step.message == message) return true;
    }
    return false;
  }

  // Removes the chosen step; what depended on it depends on what it depended on.
  bool Drop() {
    LooseSchedule& rank = ranks_[rank_];
    const auto dropped = static_cast<uint32_t>(step_);
    const std::vector<uint32_t> inherited = At().dependencies;
    rank.erase(rank.begin() + static_cast<std::ptrdiff_t>(step_));
    for (LooseStep& later : rank) {
      auto& dependencies = later.dependencies;
      const auto end = std::remove(dependencies.begin(), dependencies.end(), dropped);
      const bool depended = end != dependencies.end();
      dependencies.erase(end, dependencies.end());
      for (uint32_t& dependency : dependencies) dependency -= dependency > dropped ? 1 : 0;
      if (depended) dependencies.insert(dependencies.end(), inherited.begin(), inherited.end());
    }
    return true;
  }

  // What depended on the step before depends on the new one too.
  void InsertAfter(size_t place, const LooseStep& added) {
    LooseSchedule& rank = ranks_[rank_];
    const auto before = static_cast<uint32_t>(place);
    for (LooseStep& later : rank) {
      bool depends = false;
      for (uint32_t& dependency : later.dependencies) {
        depends = depends || dependency == before;
        dependency += dependency > before ? 1 : 0;
      }
      if (depends) later.dependencies.push_back(before + 1);
    }
    rank.insert(rank.begin() + static_cast<std::ptrdiff_t>(place) + 1, added);
  }

  bool Shorten(bool from_front) {
    LooseStep& chosen = At();
    std::vector<Region*> regions;
    for (Region& source : chosen.sources) regions.push_back(&source);
    if (!IsSend(chosen.step)) regions.push_back(&chosen.step.dst);
    for (Region* region : regions) {
      if (region->count == 0) return false;
      --region->count;
      region->offset += from_front ? 1 : 0;
    }
    return true;
  }

  // Numbers all messages in list order, so that only a deeper check can object.
  void Renumber() {
    for (LooseSchedule& rank : ranks_) {
      std::map<std::pair<bool, int32_t>, uint32_t> next;
      for (LooseStep& step : rank) {
        if (HasPeer(step.step)) step.step.message = next[{IsSend(step.step), step.step.peer}]++;
      }
    }
  }
  void MaybeRenumber() {
    if (prng_.Chance(0.7)) Renumber();
  }

  Prng& prng_;
  std::vector<LooseSchedule> ranks_;
  std::vector<uint64_t> scratch_;
  // The step that is being changed.
  size_t rank_ = 0;
  size_t step_ = 0;
};

constexpr struct {
  const char* name;
  bool (Mutator::*apply)();
} kMutations[] = {
    {"drop step", &Mutator::DropStep},
    {"drop message", &Mutator::DropMessage},
    {"change peer", &Mutator::ChangePeer},
    {"swap peers", &Mutator::SwapPeers},
    {"shift region", &Mutator::ShiftRegion},
    {"change buffer", &Mutator::ChangeBuffer},
    {"change one count", &Mutator::ChangeOneCount},
    {"shorten consistently", &Mutator::ShortenConsistently},
    {"swap sources of two steps", &Mutator::SwapSourcesOfTwoSteps},
    {"swap destinations", &Mutator::SwapDestinations},
    {"drop dependency", &Mutator::DropDependency},
    {"add dependency", &Mutator::AddDependency},
    {"swap message numbers", &Mutator::SwapMessageNumbers},
    {"swap messages", &Mutator::SwapMessages},
    {"flip message_first", &Mutator::FlipMessageFirst},
    {"flip completes", &Mutator::FlipCompletes},
    {"duplicate reduction", &Mutator::DuplicateReduction},
    {"swap operands", &Mutator::SwapOperands},
    {"drop operand", &Mutator::DropOperand},
    {"forget to reduce", &Mutator::ForgetToReduce},
    {"move step forward", &Mutator::MoveStepForward},
};

}  // namespace

std::string Mutate(Prng& prng, std::vector<Schedule>& schedules) {
  const auto& mutation = kMutations[prng.Below(std::size(kMutations))];
  Mutator mutator(prng, schedules);
  if (!(mutator.*mutation.apply)()) return "";
  schedules = mutator.Result();
  return mutation.name;
}

std::vector<std::string> MutationNames() {
  std::vector<std::string> names;
  for (const auto& mutation : kMutations) names.push_back(mutation.name);
  return names;
}

}  // namespace tutti
