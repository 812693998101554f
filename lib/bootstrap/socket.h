// SPDX-License-Identifier: Apache-2.0
// The few socket operations that the control plane needs: non-blocking, close-on-exec, never raising SIGPIPE, and each
// wait under a deadline of the monotonic clock. It never knows what the bytes mean.
#ifndef TUTTI_LIB_BOOTSTRAP_SOCKET_H_
#define TUTTI_LIB_BOOTSTRAP_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/unique_fd.h"
#include "lib/bootstrap/ip_address.h"

namespace tutti {

// A connection over which nothing is acknowledged for this long is given up: so long does a vanished host go unnoticed.
inline constexpr int64_t kVanishedHostNs = 10'000'000'000;

// A listening socket at an address; port 0: the kernel picks one.
absl::StatusOr<UniqueFd> ListenAt(const SocketAddress& address);

// The same on all addresses of this host, IPv4 and IPv6 where it has both.
absl::StatusOr<UniqueFd> ListenEverywhere(uint16_t port);

// Unavailable if nobody listens there or answers, DeadlineExceeded when time is up.
absl::StatusOr<UniqueFd> ConnectTo(const SocketAddress& address, int64_t deadline_ns);

// Small messages at once, keep-alive, and the time limit above. For connected sockets.
void TuneConnection(int fd);

std::optional<SocketAddress> LocalAddress(int fd);
std::optional<SocketAddress> RemoteAddress(int fd);

// What one attempt to move bytes came to.
struct IoResult {
  size_t bytes = 0;
  bool would_block = false;
  bool closed = false;  // end of stream, or an error
  int error = 0;        // errno, if it was an error
};
IoResult SendSome(int fd, absl::string_view bytes);
IoResult ReceiveSome(int fd, char* out, size_t bytes);

// "its control connection was closed without a goodbye", for a result with closed == true.
std::string DescribeLoss(const IoResult& result);

// Waits for the bytes to be handed over, or received in full. Unavailable when the connection is lost,
// DeadlineExceeded.
absl::Status SendAll(int fd, absl::string_view bytes, int64_t deadline_ns);
absl::Status ReceiveExactly(int fd, char* out, size_t bytes, int64_t deadline_ns);

// Waits until the descriptor is ready for any of the poll(2) events. False at the deadline.
bool WaitReady(int fd, short events, int64_t deadline_ns);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_SOCKET_H_
