// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "lib/bootstrap/parse_value.h"

namespace tutti {
namespace {

constexpr uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

IpAddress FromV6(const in6_addr& native) {
  IpAddress address;
  if (std::memcmp(&native, kMappedPrefix, sizeof kMappedPrefix) == 0) {
    std::memcpy(address.bytes.data(), reinterpret_cast<const uint8_t*>(&native) + sizeof kMappedPrefix, 4);
    return address;
  }
  address.is_v6 = true;
  std::memcpy(address.bytes.data(), &native, 16);
  return address;
}

}  // namespace

std::optional<IpAddress> IpAddress::Parse(absl::string_view text) {
  const std::string terminated(text);
  in6_addr v6 = {};
  if (inet_pton(AF_INET6, terminated.c_str(), &v6) == 1) return FromV6(v6);
  IpAddress address;
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

bool IpAddress::IsLoopback() const {
  if (!is_v6) return bytes[0] == 127;
  return std::all_of(bytes.begin(), bytes.end() - 1, [](uint8_t byte) { return byte == 0; }) && bytes[15] == 1;
}

bool IpAddress::IsAny() const {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

bool IpAddress::IsLinkLocal() const {
  return is_v6 ? bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80 : bytes[0] == 169 && bytes[1] == 254;
}

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(is_v6 ? AF_INET6 : AF_INET, bytes.data(), text, sizeof text);
  return text;
}

std::optional<SocketAddress> SocketAddress::FromNative(const sockaddr* native) {
  if (native == nullptr) return std::nullopt;
  SocketAddress address;
  if (native->sa_family == AF_INET) {
    sockaddr_in v4 = {};
    std::memcpy(&v4, native, sizeof v4);
    std::memcpy(address.ip.bytes.data(), &v4.sin_addr, 4);
    address.port = ntohs(v4.sin_port);
    return address;
  }
  if (native->sa_family == AF_INET6) {
    sockaddr_in6 v6 = {};
    std::memcpy(&v6, native, sizeof v6);
    address.ip = FromV6(v6.sin6_addr);
    address.port = ntohs(v6.sin6_port);
    address.scope = v6.sin6_scope_id;
    return address;
  }
  return std::nullopt;
}

socklen_t SocketAddress::ToNative(sockaddr_storage* native) const {
  *native = {};
  if (!ip.is_v6) {
    sockaddr_in v4 = {};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, ip.bytes.data(), 4);
    std::memcpy(native, &v4, sizeof v4);
    return sizeof v4;
  }
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_scope_id = scope;
  std::memcpy(&v6.sin6_addr, ip.bytes.data(), 16);
  std::memcpy(native, &v6, sizeof v6);
  return sizeof v6;
}

std::string SocketAddress::ToString() const {
  return ip.is_v6 ? absl::StrCat("[", ip.ToString(), "]:", port) : absl::StrCat(ip.ToString(), ":", port);
}

std::optional<IpBlock> IpBlock::Parse(absl::string_view text) {
  const size_t slash = text.find('/');
  const std::optional<IpAddress> base = IpAddress::Parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  const int all_bits = base->is_v6 ? 128 : 32;
  if (slash == absl::string_view::npos) return IpBlock{*base, all_bits};
  const std::optional<int> bits = ParseNumber(text.substr(slash + 1), 0, all_bits);
  if (!bits) return std::nullopt;
  return IpBlock{*base, *bits};
}

bool IpBlock::Contains(const IpAddress& address) const {
  if (address.is_v6 != base.is_v6) return false;
  for (int bit = 0; bit < prefix_bits; ++bit) {
    const size_t byte = static_cast<size_t>(bit / 8);
    const int mask = 0x80 >> (bit % 8);
    if ((address.bytes[byte] & mask) != (base.bytes[byte] & mask)) return false;
  }
  return true;
}

}  // namespace tutti
