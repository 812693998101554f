// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/rendezvous_address.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/bootstrap/parse_value.h"

namespace tutti {
namespace {

constexpr absl::string_view kTcpScheme = "tcp://";
constexpr absl::string_view kFileScheme = "file://";
constexpr size_t kMaxHostBytes = 253;   // of a DNS name
constexpr size_t kMaxPathBytes = 1024;  // leaves room for the name of the temporary file beside it

bool IsHost(absl::string_view host, bool bracketed) {
  if (host.empty() || host.size() > kMaxHostBytes) return false;
  for (char c : host) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-._", c)) continue;
    if (bracketed && (c == ':' || c == '%')) continue;
    return false;
  }
  return true;
}

}  // namespace

std::string HostPort::ToString() const {
  if (absl::StrContains(host, ':')) return absl::StrCat("[", host, "]:", port);
  return absl::StrCat(host, ":", port);
}

std::optional<HostPort> ParseHostPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  const std::optional<int> port = ParseNumber(text.substr(colon + 1), 1, 65535);
  absl::string_view host = text.substr(0, colon);
  const bool bracketed = absl::ConsumePrefix(&host, "[");
  if (bracketed && !absl::ConsumeSuffix(&host, "]")) return std::nullopt;
  if (!port || !IsHost(host, bracketed)) return std::nullopt;
  return HostPort{std::string(host), *port};
}

std::optional<RendezvousKind> RendezvousKindOf(absl::string_view text) {
  if (absl::ConsumePrefix(&text, kTcpScheme)) {
    if (ParseHostPort(text)) return RendezvousKind::kTcp;
  } else if (absl::ConsumePrefix(&text, kFileScheme)) {
    const bool is_path = absl::StartsWith(text, "/") && !absl::EndsWith(text, "/") && text.size() <= kMaxPathBytes;
    if (is_path && !absl::StrContains(text, '\0')) return RendezvousKind::kFile;
  }
  return std::nullopt;
}

HostPort RendezvousHostPort(absl::string_view text) {
  absl::ConsumePrefix(&text, kTcpScheme);
  return ParseHostPort(text).value_or(HostPort{});
}

std::string RendezvousPath(absl::string_view text) { return std::string(absl::StripPrefix(text, kFileScheme)); }

}  // namespace tutti
