// SPDX-License-Identifier: Apache-2.0
// Each rank leads a process group of its own, so that what it starts can be found and ended with it.
#ifndef TUTTI_TOOLS_LAUNCH_PROCESS_GROUPS_H_
#define TUTTI_TOOLS_LAUNCH_PROCESS_GROUPS_H_

#include <sys/types.h>

#include <vector>

namespace tutti::launch {

// Groups that are gone are passed over.
void SignalGroups(const std::vector<pid_t>& groups, int signal);

// True if a process of one of the groups still runs; one that has ended and only waits to be reaped does not count.
bool AnyAlive(const std::vector<pid_t>& groups);

}  // namespace tutti::launch

#endif  // TUTTI_TOOLS_LAUNCH_PROCESS_GROUPS_H_
