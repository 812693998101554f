// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/registry.h"

#include "collectives/algorithms/all_gather/circulant.h"
#include "collectives/algorithms/all_gather/ring.h"
#include "collectives/algorithms/all_gather/shared.h"
#include "collectives/algorithms/all_gather/spread.h"
#include "collectives/algorithms/all_reduce/circulant.h"
#include "collectives/algorithms/all_reduce/double_tree.h"
#include "collectives/algorithms/all_reduce/hierarchical.h"
#include "collectives/algorithms/all_reduce/one_shot.h"
#include "collectives/algorithms/all_reduce/recursive_doubling.h"
#include "collectives/algorithms/all_reduce/ring.h"
#include "collectives/algorithms/all_reduce/shared_one_shot.h"
#include "collectives/algorithms/all_reduce/shared_slices.h"
#include "collectives/algorithms/all_to_all/bruck.h"
#include "collectives/algorithms/all_to_all/shared.h"
#include "collectives/algorithms/all_to_all/spread.h"
#include "collectives/algorithms/barrier/dissemination.h"
#include "collectives/algorithms/barrier/shared.h"
#include "collectives/algorithms/barrier/tree.h"
#include "collectives/algorithms/broadcast/binomial.h"
#include "collectives/algorithms/broadcast/double_tree.h"
#include "collectives/algorithms/broadcast/scatter_ring.h"
#include "collectives/algorithms/broadcast/shared.h"
#include "collectives/algorithms/gather/binomial.h"
#include "collectives/algorithms/gather/linear.h"
#include "collectives/algorithms/gather/shared.h"
#include "collectives/algorithms/reduce/binomial.h"
#include "collectives/algorithms/reduce/double_tree.h"
#include "collectives/algorithms/reduce/shared.h"
#include "collectives/algorithms/reduce_scatter/circulant.h"
#include "collectives/algorithms/reduce_scatter/pairwise.h"
#include "collectives/algorithms/reduce_scatter/ring.h"
#include "collectives/algorithms/reduce_scatter/shared.h"
#include "collectives/algorithms/scatter/binomial.h"
#include "collectives/algorithms/scatter/linear.h"
#include "collectives/algorithms/scatter/shared.h"

