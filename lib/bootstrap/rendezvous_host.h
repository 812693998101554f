// SPDX-License-Identifier: Apache-2.0
// Rank 0's side of the rendezvous: open the service and make it findable.
#ifndef TUTTI_LIB_BOOTSTRAP_RENDEZVOUS_HOST_H_
#define TUTTI_LIB_BOOTSTRAP_RENDEZVOUS_HOST_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "lib/bootstrap/auth.h"
#include "lib/bootstrap/ip_address.h"
#include "lib/bootstrap/service.h"
#include "lib/bootstrap/settings.h"

namespace tutti {

struct HostedService {
  std::unique_ptr<Service> service;
  Mac job_key = {};
  SocketAddress own_way;                   // where rank 0 itself connects to it
  std::optional<IpAddress> known_address;  // by which the others know rank 0, if that can be told
  std::string notice;                      // kExchange: the text for the others
};

// At the address that the rendezvous names (kTcp), or at one that the kernel picks, which is then written to the file
// (kFile) or left in `notice` (kExchange). Only on loopback where all ranks are known to be on this host.
absl::StatusOr<HostedService> HostService(const JobSettings& settings, int64_t deadline_ns);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_RENDEZVOUS_HOST_H_
