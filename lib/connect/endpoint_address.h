// SPDX-License-Identifier: Apache-2.0
// Where an endpoint listens, and which one it is. The random endpoint id tells a live endpoint from another process
// that was given the same port later.
#ifndef TUTTI_LIB_CONNECT_ENDPOINT_ADDRESS_H_
#define TUTTI_LIB_CONNECT_ENDPOINT_ADDRESS_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tutti::connect {

using EndpointId = std::array<uint8_t, 16>;

// An IPv4 or IPv6 socket address, or a name of the abstract Unix namespace (which leaves no file behind).
struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t bytes = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  uint16_t port() const;
  bool IsWildcard() const;
  std::string ToString() const;  // "10.0.0.1:4711", "[fe80::1]:4711", "unix:@tutti-0123..."

  // Parses a numeric address ("10.0.0.1", "::1", "fe80::1%eth0"); the port becomes 0.
  static absl::StatusOr<SocketAddress> ParseNumeric(absl::string_view text);
  // The abstract name "tutti-" and these bytes in hexadecimal.
  static SocketAddress Unix(const std::array<uint8_t, 16>& name);
};

struct EndpointAddress {
  SocketAddress socket;
  EndpointId endpoint = {};

  // version 1 | family 1 (4, 6, or 1 for Unix) | port 2 | ip or name 16 | endpoint 16
  std::string Encode() const;
  static absl::StatusOr<EndpointAddress> Decode(absl::string_view blob);
};

}  // namespace tutti::connect

#endif  // TUTTI_LIB_CONNECT_ENDPOINT_ADDRESS_H_
