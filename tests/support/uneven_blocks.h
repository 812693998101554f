// SPDX-License-Identifier: Apache-2.0
// Blocks of different lengths for tests: some of them empty, in falling order of ranks, with gaps between them.
#ifndef TUTTI_TESTS_SUPPORT_UNEVEN_BLOCKS_H_
#define TUTTI_TESTS_SUPPORT_UNEVEN_BLOCKS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "collectives/schedule/blocks.h"
#include "collectives/schedule/shape.h"

namespace tutti {

// Whether a call of that kind can be made with blocks of different lengths, and then in place.
inline bool CanBeUneven(Collective collective) { return HasBlockPerRank(collective); }
inline bool CanBeUnevenInPlace(Collective collective) { return collective != Collective::kAllToAll; }

// All ranks' tables for one call. The shape that SetIn was given must not outlive it.
class UnevenBlocks {
 public:
  // `longest`: blocks have 0 to that many elements.
  UnevenBlocks(Collective collective, int num_ranks, int root, uint64_t longest) {
    const auto n = static_cast<size_t>(num_ranks);
    lists_.resize(2 * n);
    ranks_.resize(n);
    const bool known_to_all = AllKnowAllBlocks(collective);
    for (size_t rank = 0; rank < n; ++rank) {
      Lists& input = lists_[2 * rank];
      Lists& output = lists_[2 * rank + 1];
      for (size_t other = 0; other < n; ++other) {
        // To or from a root, and in collectives that all know, a block's length depends on one rank only.
        input.counts.push_back(Length(collective == Collective::kAllToAll ? rank : 0, other, longest));
        output.counts.push_back(Length(collective == Collective::kAllToAll ? other : 0,
                                       collective == Collective::kAllToAll ? rank : other, longest));
      }
      input.Place();
      output.Place();
      const bool is_root = static_cast<int>(rank) == root;
      const bool has_input = collective == Collective::kReduceScatter || collective == Collective::kAllToAll ||
                             (collective == Collective::kScatter && is_root);
      const bool has_output = collective == Collective::kAllGather || collective == Collective::kAllToAll ||
                              (collective == Collective::kGather && is_root);
      if (has_input) ranks_[rank].input = {input.counts, input.offsets};
      if (has_output) ranks_[rank].output = {output.counts, output.offsets};
      if (collective != Collective::kAllToAll) ranks_[rank].own = input.counts[rank];
      if (rank == 0 && known_to_all) {
        for (size_t count : input.counts) sum_ += count;
      }
    }
  }
  UnevenBlocks(const UnevenBlocks&) = delete;
  UnevenBlocks& operator=(const UnevenBlocks&) = delete;

  void SetIn(Shape& shape) const {
    shape.count = sum_;
    shape.blocks = ranks_;
  }
  const RankBlocks& of(int rank) const { return ranks_[static_cast<size_t>(rank)]; }

 private:
  struct Lists {
    std::vector<size_t> counts;
    std::vector<size_t> offsets;

    void Place() {
      offsets.resize(counts.size());
      size_t next = 0;
      for (size_t i = counts.size(); i-- > 0;) {
        next += i % 3;  // a gap
        offsets[i] = next;
        next += counts[i];
      }
    }
  };

  static size_t Length(size_t from, size_t to, uint64_t longest) {
    const uint64_t mixed = (from * 31 + to + 1) * 0x9e3779b97f4a7c15u;
    return mixed >> 61 == 0 ? 0 : (mixed >> 20) % (longest + 1);
  }

  std::vector<Lists> lists_;  // input and output of each rank
  std::vector<RankBlocks> ranks_;
  uint64_t sum_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_TESTS_SUPPORT_UNEVEN_BLOCKS_H_
