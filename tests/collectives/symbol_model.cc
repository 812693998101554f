// SPDX-License-Identifier: Apache-2.0
#include "symbol_model.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "collectives/check/interleaving.h"
#include "collectives/check/interpreter.h"

namespace tutti {
namespace {

uint64_t Mix(uint64_t a, uint64_t b) {
  uint64_t state = a * 0x9e3779b97f4a7c15u + b;
  return SplitMix64(state);
}

// Two views of one value. `sum` does not depend on the order of operands, so the right result is known; a contribution
// that is missing, doubled or of another element changes it. `tree` is a hash of the expression: equal bits on all
// ranks.
struct Symbol {
  uint64_t sum = 0;
  uint64_t tree = 0;
  friend bool operator==(const Symbol&, const Symbol&) = default;
};

struct SymbolArithmetic {
  using Element = Symbol;

  Symbol Combine(const Symbol& left, const Symbol& right) const {
    return {left.sum + right.sum, Mix(Mix(left.tree, 1), right.tree)};
  }
  Symbol CombineMany(absl::Span<const Symbol> operands) const {
    Symbol result{0, 2};
    for (const Symbol& operand : operands) result = {result.sum + operand.sum, Mix(Mix(result.tree, 3), operand.tree)};
    return result;
  }
  // Neither linear nor its own inverse: finishing twice, too early, or adding afterwards all show.
  Symbol Finish(const Symbol& value) const { return {Mix(value.sum, 4), Mix(value.tree, 5)}; }
  Symbol Garbage(Prng& prng) const { return {prng.Next(), prng.Next()}; }
};

Symbol Contribution(int rank, uint64_t element) {
  const uint64_t value = Mix(Mix(static_cast<uint64_t>(rank), 6), element);
  return {value, Mix(value, 7)};
}

class Judgement {
 public:
  explicit Judgement(const Shape& shape) : shape_(shape) {
    for (int rank = 0; rank < shape.num_ranks; ++rank) {
      std::vector<Symbol>& input = inputs_.emplace_back();
      for (uint64_t i = 0; i < InputElements(shape, rank); ++i) input.push_back(Contribution(rank, i));
    }
  }

