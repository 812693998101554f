// SPDX-License-Identifier: Apache-2.0
// Sockets as this transport wants them: non-blocking, closed on exec, never delayed, and soon aware of a vanished host.
#ifndef TUTTI_LIB_CONNECT_SOCKET_H_
#define TUTTI_LIB_CONNECT_SOCKET_H_

#include <string>

#include "absl/status/statusor.h"

#include "lib/base/unique_fd.h"
#include "lib/connect/connect_options.h"
#include "lib/connect/endpoint_address.h"

namespace tutti::connect {

// Listens on `address` with a port chosen by the kernel, and writes that port into it.
absl::StatusOr<UniqueFd> Listen(SocketAddress* address, const ConnectOptions& options);

// Begins to connect from `source`'s host (any port) to `target`. The socket becomes writable when it stands or failed.
absl::StatusOr<UniqueFd> BeginConnect(const SocketAddress& source, const SocketAddress& target,
                                      const ConnectOptions& options);

// 0 when the connection begun on fd stands, else its errno.
int ConnectError(int fd);

// For sockets given by accept4, which inherit only the buffer sizes.
void TuneAccepted(int fd, const ConnectOptions& options);

// "connection refused", "connection reset by the peer", ...
std::string SocketErrorName(int error);

}  // namespace tutti::connect

#endif  // TUTTI_LIB_CONNECT_SOCKET_H_
