// SPDX-License-Identifier: Apache-2.0
// The two forms of an algorithm over windows, from a function that writes its program with segments of so many elements.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_OVER_WINDOWS_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_OVER_WINDOWS_H_

#include <cstdint>

#include "collectives/algorithms/pieces.h"
#include "collectives/schedule/window_program.h"

namespace tutti {

using CutProgram = WindowProgram (*)(const Shape& shape, int rank, uint64_t segment);

// For ranks that share memory.
inline WindowProgram OverWindows(CutProgram program, const Shape& shape, int rank, uint64_t default_segment_bytes) {
  return program(shape, rank, WindowSegmentElements(shape, default_segment_bytes));
}

// For all others, and for the verifier.
inline Schedule AsMessages(CutProgram program, const Shape& shape, int rank, uint64_t default_segment_bytes) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  return LowerToSchedule(program(shape, rank, LoweredSegmentElements(shape, default_segment_bytes)), shape, rank);
}

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_OVER_WINDOWS_H_
