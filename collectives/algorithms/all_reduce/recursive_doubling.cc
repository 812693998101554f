// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/recursive_doubling.h"

#include <cstdint>
#include <utility>

#include "collectives/algorithms/pieces.h"
#include "collectives/patterns/recursive_doubling.h"

namespace tutti::all_reduce {
namespace {

constexpr uint64_t kRecursiveDoublingSegmentBytes = 1024 * 1024;

}  // namespace

Schedule BuildRecursiveDoubling(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const RecursiveDoubling pattern(shape.num_ranks, rank);
  const uint64_t steps_per_segment = 2 * static_cast<uint64_t>(pattern.num_rounds()) + 2;
  const uint64_t num_segments = NumSegmentsFor(shape, shape.count, kRecursiveDoublingSegmentBytes, steps_per_segment);
  const auto segment = [&](const Region& whole, uint64_t s) {
    return PieceOf(whole, PartOf({0, whole.count}, num_segments, s));
  };
  const Region input = Input(0, shape.count);
  const Region output = Output(0, shape.count);

  if (pattern.fold() == RecursiveDoubling::Fold::kGives) {
    for (uint64_t s = 0; s < num_segments; ++s) {
      SendPiece(builder, pattern.fold_partner(), segment(input, s));
      RecvPiece(builder, pattern.fold_partner(), segment(output, s));
    }
    return std::move(builder).Build();
  }

  const bool takes = pattern.fold() == RecursiveDoubling::Fold::kTakes;
  const int num_reductions = pattern.num_rounds() + (takes ? 1 : 0);
  // Sums alternate between output and scratch, the last one in the output: what a rank sends may not be overwritten
  // before its partner has taken it, and the partner may be waiting for the same. In place this would have to begin by
  // writing over the input if the number of exchanges is odd; then it begins in scratch, ends there, and is copied.
  const bool ends_in_scratch = shape.in_place && !takes && num_reductions % 2 != 0;
  const Region scratch = num_reductions > 1 || ends_in_scratch ? builder.Scratch(shape.count) : Region{};
  Region current = input;
  int reductions = 0;
  const auto reduce_from = [&](int partner, ScheduleBuilder::Order order, bool also_send) {
    const bool last = ++reductions == num_reductions;
    const bool to_output = (num_reductions - reductions) % 2 == (ends_in_scratch ? 1 : 0);
    const Region dst = to_output ? output : scratch;
    for (uint64_t s = 0; s < num_segments; ++s) {
      if (also_send) SendPiece(builder, partner, segment(current, s));
      RecvReducePiece(builder, partner, segment(dst, s), segment(current, s), order, CompletesIf(last));
      if (last && ends_in_scratch) builder.Copy(segment(output, s), segment(dst, s));
    }
    current = dst;
  };
  // The sum over lower ranks is the first operand on both sides, for equal bits.
  if (takes) reduce_from(pattern.fold_partner(), ScheduleBuilder::Order::kMessageLast, /*also_send=*/false);
  for (int round = 0; round < pattern.num_rounds(); ++round) {
    const auto order =
        pattern.IsLowerSide(round) ? ScheduleBuilder::Order::kMessageLast : ScheduleBuilder::Order::kMessageFirst;
    reduce_from(pattern.Partner(round), order, /*also_send=*/true);
  }
  if (takes) {
    for (uint64_t s = 0; s < num_segments; ++s) SendPiece(builder, pattern.fold_partner(), segment(output, s));
  }
  return std::move(builder).Build();
}

}  // namespace tutti::all_reduce
