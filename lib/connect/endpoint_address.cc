// SPDX-License-Identifier: Apache-2.0
#include "lib/connect/endpoint_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace tutti::connect {
namespace {

constexpr char kVersion = 1;
constexpr size_t kBlobBytes = 36;
constexpr size_t kIpAt = 4;
constexpr size_t kEndpointAt = 20;

const sockaddr_in& AsV4(const sockaddr_storage& storage) { return reinterpret_cast<const sockaddr_in&>(storage); }
const sockaddr_in6& AsV6(const sockaddr_storage& storage) { return reinterpret_cast<const sockaddr_in6&>(storage); }

constexpr char kUnixPrefix[] = "tutti-";
constexpr size_t kUnixNameAt = 1 + sizeof(kUnixPrefix) - 1;  // in sun_path, behind the zero byte of abstract names

// The 16 bytes that an abstract name was made of.
std::array<uint8_t, 16> UnixName(const sockaddr_storage& storage) {
  const auto& un = reinterpret_cast<const sockaddr_un&>(storage);
  const std::string bytes = absl::HexStringToBytes(absl::string_view(un.sun_path + kUnixNameAt, 32));
  std::array<uint8_t, 16> name = {};
  std::memcpy(name.data(), bytes.data(), std::min(bytes.size(), name.size()));
  return name;
}

}  // namespace

SocketAddress SocketAddress::Unix(const std::array<uint8_t, 16>& name) {
  SocketAddress address;
  auto& un = reinterpret_cast<sockaddr_un&>(address.storage);
  un.sun_family = AF_UNIX;
  const std::string text = absl::StrCat(
      kUnixPrefix, absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(name.data()), name.size())));
  std::memcpy(un.sun_path + 1, text.data(), text.size());
  address.bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  return address;
}

uint16_t SocketAddress::port() const {
  if (family() == AF_UNIX) return 0;
  return ntohs(family() == AF_INET6 ? AsV6(storage).sin6_port : AsV4(storage).sin_port);
}

bool SocketAddress::IsWildcard() const {
  if (family() == AF_UNIX) return false;
  if (family() == AF_INET6) return IN6_IS_ADDR_UNSPECIFIED(&AsV6(storage).sin6_addr);
  return AsV4(storage).sin_addr.s_addr == htonl(INADDR_ANY);
}

std::string SocketAddress::ToString() const {
  if (family() == AF_UNIX) {
    const auto& un = reinterpret_cast<const sockaddr_un&>(storage);
    return absl::StrCat("unix:@", absl::string_view(un.sun_path + 1, bytes - offsetof(sockaddr_un, sun_path) - 1));
  }
  char host[INET6_ADDRSTRLEN] = "?";
  if (family() == AF_INET6) {
    inet_ntop(AF_INET6, &AsV6(storage).sin6_addr, host, sizeof(host));
    return absl::StrCat("[", host, "]:", port());
  }
  inet_ntop(AF_INET, &AsV4(storage).sin_addr, host, sizeof(host));
  return absl::StrCat(host, ":", port());
}

absl::StatusOr<SocketAddress> SocketAddress::ParseNumeric(absl::string_view text) {
  addrinfo hints = {};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(std::string(text).c_str(), nullptr, &hints, &found);
  if (error != 0 || found == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not a numeric IPv4 or IPv6 address"));
  }
  SocketAddress address;
  address.bytes = std::min<socklen_t>(found->ai_addrlen, sizeof(address.storage));
  std::memcpy(&address.storage, found->ai_addr, address.bytes);
  ::freeaddrinfo(found);
  return address;
}

std::string EndpointAddress::Encode() const {
  std::string blob(kBlobBytes, '\0');
  blob[0] = kVersion;
  const uint16_t port_be = htons(socket.port());
  std::memcpy(&blob[2], &port_be, sizeof(port_be));
  if (socket.family() == AF_UNIX) {
    blob[1] = 1;
    const std::array<uint8_t, 16> name = UnixName(socket.storage);
    std::memcpy(&blob[kIpAt], name.data(), name.size());
  } else if (socket.family() == AF_INET6) {
    blob[1] = 6;
    std::memcpy(&blob[kIpAt], &AsV6(socket.storage).sin6_addr, 16);
  } else {
    blob[1] = 4;
    std::memcpy(&blob[kIpAt], &AsV4(socket.storage).sin_addr, 4);
  }
  std::memcpy(&blob[kEndpointAt], endpoint.data(), endpoint.size());
  return blob;
}

absl::StatusOr<EndpointAddress> EndpointAddress::Decode(absl::string_view blob) {
  if (blob.size() != kBlobBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("an endpoint's address has ", kBlobBytes, " bytes; this one has ", blob.size()));
  }
  if (blob[0] != kVersion) {
    return absl::InvalidArgumentError(absl::StrCat("an endpoint's address of unknown version ",
                                                   static_cast<uint8_t>(blob[0]),
                                                   "; do all ranks run the same tutti?"));
  }
  EndpointAddress address;
  uint16_t port_be = 0;
  std::memcpy(&port_be, &blob[2], sizeof(port_be));
  const bool is_unix = blob[1] == 1;
  if ((port_be == 0) != is_unix) return absl::InvalidArgumentError("an address whose port does not fit its family");
  if (is_unix) {
    std::array<uint8_t, 16> name;
    std::memcpy(name.data(), &blob[kIpAt], name.size());
    address.socket = SocketAddress::Unix(name);
  } else if (blob[1] == 4) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.socket.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = port_be;
    std::memcpy(&v4.sin_addr, &blob[kIpAt], 4);
    address.socket.bytes = sizeof(v4);
  } else if (blob[1] == 6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.socket.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = port_be;
    std::memcpy(&v6.sin6_addr, &blob[kIpAt], 16);
    address.socket.bytes = sizeof(v6);
  } else {
    return absl::InvalidArgumentError("an endpoint's address of unknown family");
  }
  if (address.socket.IsWildcard()) return absl::InvalidArgumentError("an endpoint's address without a host");
  std::memcpy(address.endpoint.data(), &blob[kEndpointAt], address.endpoint.size());
  return address;
}

}  // namespace tutti::connect
