// SPDX-License-Identifier: Apache-2.0
// Which transports a rank has. The only place in the library that knows the concrete ones.
#ifndef TUTTI_LIB_CAPI_MAKE_TRANSPORTS_H_
#define TUTTI_LIB_CAPI_MAKE_TRANSPORTS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "lib/bootstrap/settings.h"
#include "lib/transport/transport.h"

namespace tutti {

// In the order of preference, which is the same on all ranks: shared memory, RDMA, TCP. What cannot be had is left out,
// with a line in the log, as long as another one can take its place; else the error says why. `address` is the one
// that the job uses on this host; `secret` proves membership to peers.
absl::StatusOr<std::vector<std::unique_ptr<Transport>>> MakeTransports(const JobSettings& settings,
                                                                       const std::string& address,
                                                                       const std::string& secret);

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_MAKE_TRANSPORTS_H_
