// SPDX-License-Identifier: Apache-2.0
// From a config to a job with its transports (make_transports.h) and control plane.
#ifndef TUTTI_LIB_CAPI_JOIN_H_
#define TUTTI_LIB_CAPI_JOIN_H_

#include <memory>

#include "absl/status/statusor.h"

#include "lib/comm/job.h"
#include "tutti/comm.h"

namespace tutti {

// Blocks until all ranks have joined or the timeout passes. InvalidArgument: the config or the environment is wrong.
absl::StatusOr<std::shared_ptr<Job>> JoinJob(const tutti_comm_config_t& config);

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_JOIN_H_
