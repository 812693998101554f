// SPDX-License-Identifier: Apache-2.0
// Which network a port leads to, as far as its address tells: two ports of different ones never reach each other, so a
// pair of ranks that have such ports takes another transport.
#ifndef TUTTI_TRANSPORTS_VERBS_NETWORK_H_
#define TUTTI_TRANSPORTS_VERBS_NETWORK_H_

#include <infiniband/verbs.h>

#include <cstddef>
#include <string>

namespace tutti::verbs {

inline constexpr size_t kNetworkBytes = 9;

// A kind and the subnet. InfiniBand: its subnet prefix. RoCE: the version of IP, and whether the address is only good for
// one link; which of these networks are joined by routers is not known, so all of a kind count as one.
std::string NetworkOf(const ibv_gid& gid, bool is_ethernet);

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_NETWORK_H_
