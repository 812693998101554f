// SPDX-License-Identifier: Apache-2.0
// Proves for one rank that steps which touch the same bytes, one of them writing, are ordered by dependencies. Then the
// values do not depend on timing, and running the steps in any one legal order finds them all.
#ifndef TUTTI_COLLECTIVES_CHECK_RACES_H_
#define TUTTI_COLLECTIVES_CHECK_RACES_H_

#include "absl/status/status.h"

#include "collectives/check/program.h"

namespace tutti::check {

// A step counts as touching its bytes for all the time from its begin to its end: a receive may write at any moment in
// between, a send may read. Only this rank's dependencies order its steps; order that happens to arise by way of
// messages through other ranks does not count.
absl::Status CheckRaces(const Program& program, int rank);

}  // namespace tutti::check

#endif  // TUTTI_COLLECTIVES_CHECK_RACES_H_
