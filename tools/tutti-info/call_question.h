// SPDX-License-Identifier: Apache-2.0
// What the views of a collective (--explain, --topology COLLECTIVE SIZE) ask in common: on which cluster, which
// collective, and what the user's variables say of its algorithm.
#ifndef TUTTI_TOOLS_TUTTI_INFO_CALL_QUESTION_H_
#define TUTTI_TOOLS_TUTTI_INFO_CALL_QUESTION_H_

#include <string>

#include "absl/status/statusor.h"

#include "collectives/select/select.h"
#include "collectives/simulate/cluster.h"
#include "lib/bootstrap/settings.h"
#include "tools/tutti-info/options.h"

namespace tutti::info {

// The calibration's costs, and the cluster's places over them.
absl::StatusOr<simulate::ClusterSpec> ReadSpec(const Options& options);

// Which wish serves the shape, and where it is from; no algorithm: none.
struct Wish {
  const Algorithm* algorithm = nullptr;
  std::string origin;
  bool even_in_windows = false;  // also where ranks share memory, and the library has something better for them
};
absl::StatusOr<Wish> WishFor(const Shape& shape, const JobSettings& settings);

// The rule by which the library chooses without a wish; `crowded`: ranks outnumber cores.
std::string WhyByRules(const Shape& shape, bool crowded);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_CALL_QUESTION_H_
