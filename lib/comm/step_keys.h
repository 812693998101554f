// SPDX-License-Identifier: Apache-2.0
// Under which heading each step of a plan is counted: what it does, with which rank, over which rail.
#ifndef TUTTI_LIB_COMM_STEP_KEYS_H_
#define TUTTI_LIB_COMM_STEP_KEYS_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"

#include "lib/engine/plan.h"
#include "lib/telemetry/comm_telemetry.h"

namespace tutti {

// Of a plan that sends messages: by step, for CommTelemetry::AddStep. `rail_of`: of a rank of the job.
std::vector<uint8_t> StepRecordsOf(const Plan& plan, CommTelemetry& telemetry,
                                   absl::FunctionRef<uint8_t(int32_t job_rank)> rail_of);

// Of a plan over windows: for CommTelemetry::AddSteps; empty if its steps are not stamped.
std::vector<StepGroup> StepGroupsOf(const Plan& plan, CommTelemetry& telemetry,
                                    absl::FunctionRef<uint8_t(int32_t job_rank)> rail_of);

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_STEP_KEYS_H_
