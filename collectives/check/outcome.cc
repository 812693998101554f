// SPDX-License-Identifier: Apache-2.0
#include "collectives/check/outcome.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "collectives/check/rule.h"

namespace tutti::check {
namespace {

constexpr int kMostQuantised = 2;

class OutcomeCheck {
 public:
  OutcomeCheck(const Program& program, const Values& values, const VerifyOptions& options)
      : program_(program), values_(values), options_(options) {}

  absl::Status Run() const {
    const Shape& shape = program_.shape();
    for (int rank = 0; rank < shape.num_ranks; ++rank) {
      if (absl::Status s = CheckRank(rank); !s.ok()) return s;
      if (shape.collective != Collective::kAllReduce) continue;
      if (absl::Status s = CheckEqualBits(rank); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status CheckRank(int rank) const {
    const Shape& shape = program_.shape();
    const AddressRange output = program_.memory(rank).output();
    switch (shape.collective) {
      case Collective::kAllReduce:
      case Collective::kReduce:  // off the root the output is empty
        return CheckReduced(rank, output, 0);
      case Collective::kReduceScatter:
        return CheckReduced(rank, output, InputOffsetOf(rank, rank));
      case Collective::kBroadcast:
        return CheckCopied(rank, output, shape.root, 0);
      case Collective::kAllGather:
      case Collective::kAllToAll:
        return CheckBlocks(rank, output);
      case Collective::kGather:  // off the root the output is empty
        return rank == shape.root ? CheckBlocks(rank, output) : absl::OkStatus();
      case Collective::kScatter:
        return CheckCopied(rank, output, shape.root, InputOffsetOf(shape.root, rank));
      case Collective::kBarrier:
        return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  // The range holds the finished reduction of elements first_element, first_element + 1, ...
  absl::Status CheckReduced(int rank, const AddressRange& range, uint64_t first_element) const {
    const ExpressionTable& expressions = values_.expressions();
    return CheckRange(rank, range, first_element, [&](const AddressRange& part, ExpressionId id) {
      const int missing = expressions.MissingContributor(id);
      if (missing >= 0) {
        return Wrong(Rule::kResult, rank, part, "lacks rank ", missing, "'s contribution: ", expressions.ToString(id));
      }
      if (expressions.TimesQuantised(id) > kMostQuantised) {
        return Wrong(Rule::kQuantised, rank, part, "was encoded ", expressions.TimesQuantised(id), " times, ",
                     kMostQuantised, " are allowed: ", expressions.ToString(id));
      }
      if (options_.in_rank_order && !expressions.IsInRankOrder(id)) {
        return Wrong(Rule::kRankOrder, rank, part,
                     "takes the ranks' contributions out of their order: ", expressions.ToString(id));
      }
      // One rank's own contribution is the result, and dividing it by one would change nothing.
      if (!expressions.IsFinished(id) && program_.num_ranks() > 1) {
        return Wrong(Rule::kCompletes, rank, part, "holds every contribution, but no step was said to complete it");
      }
      return absl::OkStatus();
    });
  }

  // Where in the rank's input the block for `target` begins.
  uint64_t InputOffsetOf(int rank, int target) const {
    const Shape& shape = program_.shape();
    const auto at = static_cast<size_t>(target);
    return shape.uneven() ? shape.blocks[static_cast<size_t>(rank)].input.offsets[at] : shape.count * at;
  }

  // Every block of the output holds what its rank contributes, and between them nothing was written.
  absl::Status CheckBlocks(int rank, const AddressRange& output) const {
    const Shape& shape = program_.shape();
    std::vector<AddressRange> blocks;
    for (int source = 0; source < program_.num_ranks(); ++source) {
      const auto at = static_cast<size_t>(source);
      AddressRange block{output.begin + shape.count * at, output.begin + shape.count * (at + 1)};
      if (shape.uneven()) {
        const BlockList& list = shape.blocks[static_cast<size_t>(rank)].output;
        block.begin = output.begin + list.offsets[at];
        block.end = block.begin + list.counts[at];
      }
      const uint64_t first_element = shape.collective == Collective::kAllToAll ? InputOffsetOf(source, rank) : 0;
      if (absl::Status s = CheckCopied(rank, block, source, first_element); !s.ok()) return s;
      blocks.push_back(block);
    }
    std::sort(blocks.begin(), blocks.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
    uint64_t gap_begin = output.begin;
    for (const AddressRange& block : blocks) {
      if (absl::Status s = CheckUntouched(rank, {gap_begin, block.begin}); !s.ok()) return s;
      gap_begin = std::max(gap_begin, block.end);
    }
    return absl::OkStatus();
  }

  absl::Status CheckUntouched(int rank, const AddressRange& range) const {
    absl::Status status;
    if (range.begin >= range.end) return status;
    values_.memory(rank).Visit(range, [&](const AddressRange& part, const Value& value) {
      if (value.expression != Value::kUnwritten) {
        status = Wrong(Rule::kResult, rank, part, "lies between blocks, but was written");
      }
      return status.ok();
    });
    return status;
  }

  // The range holds what rank `source` contributes, from element first_element on.
  absl::Status CheckCopied(int rank, const AddressRange& range, int source, uint64_t first_element) const {
    return CheckRange(rank, range, first_element, [&](const AddressRange& part, ExpressionId id) {
      if (id == values_.expressions().Leaf(source)) return absl::OkStatus();
      return Wrong(Rule::kResult, rank, part, "holds ", values_.expressions().ToString(id), ", expected r", source);
    });
  }

  template <typename Check>
  absl::Status CheckRange(int rank, const AddressRange& range, uint64_t first_element, Check check) const {
    absl::Status status;
    values_.memory(rank).Visit(range, [&](const AddressRange& part, const Value& value) {
      const uint64_t expected = first_element + (part.begin - range.begin);
      const uint64_t element = part.begin + value.shift;
      if (value.expression == Value::kUnwritten) {
        status = Wrong(Rule::kResult, rank, part, "is never written");
      } else if (element != expected) {
        status = Wrong(Rule::kResult, rank, part, "begins with element ", element, " of the contributions, expected ",
                       expected);
      } else {
        status = check(part, value.expression);
      }
      return status.ok();
    });
    return status;
  }

  // The rank's output holds the expressions that rank 0's does.
  absl::Status CheckEqualBits(int rank) const {
    const AddressRange first = program_.memory(0).output();
    const AddressRange output = program_.memory(rank).output();
    absl::Status status;
    values_.memory(0).Visit(first, [&](const AddressRange& part, const Value& expected) {
      const uint64_t begin = output.begin + (part.begin - first.begin);
      values_.memory(rank).Visit({begin, begin + part.size()}, [&](const AddressRange& own, const Value& value) {
        if (value.expression == expected.expression) return true;
        status = Wrong(Rule::kEqualBits, rank, own, "is ", values_.expressions().ToString(value.expression),
                       ", but on rank 0 it is ", values_.expressions().ToString(expected.expression));
        return false;
      });
      return status.ok();
    });
    return status;
  }

  template <typename... Parts>
  absl::Status Wrong(Rule rule, int rank, const AddressRange& part, const Parts&... parts) const {
    return Violation(rule, "at the end rank ", rank, "'s ", program_.memory(rank).Describe(part), " ", parts...);
  }

  const Program& program_;
  const Values& values_;
  const VerifyOptions& options_;
};

}  // namespace

absl::Status CheckOutcome(const Program& program, const Values& values, const VerifyOptions& options) {
  return OutcomeCheck(program, values, options).Run();
}

}  // namespace tutti::check
