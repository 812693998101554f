// SPDX-License-Identifier: Apache-2.0
// Host names to addresses, in the time that the caller has: the system's resolver may take half a minute over a name server that
// does not answer.
#ifndef TUTTI_LIB_BOOTSTRAP_RESOLVE_HOST_H_
#define TUTTI_LIB_BOOTSTRAP_RESOLVE_HOST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/bootstrap/ip_address.h"

namespace tutti {

// What the name stands for now, in the resolver's order. Unavailable if it does not resolve, DeadlineExceeded if that is not
// known by deadline_ns (MonotonicClock).
absl::StatusOr<std::vector<SocketAddress>> ResolveHost(const std::string& host, uint16_t port, int64_t deadline_ns);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_RESOLVE_HOST_H_
