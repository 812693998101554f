// SPDX-License-Identifier: Apache-2.0
// Finds the name that somebody probably meant to write.
#ifndef TUTTI_LIB_BOOTSTRAP_EDIT_DISTANCE_H_
#define TUTTI_LIB_BOOTSTRAP_EDIT_DISTANCE_H_

#include <cstddef>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace tutti {

// How many single characters must be inserted, removed, replaced or swapped with their neighbour to make b from a.
// (Restricted Damerau-Levenshtein distance.)
size_t EditDistance(absl::string_view a, absl::string_view b);

// The candidate with the smallest distance, the first of several; "" if there is no candidate.
absl::string_view NearestName(absl::string_view name, absl::Span<const absl::string_view> candidates);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_EDIT_DISTANCE_H_
