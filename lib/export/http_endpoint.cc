// SPDX-License-Identifier: Apache-2.0
#include "lib/export/http_endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "lib/base/clock.h"
#include "lib/export/http_request.h"

namespace tutti {
namespace {

constexpr int64_t kPatienceNs = 2 * kNsPerSecond;
constexpr int kBacklog = 16;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

bool ParseAddress(const std::string& text, int port_offset, SocketAddress* out) {
  const size_t colon = text.rfind(':');
  std::string host = colon == std::string::npos ? "127.0.0.1" : text.substr(0, colon);
  int port = 0;
  if (!absl::SimpleAtoi(colon == std::string::npos ? text : text.substr(colon + 1), &port)) return false;
  if (port > 0) port += port_offset;
  if (port < 0 || port > 65535) return false;
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) {
    auto* address = reinterpret_cast<sockaddr_in6*>(&out->storage);
    address->sin6_family = AF_INET6;
    address->sin6_port = htons(static_cast<uint16_t>(port));
    out->size = sizeof *address;
    return ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &address->sin6_addr) == 1;
  }
  auto* address = reinterpret_cast<sockaddr_in*>(&out->storage);
  address->sin_family = AF_INET;
  address->sin_port = htons(static_cast<uint16_t>(port));
  out->size = sizeof *address;
  return ::inet_pton(AF_INET, host.c_str(), &address->sin_addr) == 1;
}

int PortOf(int fd) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0) return 0;
  // The port is at the same place for both families.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Start(const std::string& address, int port_offset,
                                                                  Serve serve) {
  SocketAddress where;
  if (!ParseAddress(address, port_offset, &where)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", address,
                     "\" is no address: it must be a port, or a numeric IPv4 address and a port "
                     "(0.0.0.0:9400), or an IPv6 address in brackets and a port ([::1]:9400)"));
  }
  UniqueFd listener(::socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int one = 1;
  if (!listener.valid() || ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&where.storage), where.size) != 0 ||
      ::listen(listener.get(), kBacklog) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("nobody can be listened to at ", address, ": ", std::strerror(errno)));
  }
  UniqueFd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop.valid()) return absl::ErrnoToStatus(errno, "eventfd");
  const int port = PortOf(listener.get());
  std::unique_ptr<HttpEndpoint> endpoint(
      new HttpEndpoint(std::move(listener), std::move(stop), port, std::move(serve)));
  absl::Status started = endpoint->thread_.Start("tutti-http", [endpoint = endpoint.get()] { endpoint->Run(); });
  if (!started.ok()) return started;
  return endpoint;
}

HttpEndpoint::HttpEndpoint(UniqueFd listener, UniqueFd stop, int port, Serve serve)
    : listener_(std::move(listener)), stop_(std::move(stop)), port_(port), serve_(std::move(serve)) {}

HttpEndpoint::~HttpEndpoint() {
  if (!thread_.InForkedChild()) ::eventfd_write(stop_.get(), 1);
  thread_.Join();
}

void HttpEndpoint::Run() {
  std::vector<pollfd> fds;
  for (;;) {
    fds.assign({{stop_.get(), POLLIN, 0}});
    int64_t next_ns = kForeverNs;
    for (const Connection& connection : connections_) {
      const short wanted = connection.response.empty() ? POLLIN : POLLOUT;
      fds.push_back({connection.fd.get(), wanted, 0});
      next_ns = std::min(next_ns, connection.deadline_ns);
    }
    // Who comes when all places are taken waits in the kernel's queue.
    const bool accepts = connections_.size() < kMaxConnections;
    if (accepts) fds.push_back({listener_.get(), POLLIN, 0});
    const int64_t left_ns = std::max<int64_t>(next_ns - MonotonicClock().NowNs(), 0);
    const int timeout_ms = next_ns == kForeverNs ? -1 : static_cast<int>(left_ns / kNsPerMs + 1);
    if (::poll(fds.data(), fds.size(), timeout_ms) < 0 && errno != EINTR) return;
    if (fds[0].revents != 0) return;
    const int64_t now_ns = MonotonicClock().NowNs();
    const bool somebody = accepts && fds.back().revents != 0;
    size_t i = 1;
    for (auto it = connections_.begin(); it != connections_.end(); ++i) {
      const bool over = (fds[i].revents != 0 && !Advance(*it)) || now_ns >= it->deadline_ns;
      it = over ? connections_.erase(it) : std::next(it);
    }
    if (somebody) Accept();
  }
}

void HttpEndpoint::Accept() {
  UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd.valid()) return;
  Connection& connection = connections_.emplace_back();
  connection.fd = std::move(fd);
  connection.deadline_ns = MonotonicClock().NowNs() + kPatienceNs;
}

bool HttpEndpoint::Advance(Connection& connection) {
  if (connection.response.empty()) {
    char buffer[2048];
    const ssize_t n = ::recv(connection.fd.get(), buffer, sizeof buffer, 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return false;
    connection.received.append(buffer, static_cast<size_t>(n));
    connection.response = Respond(connection.received);
    return true;
  }
  const ssize_t n =
      ::send(connection.fd.get(), connection.response.data(), connection.response.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  connection.response.erase(0, static_cast<size_t>(n));
  if (!connection.response.empty()) return true;
  ::shutdown(connection.fd.get(), SHUT_WR);
  return false;
}

// "" while the request is not complete.
std::string HttpEndpoint::Respond(const std::string& received) const {
  constexpr const char* kPlain = "text/plain; charset=utf-8";
  const HttpRequest request = ParseHttpRequest(received);
  switch (request.state) {
    case HttpRequest::State::kIncomplete:
      return "";
    case HttpRequest::State::kBad:
      return MakeHttpResponse("400 Bad Request", kPlain, "This is no HTTP/1 request.\n");
    case HttpRequest::State::kTooLong:
      return MakeHttpResponse("431 Request Header Fields Too Large", kPlain, "The request's head is too long.\n");
    case HttpRequest::State::kComplete:
      break;
  }
  if (request.method != "GET")
    return MakeHttpResponse("405 Method Not Allowed", kPlain, "Only GET is answered here.\n");
  std::string type;
  std::string body;
  if (!serve_(request.path, &type, &body)) {
    return MakeHttpResponse("404 Not Found", kPlain, "There are /metrics and /telemetry.jsonl here.\n");
  }
  return MakeHttpResponse("200 OK", type, body);
}

}  // namespace tutti