  absl::Status Run(absl::Span<const Schedule> schedules, const InterleavingOptions& options) const {
    const auto result = Interpreter<SymbolArithmetic>::Run(shape_, schedules, inputs_, SymbolArithmetic{}, options);
    if (!result.ok()) return result.status();
    for (int rank = 0; rank < shape_.num_ranks; ++rank) {
      const auto& output = result->outputs[static_cast<size_t>(rank)];
      for (uint64_t i = 0; i < output.size(); ++i) {
        if (absl::Status s = CheckOutput(rank, i, output[i]); !s.ok()) return s;
        if (shape_.collective == Collective::kAllReduce && output[i].tree != result->outputs[0][i].tree) {
          return Wrong(rank, i, "is another expression than on rank 0");
        }
      }
      if (absl::Status s = CheckInput(rank, result->inputs[static_cast<size_t>(rank)]); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status CheckOutput(int rank, uint64_t index, const Symbol& value) const {
    switch (shape_.collective) {
      case Collective::kAllReduce:
      case Collective::kReduce:
        return CheckSum(rank, index, index, value);
      case Collective::kReduceScatter:
        return CheckSum(rank, index, InputOffsetOf(rank, rank) + index, value);
      case Collective::kBroadcast:
        if (value == Contribution(shape_.root, index)) return absl::OkStatus();
        return Wrong(rank, index, "is not the root's");
      case Collective::kScatter:
        if (value == Contribution(shape_.root, InputOffsetOf(shape_.root, rank) + index)) return absl::OkStatus();
        return Wrong(rank, index, "is not what the root has for this rank");
      case Collective::kGather:
      case Collective::kAllGather:
      case Collective::kAllToAll: {
        const auto [owner, place] = OwnerOf(rank, index);
        if (owner < 0) return absl::OkStatus();  // between blocks
        const uint64_t first = shape_.collective == Collective::kAllToAll ? InputOffsetOf(owner, rank) : 0;
        if (value == Contribution(owner, first + place)) return absl::OkStatus();
        return Wrong(rank, index, "is not its owner's");
      }
      case Collective::kBarrier:
        return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  // Where in a rank's input the block for `target` begins.
  uint64_t InputOffsetOf(int rank, int target) const {
    const auto at = static_cast<size_t>(target);
    return shape_.uneven() ? shape_.blocks[static_cast<size_t>(rank)].input.offsets[at] : shape_.count * at;
  }

  // Whose block an output element belongs to, and its place in the block; -1 if it is between blocks.
  std::pair<int, uint64_t> OwnerOf(int rank, uint64_t index) const {
    if (!shape_.uneven()) return {static_cast<int>(index / shape_.count), index % shape_.count};
    const BlockList& list = shape_.blocks[static_cast<size_t>(rank)].output;
    for (size_t r = 0; r < list.counts.size(); ++r) {
      if (index >= list.offsets[r] && index - list.offsets[r] < list.counts[r]) {
        return {static_cast<int>(r), index - list.offsets[r]};
      }
    }
    return {-1, 0};
  }

  absl::Status CheckSum(int rank, uint64_t index, uint64_t element, const Symbol& value) const {
    uint64_t sum = 0;
    for (int source = 0; source < shape_.num_ranks; ++source) sum += Contribution(source, element).sum;
    if (value.sum == SymbolArithmetic{}.Finish({sum, 0}).sum) return absl::OkStatus();
    if (shape_.num_ranks == 1 && value.sum == sum) return absl::OkStatus();
    return Wrong(rank, index, "is not the finished sum");
  }

  absl::Status CheckInput(int rank, const std::vector<Symbol>& input) const {
    const uint64_t output = OutputElements(shape_, rank);
    for (uint64_t i = 0; i < input.size(); ++i) {
      if (shape_.in_place && output > 0) {
        const int64_t place = static_cast<int64_t>(i) + InputOffsetInOutput(shape_, rank);
        if (place >= 0 && place < static_cast<int64_t>(output)) continue;
      }
      if (input[i] != Contribution(rank, i))
        return absl::UnknownError(absl::StrCat("rank ", rank, "'s input has changed"));
    }
    return absl::OkStatus();
  }

  static absl::Status Wrong(int rank, uint64_t index, const char* what) {
    return absl::UnknownError(absl::StrCat("rank ", rank, "'s output element ", index, " ", what));
  }

  const Shape shape_;
  std::vector<std::vector<Symbol>> inputs_;
};

// Notes whether a rank left before another one entered.
class BarrierWatch : public InterleavingActions {
 public:
  BarrierWatch(absl::Span<const Schedule> schedules, int late_rank) : late_rank_(late_rank) {
    for (const Schedule& schedule : schedules) steps_left_.push_back(schedule.steps.size());
    for (size_t left : steps_left_) left_early_ = left_early_ || (left == 0 && steps_left_.size() > 1);
  }

  void OnBegin(int rank, uint32_t) override { late_has_entered_ = late_has_entered_ || rank == late_rank_; }
  void OnSent(int, uint32_t) override {}
  void OnEnd(int rank, uint32_t, int, uint32_t) override {
    if (--steps_left_[static_cast<size_t>(rank)] == 0 && !late_has_entered_) left_early_ = true;
  }

  bool left_early() const { return left_early_; }

 private:
  const int late_rank_;
  std::vector<size_t> steps_left_;
  bool late_has_entered_ = false;
  bool left_early_ = false;
};

// With buffered sends and one rank held back, everyone else goes as far as they can without it.
absl::Status JudgeBarrier(const Shape& shape, absl::Span<const Schedule> schedules, uint64_t seed) {
  for (int late = 0; late < shape.num_ranks; ++late) {
    BarrierWatch watch(schedules, late);
    const InterleavingOptions options = {.seed = seed, .sends = SendMode::kBuffered, .late_rank = late};
    if (absl::Status s = RunInterleaved(schedules, options, watch); !s.ok()) return s;
    if (watch.left_early()) return absl::UnknownError(absl::StrCat("a rank left before rank ", late, " entered"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Judge(const Shape& shape, absl::Span<const Schedule> schedules, const JudgeOptions& options) {
  const Judgement judgement(shape);
  for (int i = 0; i < options.interleavings; ++i) {
    InterleavingOptions interleaving;
    interleaving.seed = options.first_seed + static_cast<uint64_t>(i);
    // The first run decides whether it can halt at all; the others are free.
    interleaving.sends = i == 0 ? SendMode::kSynchronous : SendMode::kEither;
    interleaving.late_rank = i % 3 == 1 ? i / 3 % shape.num_ranks : -1;
    interleaving.max_outstanding_receives_per_peer = options.max_outstanding_receives_per_peer;
    if (absl::Status s = judgement.Run(schedules, interleaving); !s.ok()) return s;
  }
  return shape.collective == Collective::kBarrier ? JudgeBarrier(shape, schedules, options.first_seed)
                                                  : absl::OkStatus();
}

}  // namespace tutti
