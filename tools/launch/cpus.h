// SPDX-License-Identifier: Apache-2.0
// The CPUs that a process may use.
#ifndef TUTTI_TOOLS_LAUNCH_CPUS_H_
#define TUTTI_TOOLS_LAUNCH_CPUS_H_

#include <string>
#include <vector>

namespace tutti::launch {

// Of this thread, in their order. Empty, with a sentence in *error, if the kernel does not say.
std::vector<int> AllowedCpus(std::string* error);

// Lets this thread, and what it starts from now on, use that CPU only. False with errno.
bool BindTo(int cpu);

}  // namespace tutti::launch

#endif  // TUTTI_TOOLS_LAUNCH_CPUS_H_
