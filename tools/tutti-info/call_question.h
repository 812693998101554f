// SPDX-License-Identifier: Apache-2.0
// What the views of a collective (--explain, --topology COLLECTIVE SIZE) ask in common: on which cluster, which
// collective, and what the user's variables say of its algorithm.
#ifndef TUTTI_TOOLS_TUTTI_INFO_CALL_QUESTION_H_
#define TUTTI_TOOLS_TUTTI_INFO_CALL_QUESTION_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "collectives/select/select.h"
#include "collectives/simulate/cluster.h"
#include "lib/bootstrap/settings.h"
#include "tools/tutti-info/options.h"

namespace tutti::info {

// The calibration's costs, and the cluster's places over them.
absl::StatusOr<simulate::ClusterSpec> ReadSpec(const Options& options);

std::optional<Collective> CollectiveOf(absl::string_view name);
// A sentence: what it is not, and what there is.
std::string NoCollective(absl::string_view name);

// Which wish serves the shape, and where it is from; no algorithm: none.
struct Wish {
  const Algorithm* algorithm = nullptr;
  std::string origin;
  bool even_in_windows = false;  // also where ranks share memory, and the library has something better for them
};
absl::StatusOr<Wish> WishFor(const Shape& shape, const JobSettings& settings);

// "up to 64 ranks, any size: ring".
std::string RuleText(const SelectionRule& rule);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_CALL_QUESTION_H_
