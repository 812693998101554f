// SPDX-License-Identifier: Apache-2.0
// Rings and their like have as many rounds as ranks: of ten thousand ranks, hundreds of millions of steps. Their time grows
// in a straight line with the ranks, if the messages keep their length; so two smaller numbers of ranks tell it.
#ifndef TUTTI_COLLECTIVES_SIMULATE_EXTRAPOLATE_H_
#define TUTTI_COLLECTIVES_SIMULATE_EXTRAPOLATE_H_

#include <cstdint>

#include "absl/status/statusor.h"

#include "collectives/schedule/shape.h"
#include "collectives/simulate/cluster.h"
#include "collectives/simulate/workload.h"

namespace tutti::simulate {

struct Ladder {
  // With fewer ranks, whole racks of them where there are racks, and a count that keeps the messages' length.
  Shape low;
  Shape high;
  uint64_t steps_of_all = 0;
};

// ResourceExhausted: a rank's steps do not grow with the number of ranks, or messages would not keep their length.
absl::StatusOr<Ladder> MakeLadder(const ClusterSpec& spec, const Shape& shape, BuildSchedule build, uint64_t max_steps);

}  // namespace tutti::simulate

#endif  // TUTTI_COLLECTIVES_SIMULATE_EXTRAPOLATE_H_
