// SPDX-License-Identifier: Apache-2.0
// Where devices and this process are in the machine: a device of another NUMA node is reached through a second bus.
#ifndef TUTTI_TRANSPORTS_VERBS_LOCALITY_H_
#define TUTTI_TRANSPORTS_VERBS_LOCALITY_H_

#include <sched.h>

#include <string>

#include "absl/strings/string_view.h"

namespace tutti::verbs {

inline constexpr int kAnywhere = -1;

// As the kernel says it; kAnywhere if it does not, as for soft-RoCE.
int NumaNodeOfDevice(const std::string& device);

// The node that holds all CPUs that this process may use; kAnywhere if they are of several nodes, or it is not known.
int NumaNodeOfThisProcess();

// Whether all CPUs of the set are in a list like "0-3,8,10-11". False for a malformed list and an empty set.
bool AreCpusIn(const cpu_set_t& cpus, absl::string_view list);

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_LOCALITY_H_
