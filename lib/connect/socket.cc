// SPDX-License-Identifier: Apache-2.0
#include "lib/connect/socket.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace tutti::connect {
namespace {

void SetInt(int fd, int level, int name, int value) { (void)::setsockopt(fd, level, name, &value, sizeof(value)); }

// Before listen and connect, because the window scale is agreed in the first packet.
void SetBufferSizes(int fd, const ConnectOptions& options) {
  if (options.socket_send_bytes > 0) SetInt(fd, SOL_SOCKET, SO_SNDBUF, options.socket_send_bytes);
  if (options.socket_receive_bytes > 0) SetInt(fd, SOL_SOCKET, SO_RCVBUF, options.socket_receive_bytes);
}

bool SameHost(const SocketAddress& a, const SocketAddress& b) {
  if (a.family() != b.family()) return false;
  if (a.family() == AF_INET6) {
    return IN6_ARE_ADDR_EQUAL(&reinterpret_cast<const sockaddr_in6&>(a.storage).sin6_addr,
                              &reinterpret_cast<const sockaddr_in6&>(b.storage).sin6_addr);
  }
  return a.family() == AF_INET && reinterpret_cast<const sockaddr_in&>(a.storage).sin_addr.s_addr ==
                                      reinterpret_cast<const sockaddr_in&>(b.storage).sin_addr.s_addr;
}

// What is on its way there lies in the kernel's memory: left alone the kernel keeps more of it than caches hold (all_reduce
// of 4 MiB between two ranks: 1.7 ms, with 128 KiB 1.1). Less than half of that makes a sender wait for acknowledgements that
// are late on purpose.
void TuneOneHost(int fd, const SocketAddress& here, const SocketAddress& there, const ConnectOptions& options) {
  if (options.socket_send_bytes > 0 || options.one_host_send_bytes == 0 || !SameHost(here, there)) return;
  SetInt(fd, SOL_SOCKET, SO_SNDBUF, options.one_host_send_bytes);
}

absl::StatusOr<UniqueFd> NewSocket(int family) {
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return absl::UnavailableError(absl::StrCat("cannot make a socket: ", SocketErrorName(errno)));
  return fd;
}

// Options that the kernel lacks are not missed.
void Tune(int fd, const ConnectOptions& options) {
  int family = 0;
  socklen_t bytes = sizeof(family);
  if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &bytes) == 0 && family == AF_UNIX) return;
  SetInt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  const int64_t dead_ms = std::max<int64_t>(options.dead_peer_timeout_ns / kNsPerMs, 1000);
  SetInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(std::min<int64_t>(dead_ms, INT32_MAX)));
  const int interval_s = static_cast<int>(std::clamp<int64_t>(dead_ms / 4000, 1, 3600));
  SetInt(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetInt(fd, IPPROTO_TCP, TCP_KEEPIDLE, interval_s);
  SetInt(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval_s);
  SetInt(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace

absl::StatusOr<UniqueFd> Listen(SocketAddress* address, const ConnectOptions& options) {
  absl::StatusOr<UniqueFd> fd = NewSocket(address->family());
  if (!fd.ok()) return fd;
  SetBufferSizes(fd->get(), options);
  if (::bind(fd->get(), address->get(), address->bytes) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", address->ToString(), ": ", SocketErrorName(errno),
                                               "; is it an address of this host?"));
  }
  // The kernel caps the queue at net.core.somaxconn.
  if (::listen(fd->get(), 4096) != 0 || ::getsockname(fd->get(), address->get(), &address->bytes) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", address->ToString(), ": ", SocketErrorName(errno)));
  }
  return fd;
}

absl::StatusOr<UniqueFd> BeginConnect(const SocketAddress& source, const SocketAddress& target,
                                      const ConnectOptions& options) {
  absl::StatusOr<UniqueFd> fd = NewSocket(target.family());
  if (!fd.ok()) return fd;
  SetBufferSizes(fd->get(), options);
  Tune(fd->get(), options);
  TuneOneHost(fd->get(), source, target, options);
  SocketAddress to = target;
  if (source.family() == target.family() && target.family() != AF_UNIX) {
    SocketAddress from = source;
    if (from.family() == AF_INET6) {
      auto& from6 = reinterpret_cast<sockaddr_in6&>(from.storage);
      auto& to6 = reinterpret_cast<sockaddr_in6&>(to.storage);
      from6.sin6_port = 0;
      // A link-local address means nothing without its link, and the peer's number for the link means nothing here.
      if (IN6_IS_ADDR_LINKLOCAL(&to6.sin6_addr)) to6.sin6_scope_id = from6.sin6_scope_id;
    } else {
      reinterpret_cast<sockaddr_in&>(from.storage).sin_port = 0;
    }
    SetInt(fd->get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (::bind(fd->get(), from.get(), from.bytes) != 0) {
      return absl::UnavailableError(
          absl::StrCat("cannot connect from ", from.ToString(), ": ", SocketErrorName(errno)));
    }
  }
  if (::connect(fd->get(), to.get(), to.bytes) != 0 && errno != EINPROGRESS) {
    return absl::UnavailableError(SocketErrorName(errno));
  }
  return fd;
}

int ConnectError(int fd) {
  int error = 0;
  socklen_t bytes = sizeof(error);
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) return errno;
  return error;
}

void TuneAccepted(int fd, const ConnectOptions& options) {
  Tune(fd, options);
  SocketAddress here, there;
  here.bytes = there.bytes = sizeof(sockaddr_storage);
  if (::getsockname(fd, here.get(), &here.bytes) != 0 || ::getpeername(fd, there.get(), &there.bytes) != 0) return;
  TuneOneHost(fd, here, there, options);
}

std::string SocketErrorName(int error) {
  switch (error) {
    case ECONNRESET:
    case EPIPE:
      return "connection reset by the peer";
    case ECONNREFUSED:
      return "connection refused";
    case ETIMEDOUT:
      return "the peer's host does not answer";
    default:
      return absl::AsciiStrToLower(std::generic_category().message(error));
  }
}

}  // namespace tutti::connect
