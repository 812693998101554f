// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/registry.h"

#include "collectives/algorithms/all_gather/bine.h"
#include "collectives/algorithms/all_gather/circulant.h"
#include "collectives/algorithms/all_gather/hierarchical.h"
#include "collectives/algorithms/all_gather/pat.h"
#include "collectives/algorithms/all_gather/ring.h"
#include "collectives/algorithms/all_gather/shared.h"
#include "collectives/algorithms/all_gather/spread.h"
#include "collectives/algorithms/all_reduce/bine.h"
#include "collectives/algorithms/all_reduce/circulant.h"
#include "collectives/algorithms/all_reduce/direct.h"
#include "collectives/algorithms/all_reduce/double_tree.h"
#include "collectives/algorithms/all_reduce/encoded_direct.h"
#include "collectives/algorithms/all_reduce/encoded_gather.h"
#include "collectives/algorithms/all_reduce/encoded_hierarchical.h"
#include "collectives/algorithms/all_reduce/hierarchical.h"
#include "collectives/algorithms/all_reduce/one_shot.h"
#include "collectives/algorithms/all_reduce/recursive_doubling.h"
#include "collectives/algorithms/all_reduce/ring.h"
#include "collectives/algorithms/all_reduce/shared_one_shot.h"
#include "collectives/algorithms/all_reduce/shared_slices.h"
#include "collectives/algorithms/all_to_all/bruck.h"
#include "collectives/algorithms/all_to_all/pairwise.h"
#include "collectives/algorithms/all_to_all/shared.h"
#include "collectives/algorithms/all_to_all/spread.h"
#include "collectives/algorithms/barrier/dissemination.h"
#include "collectives/algorithms/barrier/shared.h"
#include "collectives/algorithms/barrier/tree.h"
#include "collectives/algorithms/broadcast/bine.h"
#include "collectives/algorithms/broadcast/binomial.h"
#include "collectives/algorithms/broadcast/double_tree.h"
#include "collectives/algorithms/broadcast/knomial4.h"
#include "collectives/algorithms/broadcast/scatter_ring.h"
#include "collectives/algorithms/broadcast/shared.h"
#include "collectives/algorithms/gather/binomial.h"
#include "collectives/algorithms/gather/knomial4.h"
#include "collectives/algorithms/gather/linear.h"
#include "collectives/algorithms/gather/shared.h"
#include "collectives/algorithms/reduce/bine.h"
#include "collectives/algorithms/reduce/binomial.h"
#include "collectives/algorithms/reduce/double_tree.h"
#include "collectives/algorithms/reduce/knomial4.h"
#include "collectives/algorithms/reduce/ordered_binomial.h"
#include "collectives/algorithms/reduce/shared.h"
#include "collectives/algorithms/reduce_scatter/bine.h"
#include "collectives/algorithms/reduce_scatter/circulant.h"
#include "collectives/algorithms/reduce_scatter/hierarchical.h"
#include "collectives/algorithms/reduce_scatter/pairwise.h"
#include "collectives/algorithms/reduce_scatter/pat.h"
#include "collectives/algorithms/reduce_scatter/ring.h"
#include "collectives/algorithms/reduce_scatter/shared.h"
#include "collectives/algorithms/scatter/binomial.h"
#include "collectives/algorithms/scatter/knomial4.h"
#include "collectives/algorithms/scatter/linear.h"
#include "collectives/algorithms/scatter/shared.h"

