// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/network.h"

#include <netinet/in.h>

namespace tutti::verbs {

std::string NetworkOf(const ibv_gid& gid, bool is_ethernet) {
  std::string network(kNetworkBytes, '\0');
  const auto& address = reinterpret_cast<const in6_addr&>(gid);
  if (!is_ethernet) {
    network[0] = 'I';
    network.replace(1, 8, reinterpret_cast<const char*>(gid.raw), 8);
  } else if (IN6_IS_ADDR_V4MAPPED(&address)) {
    network[0] = '4';
  } else {
    network[0] = IN6_IS_ADDR_LINKLOCAL(&address) ? 'L' : '6';
  }
  return network;
}

}  // namespace tutti::verbs
