// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/interfaces.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tutti {
namespace {

// One entry of a pattern.
struct Token {
  std::string name;
  std::optional<IpBlock> block;

  bool Matches(const NetworkInterface& interface) const {
    return block ? block->Contains(interface.address) : interface.name == name;
  }
};

absl::StatusOr<std::vector<Token>> ParsePattern(absl::string_view pattern) {
  std::vector<Token> tokens;
  for (absl::string_view text : absl::StrSplit(pattern, ',')) {
    Token token{std::string(text), IpBlock::Parse(text)};
    if (text.empty() || (!token.block && absl::string_view(text).find_first_of("/ ^") != absl::string_view::npos)) {
      return absl::InvalidArgumentError(
          absl::StrCat("TUTTI_INTERFACE has the entry \"", text,
                       "\", which is neither an interface name nor a CIDR block like 10.0.0.0/8 or fd00::/8"));
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

bool IsUsable(const NetworkInterface& interface) {
  return interface.is_up && !(interface.address.is_v6 && interface.address.IsLinkLocal());
}

std::string List(absl::Span<const NetworkInterface> interfaces) {
  return absl::StrJoin(interfaces, ", ", [](std::string* out, const NetworkInterface& interface) {
    absl::StrAppend(out, interface.name, " ", interface.address.ToString(), interface.is_up ? "" : " (down)");
  });
}

const NetworkInterface* Find(absl::Span<const NetworkInterface> interfaces, const std::optional<IpAddress>& address) {
  const auto found = std::find_if(interfaces.begin(), interfaces.end(),
                                  [&](const NetworkInterface& each) { return address && each.address == *address; });
  return found == interfaces.end() ? nullptr : &*found;
}

}  // namespace

absl::StatusOr<std::vector<NetworkInterface>> AdmitInterfaces(absl::Span<const NetworkInterface> interfaces,
                                                              absl::string_view pattern, bool with_loopback) {
  const bool is_given = !pattern.empty();
  const bool excludes = absl::ConsumePrefix(&pattern, "^") || !is_given;
  std::vector<Token> tokens;
  if (is_given) {
    auto parsed = ParsePattern(pattern);
    if (!parsed.ok()) return parsed.status();
    tokens = *std::move(parsed);
  }

  std::vector<NetworkInterface> admitted;
  if (!excludes) {
    for (const Token& token : tokens) {
      for (const NetworkInterface& interface : interfaces) {
        if (!IsUsable(interface) || !token.Matches(interface) || Find(admitted, interface.address)) continue;
        admitted.push_back(interface);
      }
    }
    return admitted;
  }
  for (const bool loopback : {false, true}) {
    if (loopback && !with_loopback) continue;
    for (const NetworkInterface& interface : interfaces) {
      if (!IsUsable(interface) || interface.address.IsLoopback() != loopback) continue;
      const auto matches = [&](const Token& token) { return token.Matches(interface); };
      if (std::none_of(tokens.begin(), tokens.end(), matches)) admitted.push_back(interface);
    }
  }
  return admitted;
}

absl::StatusOr<IpAddress> ChooseAddress(const AddressQuestion& question) {
  const std::optional<IpAddress>& route = question.route_to_rank_0;
  const auto admitted = AdmitInterfaces(question.interfaces, question.pattern, question.loopback_is_right);
  if (!admitted.ok()) return admitted.status();

  if (!question.pattern.empty()) {
    if (admitted->empty()) {
      return absl::NotFoundError(
          absl::StrCat("TUTTI_INTERFACE \"", question.pattern,
                       "\" matches no usable network interface of this host, which has: ", List(question.interfaces)));
    }
    if (const NetworkInterface* same = Find(*admitted, route)) return same->address;
    for (const NetworkInterface& interface : *admitted) {
      if (route && interface.address.is_v6 == route->is_v6) return interface.address;
    }
    return admitted->front().address;
  }

  if (route && (!route->IsLoopback() || question.loopback_is_right)) return *route;
  if (question.loopback_is_right) return IpAddress::Loopback();
  if (const NetworkInterface* by_default = Find(*admitted, question.default_route)) return by_default->address;
  for (const bool v6 : {false, true}) {
    for (const NetworkInterface& interface : *admitted) {
      if (interface.address.is_v6 == v6) return interface.address;
    }
  }
  return route ? *route : IpAddress::Loopback();
}

}  // namespace tutti
