// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce_scatter/pat.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/bundles.h"
#include "collectives/algorithms/pieces.h"
#include "collectives/patterns/aggregated_trees.h"

namespace tutti::reduce_scatter {
namespace {

constexpr uint64_t kDefaultMessageBytes = 256 * 1024;

// What a rank has of each bundle: its partial sums, or nothing yet but its input.
class PartialSums {
 public:
  PartialSums(ScheduleBuilder& builder, const AggregatedTrees& trees, int rank, const std::vector<Region>& blocks)
      : builder_(builder),
        blocks_(blocks),
        bundles_(builder, trees, rank, blocks),
        begun_(static_cast<size_t>(trees.num_bundles())),
        together_(trees.longest_bundle() > 1) {}

  // To be sent, or reduced with what comes.
  std::vector<BundledChunk> Of(int bundle) {
    std::vector<BundledChunk> chunks = bundles_.ChunksOf(bundle);
    if (begun_[static_cast<size_t>(bundle)]) return chunks;
    for (BundledChunk& chunk : chunks) {
      const Region& input = blocks_[static_cast<size_t>(chunk.owner)];
      if (!together_) chunk.region = input;
      if (together_) builder_.Copy(chunk.region, input);
    }
    begun_[static_cast<size_t>(bundle)] = together_;
    return chunks;
  }

  // Where the sums go.
  std::vector<BundledChunk> Into(int bundle) {
    begun_[static_cast<size_t>(bundle)] = true;
    return bundles_.ChunksOf(bundle);
  }

 private:
  ScheduleBuilder& builder_;
  const std::vector<Region>& blocks_;
  const Bundles bundles_;
  std::vector<bool> begun_;
  const bool together_;
};

}  // namespace

Schedule BuildPat(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  const Region own = OutputBlock(shape, rank, rank);
  std::vector<Region> blocks;
  for (int r = 0; r < n; ++r) blocks.push_back(InputBlock(shape, rank, r));
  if (n == 1) {
    if (!shape.in_place) builder.Copy(own, blocks[0]);
    return std::move(builder).Build();
  }
  const AggregatedTrees trees(n, ChunksPerMessage(shape, blocks, kDefaultMessageBytes));
  // Bundles are never cut: they are within the limit.
  const uint64_t num_segments = trees.longest_bundle() > 1
                                    ? 1
                                    : NumSegmentsFor(shape, LongestOf(blocks), kDefaultMessageBytes,
                                                     /*steps_per_segment=*/2 * static_cast<uint64_t>(n - 1));
  PartialSums sums(builder, trees, rank, blocks);
  for (auto round = trees.rounds().rbegin(); round != trees.rounds().rend(); ++round) {
    const bool last = round + 1 == trees.rounds().rend();
    const std::vector<BundledChunk> sent = sums.Of(round->to);
    const std::vector<BundledChunk> source = sums.Of(round->from);
    const std::vector<BundledChunk> target = sums.Into(round->from);
    for (const AggregatedTrees::Run& run : round->runs) {
      const Region from = Together(sent, run.to_place, run.num);
      const Region with = Together(source, run.from_place, run.num);
      // The last one is the rank's own chunk.
      const Region dst = last ? own : Together(target, run.from_place, run.num);
      for (uint64_t s = 0; s < num_segments; ++s) {
        SendPiece(builder, (rank + n - round->skip) % n, PieceOf(from, PartOf({0, from.count}, num_segments, s)));
        RecvReducePiece(builder, (rank + round->skip) % n, PieceOf(dst, PartOf({0, dst.count}, num_segments, s)),
                        PieceOf(with, PartOf({0, with.count}, num_segments, s)), ScheduleBuilder::Order::kMessageLast,
                        CompletesIf(last));
      }
    }
  }
  return std::move(builder).Build();
}

}  // namespace tutti::reduce_scatter
