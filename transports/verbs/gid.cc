// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/gid.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tutti::verbs {
namespace {

constexpr size_t kMaxGids = 1024;

const in6_addr& AsAddress(const ibv_gid& gid) { return reinterpret_cast<const in6_addr&>(gid); }

// The address as a GID holds it; false if it is none.
bool ParseAddress(absl::string_view text, ibv_gid* gid) {
  const std::string address(text.substr(0, text.find('%')));
  in_addr v4 = {};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) {
    std::memset(gid->raw, 0, sizeof(gid->raw));
    gid->raw[10] = gid->raw[11] = 0xff;
    std::memcpy(gid->raw + 12, &v4, 4);
    return true;
  }
  return ::inet_pton(AF_INET6, address.c_str(), gid->raw) == 1;
}

// The higher the better; 0: of no use.
int Rank(const ibv_gid_entry& entry, bool is_ethernet, const ibv_gid* wanted) {
  if (!is_ethernet) return entry.gid_type == IBV_GID_TYPE_IB ? 1 : 0;
  if (entry.gid_type != IBV_GID_TYPE_ROCE_V2) return 0;
  if (wanted != nullptr && std::memcmp(entry.gid.raw, wanted->raw, sizeof(wanted->raw)) == 0) return 4;
  if (IN6_IS_ADDR_V4MAPPED(&AsAddress(entry.gid))) return 3;
  return IN6_IS_ADDR_LINKLOCAL(&AsAddress(entry.gid)) ? 1 : 2;
}

}  // namespace

std::vector<ibv_gid_entry> ListGids(ibv_context* context) {
  std::vector<ibv_gid_entry> entries(kMaxGids);
  const ssize_t count = ::ibv_query_gid_table(context, entries.data(), entries.size(), 0);
  entries.resize(count < 0 ? 0 : static_cast<size_t>(count));
  return entries;
}

absl::StatusOr<GidChoice> ChooseGid(ibv_context* context, uint8_t port, bool is_ethernet, absl::string_view address,
                                    int forced_index) {
  ibv_gid wanted = {};
  const bool has_wanted = ParseAddress(address, &wanted);
  GidChoice best;
  int best_rank = 0;
  for (const ibv_gid_entry& entry : ListGids(context)) {
    if (entry.port_num != port) continue;
    const bool forced = forced_index >= 0 && entry.gid_index == static_cast<uint32_t>(forced_index);
    if (forced_index >= 0 && !forced) continue;
    const int rank = forced ? 5 : Rank(entry, is_ethernet, has_wanted ? &wanted : nullptr);
    if (rank <= best_rank) continue;
    best_rank = rank;
    best.index = static_cast<int>(entry.gid_index);
    best.gid = entry.gid;
    best.is_wanted_address = has_wanted && std::memcmp(entry.gid.raw, wanted.raw, sizeof(wanted.raw)) == 0;
  }
  if (best_rank > 0) return best;
  if (forced_index >= 0) return absl::NotFoundError(absl::StrCat("it has no GID of index ", forced_index));
  return absl::NotFoundError(is_ethernet ? "it has no RoCE version 2 address (GID); does its network interface have an "
                                           "IP address, and is it up?"
                                         : "it has no InfiniBand address (GID)");
}

std::string GidName(const ibv_gid& gid) {
  char text[INET6_ADDRSTRLEN] = "?";
  (void)::inet_ntop(AF_INET6, gid.raw, text, sizeof(text));
  return text;
}

}  // namespace tutti::verbs
