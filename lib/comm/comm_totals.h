// SPDX-License-Identifier: Apache-2.0
// What a communicator's telemetry has counted, with the names that its numbers stand for.
#ifndef TUTTI_LIB_COMM_COMM_TOTALS_H_
#define TUTTI_LIB_COMM_COMM_TOTALS_H_

#include <cstdint>

#include "absl/functional/function_ref.h"

#include "lib/export/telemetry_source.h"

namespace tutti {

class Communicator;

// Names of what RecordKey and TraceLabel hold as numbers; "other" and "" for those that mean nothing.
const char* CallName(uint8_t collective);
const char* AlgorithmName(uint8_t collective, uint8_t algorithm);

// Of each kind with operations since the mark. Any thread, while operations end.
void VisitKinds(const CommTelemetry& telemetry, absl::FunctionRef<void(const KindTotals&)> visit);
// The same of each sort of step.
void VisitSteps(const Communicator& communicator, absl::FunctionRef<void(const StepTotals&)> visit);
CommTotals TotalsOf(const Communicator& communicator);

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_COMM_TOTALS_H_
