// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_gather/pat.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/bundles.h"
#include "collectives/algorithms/pieces.h"
#include "collectives/patterns/aggregated_trees.h"

namespace tutti::all_gather {
namespace {

constexpr uint64_t kDefaultMessageBytes = 256 * 1024;

// Each chunk in messages of its own, from output to output.
void SendAlone(ScheduleBuilder& builder, const Shape& shape, int rank, const AggregatedTrees& trees,
               const std::vector<Region>& blocks, const Region& own) {
  const int n = shape.num_ranks;
  const uint64_t num_segments = NumSegmentsFor(shape, LongestOf(blocks), kDefaultMessageBytes,
                                               /*steps_per_segment=*/2 * static_cast<uint64_t>(n - 1));
  const auto chunk = [&](int distance) {
    return distance == 0 ? own : blocks[static_cast<size_t>((rank + n - distance) % n)];
  };
  for (const AggregatedTrees::Round& round : trees.rounds()) {
    const Region sent = chunk(round.from), received = chunk(round.to);
    for (uint64_t s = 0; s < num_segments; ++s) {
      SendPiece(builder, (rank + round.skip) % n, PieceOf(sent, PartOf({0, sent.count}, num_segments, s)));
      RecvPiece(builder, (rank + n - round.skip) % n, PieceOf(received, PartOf({0, received.count}, num_segments, s)));
    }
  }
}

void SendTogether(ScheduleBuilder& builder, int rank, const AggregatedTrees& trees, const std::vector<Region>& blocks,
                  const Region& own) {
  const auto n = static_cast<int>(blocks.size());
  const Bundles bundles(builder, trees, rank, blocks);
  builder.Copy(bundles.ChunksOf(0)[0].region, own);
  for (const AggregatedTrees::Round& round : trees.rounds()) {
    const std::vector<BundledChunk> from = bundles.ChunksOf(round.from), to = bundles.ChunksOf(round.to);
    for (const AggregatedTrees::Run& run : round.runs) {
      SendPiece(builder, (rank + round.skip) % n, Together(from, run.from_place, run.num));
    }
    for (const AggregatedTrees::Run& run : round.runs) {
      RecvPiece(builder, (rank + n - round.skip) % n, Together(to, run.to_place, run.num));
      for (int i = run.to_place; i < run.to_place + run.num; ++i) {
        const BundledChunk& chunk = to[static_cast<size_t>(i)];
        builder.Copy(blocks[static_cast<size_t>(chunk.owner)], chunk.region);
      }
    }
  }
}

}  // namespace

Schedule BuildPat(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const Region own = InputBlock(shape, rank, rank);
  std::vector<Region> blocks;
  for (int r = 0; r < shape.num_ranks; ++r) blocks.push_back(OutputBlock(shape, rank, r));
  if (shape.num_ranks > 1) {
    const AggregatedTrees trees(shape.num_ranks, ChunksPerMessage(shape, blocks, kDefaultMessageBytes));
    if (trees.longest_bundle() == 1) {
      SendAlone(builder, shape, rank, trees, blocks, own);
    } else {
      SendTogether(builder, rank, trees, blocks, own);
    }
  }
  // Last, as no other rank waits for it.
  if (!shape.in_place) builder.Copy(blocks[static_cast<size_t>(rank)], own);
  return std::move(builder).Build();
}

}  // namespace tutti::all_gather
