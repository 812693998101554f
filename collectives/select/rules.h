// SPDX-License-Identifier: Apache-2.0
// The table by which the library chooses: sizes and rank counts to algorithms and segment sizes. Plain data; the first
// rule that fits is taken. The figures are for TCP on one host or a few.
#ifndef TUTTI_COLLECTIVES_SELECT_RULES_H_
#define TUTTI_COLLECTIVES_SELECT_RULES_H_

#include <cstdint>
#include <limits>

#include "absl/types/span.h"

#include "collectives/schedule/shape.h"

namespace tutti {

inline constexpr int kAnyRanks = std::numeric_limits<int>::max();
inline constexpr uint64_t kAnyBytes = std::numeric_limits<uint64_t>::max();

struct SelectionRule {
  int max_ranks = kAnyRanks;
  uint64_t max_bytes = kAnyBytes;  // of TotalBytes
  const char* algorithm = nullptr;
  uint64_t segment_bytes = 0;  // 0: the algorithm's own default
};

// In order; the last one fits everything.
absl::Span<const SelectionRule> SelectionRules(Collective collective);

// The length of the collective's longest vector in bytes: all ranks' blocks together where there is one for each rank, the
// vector itself otherwise; 0 where the blocks differ and not every rank knows them. Saturates.
uint64_t TotalBytes(const Shape& shape);

// The first rule that fits the shape.
const SelectionRule& RuleFor(const Shape& shape);

// For reductions whose operation does not commute: only algorithms that keep rank order.
const SelectionRule& OrderedRuleFor(const Shape& shape);

// For ranks that outnumber the cores; nullptr where nothing is better for them than RuleFor.
const SelectionRule* CrowdedRuleFor(const Shape& shape);

// For ranks that all share memory, and outnumber the cores or not; nullptr where nothing is better for them than the others.
const SelectionRule* SharedRuleFor(const Shape& shape, bool crowded);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_SELECT_RULES_H_
