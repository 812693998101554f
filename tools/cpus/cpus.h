// SPDX-License-Identifier: Apache-2.0
// The CPUs that a process may use.
#ifndef TUTTI_TOOLS_CPUS_CPUS_H_
#define TUTTI_TOOLS_CPUS_CPUS_H_

#include <vector>

namespace tutti {

// Of this thread, ascending. Empty, with errno, if the kernel does not say.
std::vector<int> AllowedCpus();

// Lets this thread, and what it starts from now on, use that CPU only. False with errno.
bool BindTo(int cpu);

}  // namespace tutti

#endif  // TUTTI_TOOLS_CPUS_CPUS_H_
