// SPDX-License-Identifier: Apache-2.0
// Says in a sentence why an operation took longer than its budget: which part of the time was the largest, and whose it was.
// Pure text over measured times; names are made by the caller.
#ifndef TUTTI_LIB_TELEMETRY_OVERRUN_H_
#define TUTTI_LIB_TELEMETRY_OVERRUN_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

#include "lib/telemetry/operation_timing.h"

namespace tutti {

// The largest part of an operation's time.
enum class Cause : uint8_t { kLateRank, kMoving, kReducing, kEncoding, kQueueing };
Cause CauseOf(const OperationTiming& timing);

// The rank whose doing it was, in the communicator; -1 if it was this one's own, or is not known.
int32_t CulpritOf(const OperationTiming& timing);

// "all_reduce(...), operation 17 of communicator 0 took 41 ms, over its budget of 10 ms: 40 ms of it waiting for rank 2
// (host b, pid 7), which called it last, 40 ms after this rank." `rank_name` gets a rank of the communicator.
std::string DescribeOverrun(absl::string_view operation, const OperationTiming& timing, int64_t budget_ns,
                            absl::FunctionRef<std::string(int32_t)> rank_name);

}  // namespace tutti

#endif  // TUTTI_LIB_TELEMETRY_OVERRUN_H_
