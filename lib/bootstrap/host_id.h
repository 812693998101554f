// SPDX-License-Identifier: Apache-2.0
// Who this host is, to people and to tutti.
#ifndef TUTTI_LIB_BOOTSTRAP_HOST_ID_H_
#define TUTTI_LIB_BOOTSTRAP_HOST_ID_H_

#include <string>

namespace tutti {

// For people; "?" if the system has none.
std::string HostName();

// Equal for two processes exactly if they can share memory the way tutti's transports do it: descriptors (memfd) over
// abstract Unix sockets, and reading each other's memory by process id. That takes the same boot of the same kernel,
// and the same network, pid and user namespaces. Mount and ipc namespaces do not matter, as nothing goes through files
// or System V. If the kernel's boot id cannot be read, the id is one that no other process has: nothing is shared,
// nothing breaks.
std::string HostId();

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_HOST_ID_H_
