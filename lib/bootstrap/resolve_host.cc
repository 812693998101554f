// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/resolve_host.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"

namespace tutti {
namespace {

// A question to the resolver, which it answers on a thread of its own (of the C library, which outlives this one).
struct Question {
  std::string host;
  addrinfo hints = {};
  gaicb control = {};

  explicit Question(const std::string& name) : host(name) {
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    control.ar_name = host.c_str();
    control.ar_request = &hints;
  }
  ~Question() {
    if (control.ar_result != nullptr) freeaddrinfo(control.ar_result);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;
};

// The resolver's error; EAI_INPROGRESS: time is up.
int WaitFor(Question& question, int64_t deadline_ns) {
  const gaicb* const list[] = {&question.control};
  while (true) {
    const int error = gai_error(&question.control);
    const int64_t left_ns = deadline_ns - MonotonicClock().NowNs();
    if (error != EAI_INPROGRESS || left_ns <= 0) return error;
    const timespec timeout = {left_ns / kNsPerSecond, left_ns % kNsPerSecond};
    (void)gai_suspend(list, 1, &timeout);  // an interruption, or an end: looked at above
  }
}

}  // namespace

absl::StatusOr<std::vector<SocketAddress>> ResolveHost(const std::string& host, uint16_t port, int64_t deadline_ns) {
  auto question = std::make_unique<Question>(host);
  gaicb* list[] = {&question->control};
  int error = getaddrinfo_a(GAI_NOWAIT, list, 1, nullptr);
  if (error == 0) error = WaitFor(*question, deadline_ns);
  if (error == EAI_INPROGRESS) {
    // What cannot be cancelled any more is still written to: it is left to the resolver.
    if (gai_cancel(&question->control) != EAI_CANCELED) (void)question.release();
    return absl::DeadlineExceededError(
        absl::StrCat("host name \"", host, "\" has not been resolved in time: a name server does not answer (see ",
                     "/etc/resolv.conf); wait for longer (TUTTI_TIMEOUT), or name the host by its address"));
  }
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat("host name \"", host, "\" does not resolve: ", gai_strerror(error)));
  }
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = question->control.ar_result; entry != nullptr; entry = entry->ai_next) {
    std::optional<SocketAddress> address = SocketAddress::FromNative(entry->ai_addr);
    if (!address) continue;
    address->port = port;
    if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) addresses.push_back(*address);
  }
  if (addresses.empty()) return absl::UnavailableError(absl::StrCat("host name \"", host, "\" has no IP address"));
  return addresses;
}

}  // namespace tutti
