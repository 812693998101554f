// SPDX-License-Identifier: Apache-2.0
// The shape of a collective: all that an algorithm may know of a call. Never pointers, types or peers' addresses.
#ifndef TUTTI_COLLECTIVES_SCHEDULE_SHAPE_H_
#define TUTTI_COLLECTIVES_SCHEDULE_SHAPE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/types/span.h"

#include "collectives/schedule/blocks.h"

namespace tutti {

// The values are stable: they travel between ranks in message signatures.
enum class Collective : uint8_t {
  kAllReduce = 0,
  kBroadcast = 1,
  kReduce = 2,
  kAllGather = 3,
  kReduceScatter = 4,
  kBarrier = 5,
  kAllToAll = 6,
  kGather = 7,
  kScatter = 8,
};
inline constexpr int kNumCollectives = 9;

// "all_reduce", ...; "unknown" for a value outside the enum.
const char* CollectiveName(Collective collective);

// Whether the longest vector is made of `count` elements for each rank.
bool HasBlockPerRank(Collective collective);

// Of a collective that HasBlockPerRank: which of the two buffers (all_to_all: both) are made of these blocks. Those that
// have a root have such a buffer on the root only.
bool InputIsBlocks(Collective collective);
bool OutputIsBlocks(Collective collective);

bool HasRoot(Collective collective);
bool Reduces(Collective collective);

struct Shape {
  Collective collective = Collective::kAllReduce;
  int num_ranks = 1;
  int root = 0;  // where HasRoot
  // Elements, with the C API's meaning: of one rank's block where HasBlockPerRank, else of the whole vector; barrier 0.
  uint64_t count = 0;
  uint32_t element_bytes = 4;  // 1, 2, 4 or 8
  bool in_place = false;       // input and output share memory as the C API says (see InputOffsetInOutput)
  uint64_t segment_bytes = 0;  // how finely to cut chunks for pipelining; 0: the algorithm's own default
  // Where HasBlockPerRank and blocks differ in length (all_gather_v, ...): what each rank knows, by rank; or one entry, what
  // the rank knows for which an algorithm is asked. Then `count` is the sum of all blocks if every rank knows it, else 0.
  // Not owned.
  absl::Span<const RankBlocks> blocks;

  // For algorithms with levels: which group each rank is in, by rank; ranks of a group have the same number. `groups` are
  // hosts; `finer` are parts of them (processors, caches), `wider` what holds several (racks, pods), each finest first.
  // Empty: says nothing, because all ranks are in one group or each in its own (levels.h). The same for every call of a
  // communicator, and so no part of what tells shapes apart. Not owned.
  absl::Span<const std::vector<int>> finer;
  absl::Span<const int> groups;
  absl::Span<const std::vector<int>> wider;
  // Of each wider level: no group holds more than twice as many groups of the level below as another (of ranks, if there is
  // none below). Else the smallest would keep all others waiting.
  bool wider_is_even = false;

  bool uneven() const { return !blocks.empty(); }
  const RankBlocks& BlocksOf(int rank) const { return blocks[blocks.size() == 1 ? 0 : static_cast<size_t>(rank)]; }

  friend bool operator==(const Shape& a, const Shape& b) {
    return a.collective == b.collective && a.num_ranks == b.num_ranks && a.root == b.root && a.count == b.count &&
           a.element_bytes == b.element_bytes && a.in_place == b.in_place && a.segment_bytes == b.segment_bytes &&
           a.blocks == b.blocks;
  }
  template <typename H>
  friend H AbslHashValue(H h, const Shape& s) {
    return H::combine(std::move(h), s.collective, s.num_ranks, s.root, s.count, s.element_bytes, s.in_place,
                      s.segment_bytes, s.blocks);
  }
};

// Whether every rank knows the length of every block; else two ranks agree only on what they exchange.
bool AllKnowAllBlocks(Collective collective);

// Elements in the rank's input (0 where the operation has none: broadcast and scatter off the root, barrier).
uint64_t InputElements(const Shape& shape, int rank);

// Elements in the rank's output (0 where the operation has none: reduce and gather off the root, barrier).
uint64_t OutputElements(const Shape& shape, int rank);

// The same of a call whose blocks, if it has some, are all of `count` elements.
uint64_t EvenInputElements(Collective collective, int num_ranks, int root, uint64_t count, int rank);
uint64_t EvenOutputElements(Collective collective, int num_ranks, int root, uint64_t count, int rank);

// In place, element i of the input is element i + InputOffsetInOutput of the output. Negative for reduce_scatter and
// scatter, whose input is the larger one. Meaningless when !shape.in_place or when the rank has only one of the two.
int64_t InputOffsetInOutput(const Shape& shape, int rank);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_SCHEDULE_SHAPE_H_
