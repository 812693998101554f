// SPDX-License-Identifier: Apache-2.0
// Parts of the vector that go different ways: a double tree sends one half of it through one tree and the other half
// through another, which together look like neither.
#ifndef TUTTI_TOOLS_TRAFFIC_STRANDS_H_
#define TUTTI_TOOLS_TRAFFIC_STRANDS_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "tools/traffic/pattern.h"

namespace tutti::traffic {

struct Strand {
  uint64_t first_byte = 0;  // of the vector
  uint64_t end_byte = 0;
  std::vector<std::pair<int, int>> ends;  // from, to; ascending
  Pattern pattern;
};

// In the order of the vector. Empty where there are not two to `most` of them, one of them makes no rings or trees, or
// a schedule does not tell where in the vector a message's bytes belong (collectives of blocks, partial results in
// scratch memory).
std::vector<Strand> StrandsOf(const Shape& shape, simulate::BuildSchedule build, size_t most);

}  // namespace tutti::traffic

#endif  // TUTTI_TOOLS_TRAFFIC_STRANDS_H_
