// SPDX-License-Identifier: Apache-2.0
#include "collectives/select/rules.h"

#include <algorithm>

#include "collectives/schedule/window_program.h"

namespace tutti {
namespace {

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kMiB = 1024 * kKiB;

// A message costs some 10 us on TCP whatever its length, and bytes some 1 ns each: below about 16 KiB rounds are what
// counts, above about 1 MiB bytes are.
constexpr uint64_t kTinyBytes = 4 * kKiB;        // the bytes of n - 1 copies are still lost in the messages' own cost
constexpr uint64_t kLatencyBytes = 16 * kKiB;    // log2 n times the bytes are still cheaper than twice the rounds
constexpr uint64_t kTreeBytes = 64 * kKiB;       // one message per edge; beyond, inner ranks must pass on pieces early
constexpr uint64_t kMiddleBytes = 1 * kMiB;      // least bytes in few rounds; beyond, pipelines fill
constexpr uint64_t kManyRanksBytes = 64 * kMiB;  // beyond, even 1 / n of the vector makes worthwhile ring messages

constexpr int kFewRanks = 4;      // two for each core where they were measured
constexpr int kOneShotRanks = 8;  // everyone sends to everyone: n (n - 1) messages
constexpr int kRingRanks = 16;    // n - 1 rounds one after the other

// A segment must be long against a message's own cost, and short against the chunk it is cut from.
constexpr uint64_t kSmallSegmentBytes = 64 * kKiB;
constexpr uint64_t kMiddleSegmentBytes = 256 * kKiB;
constexpr uint64_t kLargeSegmentBytes = 512 * kKiB;

constexpr const char* kUsual = nullptr;  // in rules for special cases: none better than the others

constexpr SelectionRule kAllReduce[] = {
    {2, kMiddleBytes / 2, "one_shot"},  // one round instead of two, for the same bytes
    {2, kManyRanksBytes, "circulant"},  // nobody to pass pieces on to
    {kOneShotRanks, kTinyBytes, "one_shot"},
    {kAnyRanks, kLatencyBytes, "recursive_doubling"},
    {kAnyRanks, kMiddleBytes, "circulant"},
    {kRingRanks, kManyRanksBytes, "ring", kMiddleSegmentBytes},
    {kAnyRanks, 4 * kMiddleBytes, "double_tree", kSmallSegmentBytes},
    {kAnyRanks, kManyRanksBytes, "double_tree", kMiddleSegmentBytes},
    {kAnyRanks, kAnyBytes, "ring", kLargeSegmentBytes},
};
// Between two ranks there is nobody to pass pieces on to.
constexpr SelectionRule kBroadcast[] = {
    {2, kAnyBytes, "binomial"},
    {kAnyRanks, kTreeBytes, "binomial"},
    {kAnyRanks, 4 * kMiddleBytes, "double_tree", kSmallSegmentBytes},
    {kAnyRanks, kAnyBytes, "double_tree", kMiddleSegmentBytes},
};
constexpr SelectionRule kReduce[] = {
    {2, kAnyBytes, "binomial"},
    {kAnyRanks, kTreeBytes, "binomial"},
    {kAnyRanks, 4 * kMiddleBytes, "double_tree", kSmallSegmentBytes},
    {kAnyRanks, kAnyBytes, "double_tree", kMiddleSegmentBytes},
};
constexpr SelectionRule kAllGather[] = {
    {2, kAnyBytes, "circulant"},
    {kAnyRanks, kMiddleBytes, "circulant"},
    {kRingRanks, kAnyBytes, "ring", kMiddleSegmentBytes},
    {kAnyRanks, kManyRanksBytes, "circulant"},
    {kAnyRanks, kAnyBytes, "ring", kLargeSegmentBytes},
};
constexpr SelectionRule kReduceScatter[] = {
    {2, kAnyBytes, "circulant"},
    {kOneShotRanks, kTreeBytes, "pairwise"},
    {kAnyRanks, kMiddleBytes, "circulant"},
    {kRingRanks, kAnyBytes, "ring", kMiddleSegmentBytes},
    {kAnyRanks, kManyRanksBytes, "circulant"},
    {kAnyRanks, kAnyBytes, "ring", kLargeSegmentBytes},
};
constexpr SelectionRule kAllToAll[] = {
    {kRingRanks, kAnyBytes, "spread"},
    {kAnyRanks, kTinyBytes, "bruck"},  // blocks of some bytes
    {kAnyRanks, kAnyBytes, "spread"},
};
constexpr SelectionRule kGather[] = {
    {kAnyRanks, kTreeBytes, "binomial"},
    {kAnyRanks, kAnyBytes, "linear"},
};
constexpr SelectionRule kScatter[] = {
    {kAnyRanks, kTreeBytes, "binomial"},
    {kAnyRanks, kAnyBytes, "linear"},
};
constexpr SelectionRule kBarrier[] = {
    {kAnyRanks, kAnyBytes, "dissemination"},
};

// Ranks on several hosts, some of which have several of them: between hosts each byte once. What is above hosts (racks) is the
// algorithms' own business, slice by slice.
constexpr SelectionRule kGroupedAllReduce[] = {{kAnyRanks, kAnyBytes, "hierarchical"}};
constexpr SelectionRule kGroupedBlocks[] = {
    {kAnyRanks, kTreeBytes, kUsual},
    {kAnyRanks, kAnyBytes, "hierarchical"},
};

// One rank on each host, hosts in racks of about the same size: predicted with racks whose links carry all or a fourth of what
// their hosts send (the README of each folder in collectives/algorithms).
constexpr SelectionRule kRackedAllReduce[] = {
    {kAnyRanks, kLatencyBytes, kUsual},
    {kAnyRanks, kMiddleBytes, "hierarchical", kMiddleSegmentBytes},
    {kAnyRanks, kManyRanksBytes, "hierarchical", kLargeSegmentBytes},
};
constexpr int kRackedRanks = 64;  // beyond, a message for each block costs more than some bytes
constexpr SelectionRule kRackedBlocks[] = {
    {kAnyRanks, kMiddleBytes / 4, kUsual}, {kRackedRanks, kMiddleBytes, "hierarchical"},
    {kRingRanks, kAnyBytes, kUsual},       {kRackedRanks, kManyRanksBytes, "hierarchical"},
    {kAnyRanks, 4 * kMiddleBytes, kUsual}, {kAnyRanks, kManyRanksBytes, "hierarchical"},
};

absl::Span<const SelectionRule> GroupedRules(const Shape& shape) {
  using Rules = absl::Span<const SelectionRule>;
  const bool by_racks = shape.groups.empty();
  if (by_racks && !shape.wider_is_even) return {};
  switch (shape.collective) {
    case Collective::kAllReduce:
      return by_racks ? Rules(kRackedAllReduce) : Rules(kGroupedAllReduce);
    case Collective::kAllGather:
    case Collective::kReduceScatter:
      return by_racks ? Rules(kRackedBlocks) : Rules(kGroupedBlocks);
    default:
      return {};
  }
}

// Where ranks outnumber cores, rounds do not run beside each other, and each message costs somebody a wake-up: few messages
// win, and no way of overlapping them helps. Measured with 4 and 8 ranks on 2 cores (bench/choice).
constexpr SelectionRule kCrowdedAllReduce[] = {
    {kAnyRanks, kLatencyBytes, "hierarchical"}, {kAnyRanks, kTreeBytes, "double_tree"},
    {kFewRanks, kMiddleBytes, "bine"},          {kAnyRanks, kMiddleBytes, "double_tree"},
    {kAnyRanks, kManyRanksBytes, "circulant"},
};
constexpr SelectionRule kCrowdedBroadcast[] = {
    {kAnyRanks, kLatencyBytes, "knomial4"},
    {kAnyRanks, kMiddleBytes, "binomial"},
};
constexpr SelectionRule kCrowdedReduce[] = {
    {kFewRanks, kTreeBytes, "binomial"},
    {kAnyRanks, kTreeBytes, "knomial4"},
    {kAnyRanks, kMiddleBytes, "ordered_binomial"},
};
constexpr SelectionRule kCrowdedAllGather[] = {
    {kAnyRanks, kMiddleBytes, "bine"},
    {kRingRanks, kManyRanksBytes, "spread"},
    {kAnyRanks, kManyRanksBytes, "circulant"},
};
constexpr SelectionRule kCrowdedReduceScatter[] = {
    {kFewRanks, kLatencyBytes, "pat"},
    {kAnyRanks, kMiddleBytes, "bine"},
    {kFewRanks, kManyRanksBytes, "pairwise"},
    {kRingRanks, kManyRanksBytes, "hierarchical"},  // within a host: pairwise, but reduced as it comes
};
constexpr SelectionRule kCrowdedAllToAll[] = {{kAnyRanks, kTreeBytes, "bruck"}};
constexpr SelectionRule kCrowdedGather[] = {
    {kFewRanks, kAnyBytes, "knomial4"},
    {kRingRanks, kAnyBytes, "linear"},
};
constexpr SelectionRule kCrowdedScatter[] = {
    {kRingRanks, kTreeBytes, "knomial4"},
    {kFewRanks, kManyRanksBytes, "knomial4"},
    {kRingRanks, kManyRanksBytes, "linear"},
};
constexpr SelectionRule kCrowdedBarrier[] = {{kAnyRanks, kAnyBytes, "tree"}};

absl::Span<const SelectionRule> CrowdedRules(Collective collective) {
  switch (collective) {
    case Collective::kAllReduce:
      return kCrowdedAllReduce;
    case Collective::kBroadcast:
      return kCrowdedBroadcast;
    case Collective::kReduce:
      return kCrowdedReduce;
    case Collective::kAllGather:
      return kCrowdedAllGather;
    case Collective::kReduceScatter:
      return kCrowdedReduceScatter;
    case Collective::kAllToAll:
      return kCrowdedAllToAll;
    case Collective::kBarrier:
      return kCrowdedBarrier;
    case Collective::kGather:
      return kCrowdedGather;
    case Collective::kScatter:
      return kCrowdedScatter;
  }
  return {};
}

// Blocks of different lengths. In a ring, a long one leaves its rank only once.
constexpr SelectionRule kUnevenAllGather[] = {
    {kOneShotRanks, kTreeBytes, "spread"},
    {kAnyRanks, kMiddleBytes, "ring"},
    {kAnyRanks, kAnyBytes, "ring", kMiddleSegmentBytes},
};
constexpr SelectionRule kUnevenReduceScatter[] = {{kAnyRanks, kAnyBytes, "pairwise"}};
constexpr SelectionRule kUnevenAllToAll[] = {{kAnyRanks, kAnyBytes, "spread"}};
constexpr SelectionRule kUnevenRooted[] = {{kAnyRanks, kAnyBytes, "linear"}};

// Operations that do not commute.
constexpr SelectionRule kOrderedAllReduce[] = {
    {kOneShotRanks, kTinyBytes, "one_shot"}, {kAnyRanks, kLatencyBytes, "recursive_doubling"},
    {kRingRanks, kAnyBytes, "direct"},       {kAnyRanks, kMiddleBytes, "recursive_doubling"},
    {kAnyRanks, kAnyBytes, "direct"},
};
constexpr SelectionRule kOrderedReduce[] = {{kAnyRanks, kAnyBytes, "ordered_binomial"}};
constexpr SelectionRule kOrderedReduceScatter[] = {{kAnyRanks, kAnyBytes, "pairwise"}};

absl::Span<const SelectionRule> OrderedRules(Collective collective) {
  if (collective == Collective::kReduce) return kOrderedReduce;
  return collective == Collective::kReduceScatter ? absl::Span<const SelectionRule>(kOrderedReduceScatter)
                                                  : kOrderedAllReduce;
}

absl::Span<const SelectionRule> UnevenRules(Collective collective) {
  switch (collective) {
    case Collective::kAllGather:
      return kUnevenAllGather;
    case Collective::kReduceScatter:
      return kUnevenReduceScatter;
    case Collective::kAllToAll:
      return kUnevenAllToAll;
    default:
      return kUnevenRooted;
  }
}

// In shared memory, bytes are copied by the ranks themselves, twice through windows; but windows stay in the caches, and nobody
// waits for an answer. Measured with 2, 4 and 8 ranks on 2 cores, 64 B to 64 MiB.
constexpr SelectionRule kSharedAllReduce[] = {
    {2, kMaxWindowVectorBytes, "shared_one_shot"},
    {kAnyRanks, 8 * kKiB, "shared_one_shot"},
    {kAnyRanks, kMaxWindowVectorBytes, "shared_slices"},
};
constexpr SelectionRule kSharedWhatFits[] = {{kAnyRanks, kMaxWindowVectorBytes, "shared"}};
constexpr SelectionRule kSharedReduceScatter[] = {
    {2, 4 * kMiddleBytes, "shared"},
    {2, kAnyBytes, "pairwise"},  // read where it lies, and each byte by one rank only
    {kAnyRanks, kMaxWindowVectorBytes, "shared"},
};
// One message to or from each rank is as little as there can be: windows win by the caches they stay in.
constexpr SelectionRule kSharedGather[] = {
    {kAnyRanks, kTreeBytes, kUsual},
    {kAnyRanks, kMaxWindowVectorBytes, "shared"},
};
constexpr SelectionRule kSharedScatter[] = {
    {kFewRanks, kTreeBytes, kUsual},
    {kAnyRanks, kMiddleBytes, "shared"},
};

absl::Span<const SelectionRule> SharedRules(Collective collective) {
  switch (collective) {
    case Collective::kAllReduce:
      return kSharedAllReduce;
    case Collective::kReduceScatter:
      return kSharedReduceScatter;
    case Collective::kGather:
      return kSharedGather;
    case Collective::kScatter:
      return kSharedScatter;
    case Collective::kAllGather:
    case Collective::kAllToAll:
    case Collective::kBroadcast:
    case Collective::kReduce:
    case Collective::kBarrier:
      break;
  }
  return kSharedWhatFits;
}

const SelectionRule* FirstThatFits(absl::Span<const SelectionRule> rules, const Shape& shape) {
  const uint64_t bytes = TotalBytes(shape);
  const auto fits = [&](const SelectionRule& rule) {
    return shape.num_ranks <= rule.max_ranks && bytes <= rule.max_bytes;
  };
  const auto rule = std::find_if(rules.begin(), rules.end(), fits);
  return rule == rules.end() || rule->algorithm == kUsual ? nullptr : &*rule;
}

}  // namespace

absl::Span<const SelectionRule> SelectionRules(Collective collective) {
  switch (collective) {
    case Collective::kAllReduce:
      return kAllReduce;
    case Collective::kBroadcast:
      return kBroadcast;
    case Collective::kReduce:
      return kReduce;
    case Collective::kAllGather:
      return kAllGather;
    case Collective::kReduceScatter:
      return kReduceScatter;
    case Collective::kBarrier:
      return kBarrier;
    case Collective::kAllToAll:
      return kAllToAll;
    case Collective::kGather:
      return kGather;
    case Collective::kScatter:
      return kScatter;
  }
  return kBarrier;
}

uint64_t TotalBytes(const Shape& shape) {
  const bool one_of_many_blocks = HasBlockPerRank(shape.collective) && !shape.uneven();
  const uint64_t factor =
      uint64_t{shape.element_bytes} * (one_of_many_blocks ? static_cast<uint64_t>(shape.num_ranks) : 1);
  return shape.count > kAnyBytes / factor ? kAnyBytes : shape.count * factor;
}

const SelectionRule& RuleFor(const Shape& shape) {
  const bool grouped = !shape.uneven() && (!shape.groups.empty() || !shape.wider.empty());
  const SelectionRule* rule = grouped ? FirstThatFits(GroupedRules(shape), shape) : nullptr;
  if (rule != nullptr) return *rule;
  const absl::Span<const SelectionRule> rules =
      shape.uneven() ? UnevenRules(shape.collective) : SelectionRules(shape.collective);
  rule = FirstThatFits(rules, shape);
  return rule != nullptr ? *rule : rules.back();
}

const SelectionRule& OrderedRuleFor(const Shape& shape) {
  const absl::Span<const SelectionRule> rules = OrderedRules(shape.collective);
  const SelectionRule* rule = FirstThatFits(rules, shape);
  return rule != nullptr ? *rule : rules.back();
}

const SelectionRule* CrowdedRuleFor(const Shape& shape) {
  // Several hosts have a rule of their own.
  return shape.uneven() || !shape.groups.empty() ? nullptr : FirstThatFits(CrowdedRules(shape.collective), shape);
}

const SelectionRule* SharedRuleFor(const Shape& shape, bool crowded) {
  // Ranks that take turns on a core get on best if one may be far ahead of the others: a window holds 32 publishes, a ring more.
  if (crowded && HasRoot(shape.collective) && TotalBytes(shape) <= kTinyBytes) return nullptr;
  return shape.uneven() ? nullptr : FirstThatFits(SharedRules(shape.collective), shape);
}

}  // namespace tutti
