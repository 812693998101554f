// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/socket.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/bootstrap/parse_value.h"

namespace tutti {
namespace {

constexpr int kBacklog = 4096;  // all ranks may knock at once; the kernel caps it at net.core.somaxconn

void SetOption(int fd, int level, int option, int value) {
  // Best effort: a kernel without one of these only finds out later that a host has vanished.
  setsockopt(fd, level, option, &value, sizeof value);
}

absl::StatusOr<UniqueFd> Listen(const SocketAddress& address, bool both_versions) {
  sockaddr_storage native;
  const socklen_t bytes = address.ToNative(&native);
  UniqueFd fd(socket(native.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return absl::UnavailableError(absl::StrCat("cannot open a socket: ", std::strerror(errno)));
  SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (native.ss_family == AF_INET6) SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, both_versions ? 0 : 1);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&native), bytes) != 0 || listen(fd.get(), kBacklog) != 0) {
    const int error = errno;
    const std::string sentence = absl::StrCat("cannot listen at ", address.ToString(), ": ", std::strerror(error));
    if (error == EADDRINUSE) return absl::AlreadyExistsError(sentence);
    if (error == EADDRNOTAVAIL) return absl::NotFoundError(sentence);
    return absl::UnavailableError(sentence);
  }
  return fd;
}

int PollTimeoutMs(int64_t deadline_ns) {
  const int64_t left_ns = deadline_ns - MonotonicClock().NowNs();
  if (left_ns <= 0) return 0;
  return static_cast<int>(std::min<int64_t>((left_ns + kNsPerMs - 1) / kNsPerMs, 60'000));
}

}  // namespace

absl::StatusOr<UniqueFd> ListenAt(const SocketAddress& address) { return Listen(address, /*both_versions=*/false); }

absl::StatusOr<UniqueFd> ListenEverywhere(uint16_t port) {
  SocketAddress any;
  any.port = port;
  any.ip.is_v6 = true;
  absl::StatusOr<UniqueFd> both = Listen(any, /*both_versions=*/true);
  if (both.ok() || both.status().code() == absl::StatusCode::kAlreadyExists) return both;
  any.ip.is_v6 = false;  // a host without IPv6
  return Listen(any, false);
}

absl::StatusOr<UniqueFd> ConnectTo(const SocketAddress& address, int64_t deadline_ns) {
  sockaddr_storage native;
  const socklen_t bytes = address.ToNative(&native);
  UniqueFd fd(socket(native.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return absl::UnavailableError(absl::StrCat("cannot open a socket: ", std::strerror(errno)));
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&native), bytes) != 0) {
    int error = errno;
    if (error == EINPROGRESS || error == EINTR) {
      if (!WaitReady(fd.get(), POLLOUT, deadline_ns)) {
        return absl::DeadlineExceededError(absl::StrCat("no answer from ", address.ToString()));
      }
      socklen_t length = sizeof error;
      if (getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
    }
    if (error != 0) {
      return absl::UnavailableError(absl::StrCat("cannot connect to ", address.ToString(), ": ", std::strerror(error)));
    }
  }
  // A port of this host that nobody listens at can be connected to itself, when the kernel happens to pick it for this
  // end.
  if (LocalAddress(fd.get()) == RemoteAddress(fd.get())) {
    return absl::UnavailableError(absl::StrCat("nobody listens at ", address.ToString()));
  }
  TuneConnection(fd.get());
  return fd;
}

void TuneConnection(int fd) {
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, 3);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, 2);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
  SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(kVanishedHostNs / kNsPerMs));
}

std::optional<SocketAddress> LocalAddress(int fd) {
  sockaddr_storage native = {};
  socklen_t bytes = sizeof native;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&native), &bytes) != 0) return std::nullopt;
  return SocketAddress::FromNative(reinterpret_cast<const sockaddr*>(&native));
}

std::optional<SocketAddress> RemoteAddress(int fd) {
  sockaddr_storage native = {};
  socklen_t bytes = sizeof native;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&native), &bytes) != 0) return std::nullopt;
  return SocketAddress::FromNative(reinterpret_cast<const sockaddr*>(&native));
}

IoResult SendSome(int fd, absl::string_view bytes) {
  while (true) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return {static_cast<size_t>(sent), false, false, 0};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {0, true, false, 0};
    return {0, false, true, errno};
  }
}

IoResult ReceiveSome(int fd, char* out, size_t bytes) {
  while (true) {
    const ssize_t got = recv(fd, out, bytes, 0);
    if (got > 0) return {static_cast<size_t>(got), false, false, 0};
    if (got == 0) return {0, false, true, 0};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {0, true, false, 0};
    return {0, false, true, errno};
  }
}

std::string DescribeLoss(const IoResult& result) {
  switch (result.error) {
    case 0:
      return "its control connection was closed without a goodbye";
    case ECONNRESET:
    case EPIPE:
      return "its control connection was reset";
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return absl::StrCat("its host has not answered for ", DescribeDuration(kVanishedHostNs));
    default:
      return absl::StrCat("its control connection failed: ", std::strerror(result.error));
  }
}

bool WaitReady(int fd, short events, int64_t deadline_ns) {
  while (true) {
    pollfd entry = {fd, events, 0};
    const int timeout_ms = PollTimeoutMs(deadline_ns);
    const int ready = poll(&entry, 1, timeout_ms);
    if (ready > 0) return true;
    if (ready == 0 && MonotonicClock().NowNs() >= deadline_ns) return false;
    if (ready < 0 && errno != EINTR) return true;  // the operation itself will say what is wrong
  }
}

absl::Status SendAll(int fd, absl::string_view bytes, int64_t deadline_ns) {
  while (!bytes.empty()) {
    const IoResult result = SendSome(fd, bytes);
    if (result.closed) return absl::UnavailableError(DescribeLoss(result));
    bytes.remove_prefix(result.bytes);
    if (result.would_block && !WaitReady(fd, POLLOUT, deadline_ns))
      return absl::DeadlineExceededError("it takes no bytes");
  }
  return absl::OkStatus();
}

absl::Status ReceiveExactly(int fd, char* out, size_t bytes, int64_t deadline_ns) {
  while (bytes > 0) {
    const IoResult result = ReceiveSome(fd, out, bytes);
    if (result.closed) return absl::UnavailableError(DescribeLoss(result));
    out += result.bytes;
    bytes -= result.bytes;
    if (result.would_block && !WaitReady(fd, POLLIN, deadline_ns))
      return absl::DeadlineExceededError("it does not answer");
  }
  return absl::OkStatus();
}

}  // namespace tutti
