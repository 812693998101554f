// SPDX-License-Identifier: Apache-2.0
// What the ranks add up: whole numbers from 0 to 255 as float32, different in every iteration, rank and place, so that
// sums are exact in whatever order they are formed, and a result of the iteration before is seen to be wrong.
#ifndef TUTTI_BENCH_PEERS_LOOP_INPUTS_H_
#define TUTTI_BENCH_PEERS_LOOP_INPUTS_H_

#include <cstddef>
#include <cstdint>

namespace tutti::peers {

// Fills data with what `rank` contributes in `iteration`.
void FillInput(uint32_t iteration, int rank, float* data, size_t count);

// How many elements of `result` are not the sum of what `ranks` ranks contributed in `iteration`. Formed here from the
// definition, element by element; shares no code with any library.
size_t CountWrong(uint32_t iteration, int ranks, const float* result, size_t count);

}  // namespace tutti::peers

#endif  // TUTTI_BENCH_PEERS_LOOP_INPUTS_H_
