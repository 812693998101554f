// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/registry.h"

#include "collectives/algorithms/all_reduce/one_shot.h"
#include "collectives/algorithms/all_reduce/ring.h"

namespace tutti {
namespace {

// Ids are for ever: a new algorithm takes the next free one of its collective, a removed one leaves a gap.
constexpr Algorithm kAllReduce[] = {
    {Collective::kAllReduce, 0, "one_shot", "everyone to everyone: 1 round, (n-1) x bytes", all_reduce::BuildOneShot},
    {Collective::kAllReduce, 2, "ring", "2(n-1) rounds, least bytes, pipelined", all_reduce::BuildRing},
};

}  // namespace

absl::Span<const Algorithm> Algorithms(Collective collective) {
  switch (collective) {
    case Collective::kAllReduce:
      return kAllReduce;
    case Collective::kBroadcast:
    case Collective::kReduce:
    case Collective::kAllGather:
    case Collective::kReduceScatter:
    case Collective::kBarrier:
      break;
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
