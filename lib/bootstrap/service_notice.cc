// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/service_notice.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/bootstrap/rendezvous_address.h"

namespace tutti {
namespace {

constexpr absl::string_view kHead = "tutti-service-1";
constexpr absl::string_view kEnd = "end";  // a text without it is cut off
constexpr size_t kTicketDigits = 64;

}  // namespace

std::string ServiceNotice::ToText() const {
  std::string text = absl::StrCat(kHead, "\n", ticket, "\n");
  for (size_t i = 0; i < addresses.size() && i < kMaxNoticeAddresses; ++i) {
    absl::StrAppend(&text, addresses[i].ToString(), "\n");
  }
  return absl::StrCat(text, kEnd, "\n");
}

std::optional<ServiceNotice> ServiceNotice::Parse(absl::string_view text) {
  if (text.size() > kMaxNoticeBytes || !absl::ConsumeSuffix(&text, "\n")) return std::nullopt;
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  if (lines.size() < 4 || lines.size() > 3 + kMaxNoticeAddresses) return std::nullopt;
  if (lines.front() != kHead || lines.back() != kEnd || lines[1].size() != kTicketDigits) return std::nullopt;
  ServiceNotice notice;
  for (char c : lines[1]) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
  }
  notice.ticket = std::string(lines[1]);
  for (size_t i = 2; i + 1 < lines.size(); ++i) {
    const std::optional<HostPort> host_port = ParseHostPort(lines[i]);
    if (!host_port) return std::nullopt;
    const std::optional<IpAddress> ip = IpAddress::Parse(host_port->host);
    if (!ip) return std::nullopt;
    notice.addresses.push_back({*ip, static_cast<uint16_t>(host_port->port)});
  }
  return notice;
}

}  // namespace tutti
