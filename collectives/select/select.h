// SPDX-License-Identifier: Apache-2.0
// Which algorithm and segment size a call uses. The same answer on all ranks for the same shape.
#ifndef TUTTI_COLLECTIVES_SELECT_SELECT_H_
#define TUTTI_COLLECTIVES_SELECT_SELECT_H_

#include <array>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "collectives/algorithms/registry.h"
#include "collectives/schedule/shape.h"

namespace tutti {

// The user's wishes: "all_reduce:ring,broadcast:binomial". An empty text is no wish. Errors quote the bad spot, say
// what was expected, and list the valid names.
struct AlgorithmOverrides {
  std::array<const Algorithm*, kNumCollectives> by_collective{};  // nullptr: the library chooses
  static absl::StatusOr<AlgorithmOverrides> Parse(absl::string_view text);
};

// The collective's algorithm of that name. An error quotes the name, suggests the nearest one and lists the valid ones.
absl::StatusOr<const Algorithm*> ParseAlgorithm(Collective collective, absl::string_view name);

struct Choice {
  const Algorithm* algorithm = nullptr;
  uint64_t segment_bytes = 0;
};

// `wish` may be nullptr, else an algorithm for shape.collective; one that cannot have the shape's uneven blocks is no wish. A segment size in the shape is kept; otherwise 0 in
// the choice stands for the algorithm's own default.
Choice ChooseAlgorithm(const Shape& shape, const Algorithm* wish, bool share_memory = false);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_SELECT_SELECT_H_
