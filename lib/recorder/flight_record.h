// SPDX-License-Identifier: Apache-2.0
// A flight record as its readers see it: copied out of the file and checked, so that a file that is broken, cut, of another
// version or not a record at all is a sentence, and nothing worse.
#ifndef TUTTI_LIB_RECORDER_FLIGHT_RECORD_H_
#define TUTTI_LIB_RECORDER_FLIGHT_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "lib/recorder/flight_layout.h"
#include "lib/recorder/process_state.h"

namespace tutti {

struct FlightRecord {
  struct Channel {
    uint32_t channel = 0;
    int32_t rank = 0;
    int32_t size = 0;
    int32_t outcome = 0;
    uint64_t entered = 0;
    uint64_t completed = 0;
  };
  struct Wait {
    FlightWaitKind kind = FlightWaitKind::kNothing;
    uint32_t step = 0;   // from 0
    int32_t peer = -1;   // job rank; -1: not one alone
    uint64_t bytes = 0;  // 0: not known
    int64_t since_ns = 0;
  };
  struct Operation {
    uint64_t ordinal = 0;
    uint64_t signature = 0;
    uint64_t sequence = 0;
    uint32_t channel = 0;
    uint32_t message = 0;
    uint64_t bytes = 0;
    int64_t started_ns = 0;  // 0: not measured
    int64_t ended_ns = 0;    // 0: not measured, or it runs
    FlightProgress progress;
    uint32_t posted = 0;  // sends and receives begun, if it has a wait
    std::optional<Wait> wait;
    int32_t last_arrival = -1;  // job rank; -1: nobody was heard of
    int64_t last_arrival_ns = 0;

    bool is_running() const { return progress.outcome == kFlightRunning; }
    bool is_message() const { return message != 0; }
    uint32_t tag() const { return message & 0x7fffffffu; }
  };

  std::string path;
  int32_t rank = -1;
  int32_t size = 0;
  ProcessIdentity process;
  int64_t created_ns = 0;
  int64_t created_unix_ns = 0;
  // Printable.
  std::string run, job_id, host, program;
  int64_t driven_ns = 0;  // 0: never
  uint64_t unrecorded = 0;
  std::vector<Channel> channels;
  std::vector<Operation> operations;  // in the order in which they began
};

// InvalidArgument: what is wrong with the file. NotFound: it is gone, as the rank may have left meanwhile.
absl::StatusOr<FlightRecord> ReadFlightRecord(const std::string& path);

}  // namespace tutti

#endif  // TUTTI_LIB_RECORDER_FLIGHT_RECORD_H_
