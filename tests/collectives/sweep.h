// SPDX-License-Identifier: Apache-2.0
// Which algorithms are tested with which shapes. The lists are the test's promise: every algorithm of the registry,
// every rank count to 64 and the awkward ones to 1024, counts around the rank count, every root, both ways of placing
// buffers, blocks of different lengths, and hosts.
#ifndef TUTTI_TESTS_COLLECTIVES_SWEEP_H_
#define TUTTI_TESTS_COLLECTIVES_SWEEP_H_

#include <string>
#include <vector>

#include "collectives/algorithms/registry.h"
#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti {

enum class SweepLevel {
  kReduced,  // for sanitizers: the same kinds of shape, at fewer rank counts
  kFull,
};

// One piece of work for the sweep: an algorithm at one number of ranks.
struct SweepItem {
  const Algorithm* algorithm = nullptr;
  int num_ranks = 0;
};

// All pieces, the expensive ones first.
std::vector<SweepItem> SweepItems(SweepLevel level);

// It makes other schedules for several hosts.
bool UsesGroups(const Algorithm& algorithm);

// Gives the shape blocks of different lengths, up to `longest`, that live as long as the program.
void SetUnevenBlocks(Shape& shape, uint64_t longest);

// Gives the shape hosts of `size` ranks and a smaller last one, each rank's neighbours on other hosts, that live likewise.
void SetGroups(Shape& shape, int size);

// Several levels, as for SetGroups: pods of two racks of three hosts of 3, 5 and 1 ranks, as far as there are ranks, which are
// dealt out by turns.
enum class SweepLevels {
  kHostsInRacks,             // hosts, racks, pods
  kProcessorsInHosts,        // pairs of ranks, hosts, racks
  kRacksOfHostsWithOneEach,  // racks and pods
};
void SetLevels(Shape& shape, SweepLevels which);

std::vector<Shape> SweepShapes(const SweepItem& item, SweepLevel level);

// Every rank's schedule.
std::vector<Schedule> BuildAll(const Algorithm& algorithm, const Shape& shape);

// "all_reduce:ring ranks=8 root=0 count=17 element_bytes=4 in_place=1 segment_bytes=64".
std::string DescribeCase(const Algorithm& algorithm, const Shape& shape);

}  // namespace tutti

#endif  // TUTTI_TESTS_COLLECTIVES_SWEEP_H_
