// SPDX-License-Identifier: Apache-2.0
// How many cores this host has for its ranks, and whether they are too few.
#ifndef TUTTI_LIB_CAPI_CORES_H_
#define TUTTI_LIB_CAPI_CORES_H_

#include "lib/bootstrap/settings.h"

namespace tutti {

// That the ranks of this host have together. A launcher that binds each rank to one core leaves this rank no view of the
// others' cores; then those of the host count.
int CoresOfHost();

// As far as this rank knows: one that is not told how many ranks its host has takes it that all are here.
bool RanksOutnumberCores(const JobSettings& settings);

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_CORES_H_
