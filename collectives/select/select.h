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

// The user's wishes: "all_reduce:ring,broadcast:binomial". An empty text is no wish. Errors quote the bad spot, say what was
// expected, and list the valid names.
struct AlgorithmOverrides {
  std::array<const Algorithm*, kNumCollectives> by_collective{};  // nullptr: the library chooses
  static absl::StatusOr<AlgorithmOverrides> Parse(absl::string_view text);
};

struct Choice {
  const Algorithm* algorithm = nullptr;
  uint64_t segment_bytes = 0;
};

// `wish` may be nullptr.
Choice ChooseAlgorithm(const Shape& shape, const Algorithm* wish);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_SELECT_SELECT_H_
