// SPDX-License-Identifier: Apache-2.0
// Network addresses as values. Nothing here resolves names or touches a socket.
#ifndef TUTTI_LIB_BOOTSTRAP_IP_ADDRESS_H_
#define TUTTI_LIB_BOOTSTRAP_IP_ADDRESS_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace tutti {

// An IPv4 or IPv6 address. An IPv4 address in IPv6 clothing (::ffff:a.b.c.d) is held as the IPv4 address it is.
struct IpAddress {
  bool is_v6 = false;
  std::array<uint8_t, 16> bytes = {};  // IPv4: the first four

  static std::optional<IpAddress> Parse(absl::string_view text);  // numeric only
  static IpAddress Loopback() { return {false, {127, 0, 0, 1}}; }

  bool IsLoopback() const;   // 127.0.0.0/8, ::1
  bool IsAny() const;        // 0.0.0.0, ::
  bool IsLinkLocal() const;  // 169.254.0.0/16, fe80::/10: mean something on one link only
  std::string ToString() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

struct SocketAddress {
  IpAddress ip;
  uint16_t port = 0;
  uint32_t scope = 0;  // IPv6 link-local: index of the interface

  // Nothing for other families.
  static std::optional<SocketAddress> FromNative(const sockaddr* native);
  socklen_t ToNative(sockaddr_storage* native) const;
  std::string ToString() const;  // "10.0.0.1:80", "[fd00::1]:80"

  friend bool operator==(const SocketAddress&, const SocketAddress&) = default;
};

// A CIDR block, "10.0.0.0/8"; an address alone is a block of one.
struct IpBlock {
  IpAddress base;
  int prefix_bits = 0;

  static std::optional<IpBlock> Parse(absl::string_view text);
  bool Contains(const IpAddress& address) const;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_IP_ADDRESS_H_