namespace tutti {
namespace {

constexpr bool kTakesUnevenBlocks = true;
constexpr bool kKeepsRankOrder = true;

// Ids are for ever: a new algorithm takes the next free one of its collective, a removed one leaves a gap.
constexpr Algorithm kAllReduce[] = {
    {Collective::kAllReduce, 0, "one_shot", "everyone to everyone; 1 round, (n-1) x bytes", all_reduce::BuildOneShot,
     nullptr, false, kKeepsRankOrder},
    {Collective::kAllReduce, 1, "recursive_doubling", "exchange with rank xor 2^k; log2 n rounds, log2 n x bytes",
     all_reduce::BuildRecursiveDoubling, nullptr, false, kKeepsRankOrder},
    {Collective::kAllReduce, 2, "ring", "neighbours only, pipelined; 2(n-1) rounds, 2(n-1)/n x bytes",
     all_reduce::BuildRing},
    {Collective::kAllReduce, 3, "circulant", "halving skips, any n; 2 log2 n rounds, 2(n-1)/n x bytes",
     all_reduce::BuildCirculant},
    {Collective::kAllReduce, 4, "double_tree", "two binary trees, pipelined; 2 log2 n + segments rounds, 2 x bytes",
     all_reduce::BuildDoubleTree},
    {Collective::kAllReduce, 5, "shared_one_shot", "shared memory: everyone publishes and reads all; 1 round",
     all_reduce::BuildSharedOneShot, all_reduce::SharedOneShotProgram, false, kKeepsRankOrder},
    {Collective::kAllReduce, 6, "shared_slices", "shared memory: each reduces its slice of all windows; 2 rounds",
     all_reduce::BuildSharedSlices, all_reduce::SharedSlicesProgram, false, kKeepsRankOrder},
    {Collective::kAllReduce, 7, "hierarchical",
     "inside hosts and racks, then between their leaders; least bytes between", all_reduce::BuildHierarchical},
    {Collective::kAllReduce, 8, "direct", "everyone to the owner of each chunk and back; 2 rounds, 2(n-1)/n x bytes",
     all_reduce::BuildDirect, nullptr, false, kKeepsRankOrder},
    {Collective::kAllReduce, 9, "bine", "shorter skips both ways, even n; 2 log2 n rounds, 2(n-1)/n x bytes",
     all_reduce::BuildBine},
};
// Numbered from 40 on, apart from the plain ones.
constexpr Algorithm kEncodedAllReduce[] = {
    {Collective::kAllReduce, 40, "encoded_direct",
     "codes to the owner of each slice and back; 2 rounds, 2(n-1)/n x codes", all_reduce::BuildEncodedDirect},
    {Collective::kAllReduce, 41, "encoded_gather", "codes of everything to everyone; 1 round, (n-1) x codes",
     all_reduce::BuildEncodedGather},
    {Collective::kAllReduce, 42, "encoded_hierarchical", "as it is inside hosts, codes between their leaders",
     all_reduce::BuildEncodedHierarchical},
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
    {Collective::kBroadcast, 4, "knomial4", "tree of radix 4; log4 n rounds, up to 3 log4 n x bytes at the root",
     broadcast::BuildKnomial4},
    {Collective::kBroadcast, 5, "bine", "binomial tree of shorter edges; log2 n rounds, log2 n x bytes at the root",
     broadcast::BuildBine},
};
constexpr Algorithm kReduce[] = {
    {Collective::kReduce, 0, "binomial", "binomial tree; log2 n rounds, log2 n x bytes reduced at the root",
     reduce::BuildBinomial},
    {Collective::kReduce, 1, "double_tree", "two binary trees, pipelined; log2 n + segments rounds, 1 x bytes",
     reduce::BuildDoubleTree},
    {Collective::kReduce, 2, "shared", "shared memory: all others publish, the root reduces; 1 round",
     reduce::BuildShared, reduce::SharedProgram, false, kKeepsRankOrder},
    {Collective::kReduce, 3, "ordered_binomial", "binomial tree in rank order, then to the root; log2 n + 1 rounds",
     reduce::BuildOrderedBinomial, nullptr, false, kKeepsRankOrder},
    {Collective::kReduce, 4, "knomial4", "tree of radix 4; log4 n rounds, up to 3 log4 n x bytes reduced at the root",
     reduce::BuildKnomial4},
    {Collective::kReduce, 5, "bine", "binomial tree of shorter edges; log2 n rounds, log2 n x bytes at the root",
     reduce::BuildBine},
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
    {Collective::kAllGather, 4, "pat", "a tree for each chunk, sent together; from log2 n rounds, least bytes",
     all_gather::BuildPat, nullptr, kTakesUnevenBlocks},
    {Collective::kAllGather, 5, "bine", "shorter skips both ways, even n; log2 n rounds, least bytes",
     all_gather::BuildBine},
    {Collective::kAllGather, 6, "hierarchical", "to each host and rack each block once, inside by those it came to",
     all_gather::BuildHierarchical, nullptr, kTakesUnevenBlocks},
};
constexpr Algorithm kReduceScatter[] = {
    {Collective::kReduceScatter, 0, "circulant", "halving skips, any n; log2 n rounds, least bytes",
     reduce_scatter::BuildCirculant},
    {Collective::kReduceScatter, 1, "ring", "neighbours only, pipelined; n-1 rounds, least bytes",
     reduce_scatter::BuildRing},
    {Collective::kReduceScatter, 2, "pairwise", "everyone to everyone; 1 round, least bytes, reduced in rank order",
     reduce_scatter::BuildPairwise, nullptr, kTakesUnevenBlocks, kKeepsRankOrder},
    {Collective::kReduceScatter, 3, "shared", "shared memory: each reduces its slice of all windows; 1 round",
     reduce_scatter::BuildShared, reduce_scatter::SharedProgram, false, kKeepsRankOrder},
    {Collective::kReduceScatter, 4, "pat", "a tree for each chunk, sent together; from log2 n rounds, least bytes",
     reduce_scatter::BuildPat, nullptr, kTakesUnevenBlocks},
    {Collective::kReduceScatter, 5, "bine", "shorter skips both ways, even n; log2 n rounds, least bytes",
     reduce_scatter::BuildBine},
    {Collective::kReduceScatter, 6, "hierarchical", "inside hosts and racks, then between: each block leaves each once",
     reduce_scatter::BuildHierarchical, nullptr, kTakesUnevenBlocks},
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
    {Collective::kAllToAll, 3, "pairwise", "in pairs, two rounds at a time; n - 1 rounds, least bytes",
     all_to_all::BuildPairwise, nullptr, kTakesUnevenBlocks},
};
constexpr Algorithm kGather[] = {
    {Collective::kGather, 0, "linear", "everyone to the root; 1 round, least bytes", gather::BuildLinear, nullptr,
     kTakesUnevenBlocks},
    {Collective::kGather, 1, "binomial", "binomial tree; log2 n rounds, log2 n messages at the root",
     gather::BuildBinomial},
    {Collective::kGather, 2, "shared", "shared memory: all others publish, the root copies; 1 round",
     gather::BuildShared, gather::SharedProgram},
    {Collective::kGather, 3, "knomial4", "tree of radix 4; log4 n rounds, up to 3 log4 n messages at the root",
     gather::BuildKnomial4},
};
constexpr Algorithm kScatter[] = {
    {Collective::kScatter, 0, "linear", "the root to everyone; 1 round, least bytes", scatter::BuildLinear, nullptr,
     kTakesUnevenBlocks},
    {Collective::kScatter, 1, "binomial", "binomial tree; log2 n rounds, log2 n messages at the root",
     scatter::BuildBinomial},
    {Collective::kScatter, 2, "shared", "shared memory: the root publishes for each reader; 1 round",
     scatter::BuildShared, scatter::SharedProgram},
    {Collective::kScatter, 3, "knomial4", "tree of radix 4; log4 n rounds, up to 3 log4 n messages at the root",
     scatter::BuildKnomial4},
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

absl::Span<const Algorithm> EncodedAlgorithms(Collective collective) {
  if (collective == Collective::kAllReduce) return kEncodedAllReduce;
  return {};
}

const Algorithm* AlgorithmOf(Collective collective, uint8_t id) {
  for (const auto& algorithms : {Algorithms(collective), EncodedAlgorithms(collective)}) {
    for (const Algorithm& algorithm : algorithms) {
      if (algorithm.id == id) return &algorithm;
    }
  }
  return nullptr;
}

const Algorithm* FindAlgorithm(Collective collective, absl::string_view name) {
  for (const Algorithm& algorithm : Algorithms(collective)) {
    if (name == algorithm.name) return &algorithm;
  }
  return nullptr;
}

}  // namespace tutti
