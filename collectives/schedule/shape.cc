// SPDX-License-Identifier: Apache-2.0
#include "collectives/schedule/shape.h"

namespace tutti {

const char* CollectiveName(Collective collective) {
  switch (collective) {
    case Collective::kAllReduce:
      return "all_reduce";
    case Collective::kBroadcast:
      return "broadcast";
    case Collective::kReduce:
      return "reduce";
    case Collective::kAllGather:
      return "all_gather";
    case Collective::kReduceScatter:
      return "reduce_scatter";
    case Collective::kBarrier:
      return "barrier";
    case Collective::kAllToAll:
      return "all_to_all";
    case Collective::kGather:
      return "gather";
    case Collective::kScatter:
      return "scatter";
  }
  return "unknown";
}

bool InputIsBlocks(Collective collective) {
  return collective == Collective::kReduceScatter || collective == Collective::kAllToAll ||
         collective == Collective::kScatter;
}

bool OutputIsBlocks(Collective collective) {
  return collective == Collective::kAllGather || collective == Collective::kAllToAll ||
         collective == Collective::kGather;
}

bool HasBlockPerRank(Collective collective) { return InputIsBlocks(collective) || OutputIsBlocks(collective); }

bool HasRoot(Collective collective) {
  switch (collective) {
    case Collective::kBroadcast:
    case Collective::kReduce:
    case Collective::kGather:
    case Collective::kScatter:
      return true;
    default:
      return false;
  }
}

bool AllKnowAllBlocks(Collective collective) {
  return collective == Collective::kAllGather || collective == Collective::kReduceScatter;
}

bool Reduces(Collective collective) {
  return collective == Collective::kAllReduce || collective == Collective::kReduce ||
         collective == Collective::kReduceScatter;
}

// In a buffer that is made of uneven blocks.
static uint64_t UnevenElements(const Shape& shape, int rank, const BlockList& list) {
  return HasRoot(shape.collective) && rank != shape.root ? 0 : list.Extent();
}

uint64_t EvenInputElements(Collective collective, int num_ranks, int root, uint64_t count, int rank) {
  switch (collective) {
    case Collective::kAllReduce:
    case Collective::kReduce:
    case Collective::kAllGather:
    case Collective::kGather:
      return count;
    case Collective::kBroadcast:
      return rank == root ? count : 0;
    case Collective::kReduceScatter:
    case Collective::kAllToAll:
      return count * static_cast<uint64_t>(num_ranks);
    case Collective::kScatter:
      return rank == root ? count * static_cast<uint64_t>(num_ranks) : 0;
    case Collective::kBarrier:
      return 0;
  }
  return 0;
}

uint64_t InputElements(const Shape& shape, int rank) {
  if (shape.uneven()) {
    const RankBlocks& blocks = shape.BlocksOf(rank);
    return InputIsBlocks(shape.collective) ? UnevenElements(shape, rank, blocks.input) : blocks.own;
  }
  return EvenInputElements(shape.collective, shape.num_ranks, shape.root, shape.count, rank);
}

uint64_t EvenOutputElements(Collective collective, int num_ranks, int root, uint64_t count, int rank) {
  switch (collective) {
    case Collective::kAllReduce:
    case Collective::kBroadcast:
    case Collective::kReduceScatter:
    case Collective::kScatter:
      return count;
    case Collective::kReduce:
      return rank == root ? count : 0;
    case Collective::kAllGather:
    case Collective::kAllToAll:
      return count * static_cast<uint64_t>(num_ranks);
    case Collective::kGather:
      return rank == root ? count * static_cast<uint64_t>(num_ranks) : 0;
    case Collective::kBarrier:
      return 0;
  }
  return 0;
}

uint64_t OutputElements(const Shape& shape, int rank) {
  if (shape.uneven()) {
    const RankBlocks& blocks = shape.BlocksOf(rank);
    return OutputIsBlocks(shape.collective) ? UnevenElements(shape, rank, blocks.output) : blocks.own;
  }
  return EvenOutputElements(shape.collective, shape.num_ranks, shape.root, shape.count, rank);
}

int64_t InputOffsetInOutput(const Shape& shape, int rank) {
  int64_t block = static_cast<int64_t>(shape.count) * rank;
  if (shape.uneven()) {
    const RankBlocks& blocks = shape.BlocksOf(rank);
    const BlockList& list = blocks.output.counts.empty() ? blocks.input : blocks.output;
    block = list.counts.empty() ? 0 : static_cast<int64_t>(list.OffsetOf(rank));
  }
  switch (shape.collective) {
    case Collective::kAllGather:
    case Collective::kGather:
      return block;
    case Collective::kReduceScatter:
    case Collective::kScatter:
      return -block;
    case Collective::kAllReduce:
    case Collective::kBroadcast:
    case Collective::kReduce:
    case Collective::kBarrier:
    case Collective::kAllToAll:
      return 0;
  }
  return 0;
}

}  // namespace tutti
