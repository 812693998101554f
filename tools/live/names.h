// SPDX-License-Identifier: Apache-2.0
// The words in which flight records are shown, to people and to programs.
#ifndef TUTTI_TOOLS_LIVE_NAMES_H_
#define TUTTI_TOOLS_LIVE_NAMES_H_

#include <cstdint>
#include <string>

#include "lib/recorder/flight_record.h"
#include "lib/recorder/process_state.h"

namespace tutti::live {

// "alive", "stopped", "dead", "unknown"
const char* StateName(ProcessState state);

// "receive", ...; "" for nothing
const char* WaitKindName(FlightWaitKind kind);

// "running", "ok", "timeout", ... (OutcomeName), or "status 7" for what this version does not know
std::string OutcomeText(int32_t outcome);

// "all_reduce(float32 x 1024, sum, ring)", or of a message with its tag
std::string CallText(const FlightRecord::Operation& operation);

// Three digits: "812 ns", "2.31 s", "3 min 20 s"
std::string ShortDuration(int64_t ns);

}  // namespace tutti::live

#endif  // TUTTI_TOOLS_LIVE_NAMES_H_
