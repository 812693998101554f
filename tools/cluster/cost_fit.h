// SPDX-License-Identifier: Apache-2.0
// From measured times to the model's costs.
#ifndef TUTTI_TOOLS_CLUSTER_COST_FIT_H_
#define TUTTI_TOOLS_CLUSTER_COST_FIT_H_

#include <cstdint>
#include <vector>

#include "collectives/simulate/cluster.h"

namespace tutti::cluster {

// Exchanges between two ranks that do nothing else, in which both send and receive at once. Times are medians, in ns.
struct PathMeasurement {
  int64_t small_ns = 0;        // some bytes
  int64_t burst_ns = 0;        // per message of some bytes, when many are sent one after the other
  uint64_t limit_bytes = 0;    // the longest message that is sent without being asked for
  int64_t at_limit_ns = 0;     // so many bytes
  int64_t above_limit_ns = 0;  // a few bytes more
  uint64_t middle_bytes = 0;   // two long messages
  int64_t middle_ns = 0;
  uint64_t long_bytes = 0;
  int64_t long_ns = 0;
  bool between_hosts = false;
};

// A small message's time is divided into the processors' part (what a burst shows, at most 45 % at each end) and the way. The
// time per byte is the ports' between hosts, and that of both processors inside one, where they copy.
simulate::PathCost FitPath(const PathMeasurement& measured);

// How much longer than their median exchanges took, for the steps on processors: an exchange has four of them, so that each has a
// delay with a chance of a quarter. Not empty.
simulate::Noise FitNoise(std::vector<int64_t> exchanges_ns);

}  // namespace tutti::cluster

#endif  // TUTTI_TOOLS_CLUSTER_COST_FIT_H_
