// SPDX-License-Identifier: Apache-2.0
// Which of a port's addresses (GIDs) is used: never blindly the first. It knows nothing of queue pairs.
#ifndef TUTTI_TRANSPORTS_VERBS_GID_H_
#define TUTTI_TRANSPORTS_VERBS_GID_H_

#include <infiniband/verbs.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tutti::verbs {

struct GidChoice {
  int index = 0;
  ibv_gid gid = {};
  bool is_wanted_address = false;  // it is the address that was asked for
};

// For RoCE: only version 2 (routable), first the one that is `address` ("" or a numeric IP address), then an
// IPv4-mapped one, then a global IPv6 one, then a link-local one. For InfiniBand: the first that there is.
absl::StatusOr<GidChoice> ChooseGid(ibv_context* context, uint8_t port, bool is_ethernet, absl::string_view address,
                                    int forced_index);

// All addresses of all ports of the device; none if the table cannot be read.
std::vector<ibv_gid_entry> ListGids(ibv_context* context);

// "::ffff:10.0.0.1", "fe80::1"
std::string GidName(const ibv_gid& gid);

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_GID_H_
