// SPDX-License-Identifier: Apache-2.0
// What the system says about this host's network interfaces.
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "lib/base/unique_fd.h"
#include "lib/bootstrap/interfaces.h"

namespace tutti {

absl::StatusOr<std::vector<NetworkInterface>> ListInterfaces() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return absl::ErrnoToStatus(errno, "cannot list this host's network interfaces");
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(first, freeifaddrs);
  std::vector<NetworkInterface> interfaces;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    const std::optional<SocketAddress> address = SocketAddress::FromNative(entry->ifa_addr);
    if (address) interfaces.push_back({entry->ifa_name, address->ip, (entry->ifa_flags & IFF_UP) != 0});
  }
  return interfaces;
}

std::optional<IpAddress> DefaultRouteAddress() {
  // Connecting a datagram socket only looks up the route. The targets are reserved for documentation.
  for (const char* target : {"203.0.113.1", "2001:db8::1"}) {
    const SocketAddress to{*IpAddress::Parse(target), 9};
    sockaddr_storage native;
    const socklen_t bytes = to.ToNative(&native);
    const UniqueFd fd(socket(native.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd.valid() || connect(fd.get(), reinterpret_cast<const sockaddr*>(&native), bytes) != 0) continue;
    socklen_t length = sizeof native;
    if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&native), &length) != 0) continue;
    const auto local = SocketAddress::FromNative(reinterpret_cast<const sockaddr*>(&native));
    if (local && !local->ip.IsLoopback() && !local->ip.IsAny()) return local->ip;
  }
  return std::nullopt;
}

}  // namespace tutti
