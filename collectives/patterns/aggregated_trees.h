// SPDX-License-Identifier: Apache-2.0
// PAT, parallel aggregated trees: every rank's chunk goes out along a binomial tree of its own, far ranks first, and
// what goes the same way at the same time goes as one message, up to a limit. For any number of ranks.
//
// A chunk's place is its distance: how many ranks it has come since its own. It reaches distance d from d less its
// lowest set bit. Of the distances that a rank sees, those with the same remainder by `stride` are a bundle, which
// travels together; there are n / stride chunks in it.
//
//   n = 8, stride 4:   bundle 0  {0, 4}      round   skip   chunks
//                      bundle 1  {1, 5}      0       4      0 -> 4              bundle 0 grows: log2(n / stride) rounds
//                      bundle 2  {2, 6}      1       2      0 4 -> 2 6
//                      bundle 3  {3, 7}      2       1      2 6 -> 3 7          then one round for each other bundle:
//                                            3       1      0 4 -> 1 5          stride - 1, the longest ways first
//
// So with stride 2 there are ceil(log2 n) rounds, and with stride n (no aggregation) n - 1; but never does a far
// partner get many chunks, and never is a message longer than a bundle. Bundles are visited in depth-first order: of
// those whose numbers have the same lowest bit only one is in use at a time, so memory for log2(stride) bundles is
// enough. A reduce-scatter is the same run backwards.
//
// In a bundle, chunks lie in bit-reversed order, so that what bundle 0 sends while it grows lies together. (For rank
// counts that are no power of two a chunk in the middle may have nowhere to go; then it is two runs.)
//
// Source: Sylvain Jeaugey: "PAT: a new algorithm for all-gather and reduce-scatter operations at scale",
// arXiv:2506.20252 (NCCL 2.23).
#ifndef TUTTI_COLLECTIVES_PATTERNS_AGGREGATED_TREES_H_
#define TUTTI_COLLECTIVES_PATTERNS_AGGREGATED_TREES_H_

#include <cstdint>
#include <vector>

namespace tutti {

class AggregatedTrees {
 public:
  // num_ranks >= 2. At most `most` chunks shall travel together; at least one does.
  AggregatedTrees(int num_ranks, uint64_t most);

  // Chunks that lie together on both sides: `num` of them, in each bundle from that place on.
  struct Run {
    int from_place = 0;
    int to_place = 0;
    int num = 0;
  };
  struct Round {
    int skip = 0;  // an all-gather sends to rank + skip and receives from rank - skip
    int from = 0;  // the bundle of which it sends
    int to = 0;    // the bundle into which it receives; 0 as well while that grows
    std::vector<Run> runs;
  };
  // In the order of an all-gather (far partners first).
  const std::vector<Round>& rounds() const { return rounds_; }

  int num_bundles() const { return stride_; }  // as they are numbered; one from num_ranks on is empty
  // Distances of a bundle's chunks, in the order in which they lie.
  std::vector<int> Bundle(int bundle) const;
  int longest_bundle() const { return static_cast<int>(Bundle(0).size()); }

  // Where to keep a bundle: those of the same store take turns, and two that follow each other are in different ones.
  int num_stores() const { return 1 + 2 * num_levels_; }
  int StoreOf(int bundle) const;

 private:
  void Grow();
  void Visit(int bundle);
  void AddRound(int skip, int from, int to, const std::vector<int>& received);

  int num_ranks_;
  int stride_ = 1;
  int num_levels_ = 0;     // stride = 2^levels
  int num_doublings_ = 0;  // of bundle 0
  std::vector<Round> rounds_;
};

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_PATTERNS_AGGREGATED_TREES_H_
