// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/job_network.h"

#include <vector>

#include "lib/bootstrap/interfaces.h"
#include "transports/verbs/locality.h"

namespace tutti::info {

LikelyNetwork LikelyNetworkOf(const JobSettings& settings) {
  const absl::StatusOr<std::vector<NetworkInterface>> interfaces = ListInterfaces();
  if (!interfaces.ok()) return {};
  AddressQuestion question;
  question.interfaces = *interfaces;
  question.pattern = settings.interface;
  question.default_route = DefaultRouteAddress();
  const absl::StatusOr<IpAddress> address = ChooseAddress(question);
  if (!address.ok()) return {};
  LikelyNetwork network;
  network.address = address->ToString();
  for (const NetworkInterface& interface : *interfaces) {
    if (interface.address.ToString() == network.address) network.interface = interface.name;
  }
  return network;
}

verbs::PortOptions PortOptionsOf(const JobSettings& settings) {
  verbs::PortOptions options;
  options.address = LikelyNetworkOf(settings).address;
  options.devices = settings.verbs.devices;
  options.local_rank = settings.size > 1 ? settings.local_rank : -1;
  options.local_size = settings.local_size;
  options.numa_node = verbs::NumaNodeOfThisProcess();
  options.gid_index = settings.verbs.gid_index;
  options.ack_timeout = settings.verbs.ack_timeout;
  options.retry_count = settings.verbs.retry_count;
  return options;
}

}  // namespace tutti::info