namespace tutti {
namespace {

constexpr bool kTakesUnevenBlocks = true;

// Ids are for ever: a new algorithm takes the next free one of its collective, a removed one leaves a gap.
constexpr Algorithm kAllReduce[] = {
    {Collective::kAllReduce, 0, "one_shot", "everyone to everyone; 1 round, (n-1) x bytes", all_reduce::BuildOneShot},
    {Collective::kAllReduce, 1, "recursive_doubling", "exchange with rank xor 2^k; log2 n rounds, log2 n x bytes",
     all_reduce::BuildRecursiveDoubling},
    {Collective::kAllReduce, 2, "ring", "neighbours only, pipelined; 2(n-1) rounds, 2(n-1)/n x bytes",
     all_reduce::BuildRing},
    {Collective::kAllReduce, 3, "circulant", "halving skips, any n; 2 log2 n rounds, 2(n-1)/n x bytes",
     all_reduce::BuildCirculant},
    {Collective::kAllReduce, 4, "double_tree", "two binary trees, pipelined; 2 log2 n + segments rounds, 2 x bytes",
     all_reduce::BuildDoubleTree},
    {Collective::kAllReduce, 5, "shared_one_shot", "shared memory: everyone publishes and reads all; 1 round",
     all_reduce::BuildSharedOneShot, all_reduce::SharedOneShotProgram},
    {Collective::kAllReduce, 6, "shared_slices", "shared memory: each reduces its slice of all windows; 2 rounds",
     all_reduce::BuildSharedSlices, all_reduce::SharedSlicesProgram},
    {Collective::kAllReduce, 7, "hierarchical", "inside hosts, then between their leaders; least bytes between hosts",
     all_reduce::BuildHierarchical},
};
constexpr Algorithm kBroadcast[] = {
    {Collective::kBroadcast, 0, "binomial", "binomial tree; log2 n rounds, log2 n x bytes at the root",
     broadcast::BuildBinomial},
    {Collective::kBroadcast, 1, "double_tree", "two binary trees, pipelined; log2 n + segments rounds, 1 x bytes",
     broadcast::BuildDoubleTree},
    {Collective::kBroadcast, 2, "scatter_ring", "scatter, then ring; log2 n + n-1 rounds, 2(n-1)/n x bytes",
     broadcast::BuildScatterRing},
    {Collective::kBroadcast, 3, "shared", "shared memory: the root publishes, all others read; 1 round",
     broadcast::BuildShared, broadcast::SharedProgram},
};
constexpr Algorithm kReduce[] = {
    {Collective::kReduce, 0, "binomial", "binomial tree; log2 n rounds, log2 n x bytes reduced at the root",
     reduce::BuildBinomial},
    {Collective::kReduce, 1, "double_tree", "two binary trees, pipelined; log2 n + segments rounds, 1 x bytes",
     reduce::BuildDoubleTree},
    {Collective::kReduce, 2, "shared", "shared memory: all others publish, the root reduces; 1 round",
     reduce::BuildShared, reduce::SharedProgram},
};
constexpr Algorithm kAllGather[] = {
    {Collective::kAllGather, 0, "circulant", "doubling skips, any n; log2 n rounds, least bytes",
     all_gather::BuildCirculant},
    {Collective::kAllGather, 1, "ring", "neighbours only, pipelined; n-1 rounds, least bytes", all_gather::BuildRing,
     nullptr, kTakesUnevenBlocks},
    {Collective::kAllGather, 2, "shared", "shared memory: everyone publishes and copies all; 1 round",
     all_gather::BuildShared, all_gather::SharedProgram},
    {Collective::kAllGather, 3, "spread", "everyone to everyone at once; 1 round, least bytes", all_gather::BuildSpread,
     nullptr, kTakesUnevenBlocks},
};
constexpr Algorithm kReduceScatter[] = {
    {Collective::kReduceScatter, 0, "circulant", "halving skips, any n; log2 n rounds, least bytes",
     reduce_scatter::BuildCirculant},
    {Collective::kReduceScatter, 1, "ring", "neighbours only, pipelined; n-1 rounds, least bytes",
     reduce_scatter::BuildRing},
    {Collective::kReduceScatter, 2, "pairwise", "everyone to everyone; 1 round, least bytes, reduced in rank order",
     reduce_scatter::BuildPairwise, nullptr, kTakesUnevenBlocks},
    {Collective::kReduceScatter, 3, "shared", "shared memory: each reduces its slice of all windows; 1 round",
     reduce_scatter::BuildShared, reduce_scatter::SharedProgram},
};
constexpr Algorithm kBarrier[] = {
    {Collective::kBarrier, 0, "dissemination", "log2 n rounds, log2 n messages per rank", barrier::BuildDissemination},
    {Collective::kBarrier, 1, "tree", "radix 4, up and down; 2 log4 n rounds, 2(n-1) messages in all",
     barrier::BuildTree},
    {Collective::kBarrier, 2, "shared", "shared memory: a line written, n-1 lines read; 1 round", barrier::BuildShared,
     barrier::SharedProgram},
};
constexpr Algorithm kAllToAll[] = {
    {Collective::kAllToAll, 0, "spread", "everyone to everyone at once; 1 round, least bytes", all_to_all::BuildSpread,
     nullptr, kTakesUnevenBlocks},
    {Collective::kAllToAll, 1, "bruck", "by powers of two; log2 n rounds, log2 n / 2 x bytes", all_to_all::BuildBruck},
    {Collective::kAllToAll, 2, "shared", "shared memory: a publish for each reader; 1 round", all_to_all::BuildShared,
     all_to_all::SharedProgram},
};
constexpr Algorithm kGather[] = {
    {Collective::kGather, 0, "linear", "everyone to the root; 1 round, least bytes", gather::BuildLinear, nullptr,
     kTakesUnevenBlocks},
    {Collective::kGather, 1, "binomial", "binomial tree; log2 n rounds, log2 n messages at the root",
     gather::BuildBinomial},
    {Collective::kGather, 2, "shared", "shared memory: all others publish, the root copies; 1 round",
     gather::BuildShared, gather::SharedProgram},
};
constexpr Algorithm kScatter[] = {
    {Collective::kScatter, 0, "linear", "the root to everyone; 1 round, least bytes", scatter::BuildLinear, nullptr,
     kTakesUnevenBlocks},
    {Collective::kScatter, 1, "binomial", "binomial tree; log2 n rounds, log2 n messages at the root",
     scatter::BuildBinomial},
    {Collective::kScatter, 2, "shared", "shared memory: the root publishes for each reader; 1 round",
     scatter::BuildShared, scatter::SharedProgram},
};

}  // namespace

absl::Span<const Algorithm> Algorithms(Collective collective) {
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
  return {};
}

const Algorithm* FindAlgorithm(Collective collective, absl::string_view name) {
  for (const Algorithm& algorithm : Algorithms(collective)) {
    if (name == algorithm.name) return &algorithm;
  }
  return nullptr;
}

}  // namespace tutti
