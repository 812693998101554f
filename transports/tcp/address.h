// SPDX-License-Identifier: Apache-2.0
// Where an endpoint listens, and which one it is. The random endpoint id tells a live endpoint from another process
// that was given the same port later.
#ifndef TUTTI_TRANSPORTS_TCP_ADDRESS_H_
#define TUTTI_TRANSPORTS_TCP_ADDRESS_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tutti::tcp {

using EndpointId = std::array<uint8_t, 16>;

// An IPv4 or IPv6 socket address.
struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t bytes = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  uint16_t port() const;
  bool IsWildcard() const;
  std::string ToString() const;  // "10.0.0.1:4711", "[fe80::1]:4711"

  // Parses a numeric address ("10.0.0.1", "::1", "fe80::1%eth0"); the port becomes 0.
  static absl::StatusOr<SocketAddress> ParseNumeric(absl::string_view text);
};

struct TcpAddress {
  SocketAddress socket;
  EndpointId endpoint = {};

  // version 1 | family 1 (4 or 6) | port 2 | ip 16 | endpoint 16
  std::string Encode() const;
  static absl::StatusOr<TcpAddress> Decode(absl::string_view blob);
};

}  // namespace tutti::tcp

#endif  // TUTTI_TRANSPORTS_TCP_ADDRESS_H_
