// SPDX-License-Identifier: Apache-2.0
// Which algorithm and segment size a call uses. The same answer on all ranks for the same shape.
#ifndef TUTTI_COLLECTIVES_SELECT_SELECT_H_
#define TUTTI_COLLECTIVES_SELECT_SELECT_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "collectives/algorithms/registry.h"
#include "collectives/schedule/shape.h"
#include "collectives/select/rules.h"

namespace tutti {

// One wish: an algorithm for some sizes (of TotalBytes) and numbers of ranks; all bounds are included.
struct AlgorithmWish {
  const Algorithm* algorithm = nullptr;
  uint64_t min_bytes = 0;
  uint64_t max_bytes = kAnyBytes;
  int min_ranks = 1;
  int max_ranks = kAnyRanks;
};

// The user's wishes, of which the first that fits counts:
//
//   all_reduce:ring@64K-,recursive_doubling@-4K,broadcast:binomial/2-8
//
// Items are separated by commas or ends of lines: a collective (if it is not the one of the item before), an algorithm, its
// sizes after "@" and its numbers of ranks after "/", each as N, N-, -N or N-M. "#" begins a comment. A text without items is no
// wish. An item that an earlier one leaves nothing to serve is an error. Errors quote the bad spot, say what was expected, and
// list the valid names.
struct AlgorithmOverrides {
  std::array<std::vector<AlgorithmWish>, kNumCollectives> by_collective;
  static absl::StatusOr<AlgorithmOverrides> Parse(absl::string_view text);
  // nullptr: the library chooses. Allocates nothing.
  const Algorithm* For(const Shape& shape) const;
};

// The longest text that Parse takes.
inline constexpr size_t kMaxOverridesBytes = 64 << 10;

// The collective's algorithm of that name. An error quotes the name, suggests the nearest one and lists the valid ones.
absl::StatusOr<const Algorithm*> ParseAlgorithm(Collective collective, absl::string_view name);

struct Choice {
  const Algorithm* algorithm = nullptr;
  uint64_t segment_bytes = 0;
};

// What a choice depends on besides the shape.
struct ChoiceOptions {
  bool share_memory = false;
  bool in_rank_order = false;  // the operation does not commute
  bool crowded = false;        // ranks outnumber cores, so that messages count and not rounds
};

// `wish` may be nullptr, else an algorithm for shape.collective; one that cannot have the shape's uneven blocks, or does not
// keep the rank order that is needed, is no wish. A segment size in the shape is kept; otherwise 0 in the choice stands for the
// algorithm's own default.
Choice ChooseAlgorithm(const Shape& shape, const Algorithm* wish, const ChoiceOptions& options = {});

// The same for a call with a codec; of EncodedAlgorithms, which the shape's collective must have. very_sparse: its codes are so
// few that sending all of them to everyone costs little (Codec::is_very_sparse).
Choice ChooseEncodedAlgorithm(const Shape& shape, const Algorithm* wish, bool very_sparse);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_SELECT_SELECT_H_
