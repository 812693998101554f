// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/resolve_host.h"

#include <dlfcn.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/bootstrap/signals_blocked.h"
#include "lib/bootstrap/timed_wait.h"

namespace tutti {
namespace {

// A question to the system's resolver, asked on a thread of its own: it cannot be interrupted. Whoever lets go of it last, the
// asker or that thread, takes it away.
struct Question {
  explicit Question(const std::string& name) : host(name) {}
  ~Question() {
    if (found != nullptr) freeaddrinfo(found);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  void Ask() {
    addrinfo hints = {};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    const int result = getaddrinfo(host.c_str(), nullptr, &hints, &first);
    std::lock_guard<std::mutex> lock(mutex);
    error = result;
    found = first;
    answered = true;
    changed.notify_all();
  }

  const std::string host;
  std::mutex mutex;
  std::condition_variable changed;
  bool answered = false;  // guarded by mutex, as all below
  int error = 0;
  addrinfo* found = nullptr;
};

absl::Status AskOnAThread(const std::shared_ptr<Question>& question) {
  const SignalsBlocked blocked;
  try {
    std::thread([question] { question->Ask(); }).detach();
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there is no thread to resolve host name \"", question->host, "\": ", error.what()));
  }
  return absl::OkStatus();
}

// The thread goes on with this library's code: an application that unloads it must not take that away.
void StayLoaded() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&StayLoaded), &info) != 0 && info.dli_fname != nullptr) {
    (void)dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
  }
}

}  // namespace

absl::StatusOr<std::vector<SocketAddress>> ResolveHost(const std::string& host, uint16_t port, int64_t deadline_ns) {
  if (const std::optional<IpAddress> ip = IpAddress::Parse(host)) return std::vector<SocketAddress>{{*ip, port}};
  const auto question = std::make_shared<Question>(host);
  const absl::Status asked = AskOnAThread(question);
  if (!asked.ok()) return asked;
  std::unique_lock<std::mutex> lock(question->mutex);
  if (!WaitUntil(lock, question->changed, deadline_ns, [&] { return question->answered; })) {
    StayLoaded();
    return absl::DeadlineExceededError(
        absl::StrCat("host name \"", host, "\" has not been resolved in time: a name server does not answer (see ",
                     "/etc/resolv.conf); wait for longer (TUTTI_TIMEOUT), or name the host by its address"));
  }
  if (question->error != 0) {
    return absl::UnavailableError(
        absl::StrCat("host name \"", host, "\" does not resolve: ", gai_strerror(question->error)));
  }
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = question->found; entry != nullptr; entry = entry->ai_next) {
    std::optional<SocketAddress> address = SocketAddress::FromNative(entry->ai_addr);
    if (!address) continue;
    address->port = port;
    if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) addresses.push_back(*address);
  }
  if (addresses.empty()) return absl::UnavailableError(absl::StrCat("host name \"", host, "\" has no IP address"));
  return addresses;
}

}  // namespace tutti
