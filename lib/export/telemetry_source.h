// SPDX-License-Identifier: Apache-2.0
// What a communicator has measured, as plain values with names, for whoever shows it to people or programs. Times are
// nanoseconds; ranks are the communicator's, unless they are said to be the job's.
#ifndef TUTTI_LIB_EXPORT_TELEMETRY_SOURCE_H_
#define TUTTI_LIB_EXPORT_TELEMETRY_SOURCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lib/telemetry/comm_telemetry.h"
#include "lib/telemetry/histogram.h"
#include "lib/telemetry/trace_ring.h"

namespace tutti {

// All operations of one kind since the mark.
struct KindTotals {
  const char* collective = "";  // "all_reduce", ..., "send", "recv"; "other"
  const char* algorithm = "";   // "" where there is none
  uint64_t min_bytes = 0;
  uint64_t max_bytes = 0;
  HistogramSnapshot times;
  uint64_t queued_ns = 0;
  uint64_t waited_ns = 0;
  uint64_t moved_ns = 0;
  uint64_t reduced_ns = 0;
  uint64_t coded_ns = 0;
};

// All steps of one sort since the mark: sends and receives by peer and rail, copies out of shared memory likewise, others of this
// rank alone.
struct StepTotals {
  const char* sort = "";  // "receive", "reduce", ...; "other"
  int32_t peer = -1;      // -1: no one rank
  const char* rail = "";  // "tcp", ...; "" if there is none
  uint64_t bytes = 0;
  HistogramSnapshot times;
};

// What one rank cost this one since the mark.
struct RankTotals {
  int32_t rank = -1;
  RankBlame blame;
  PathTimes path;
};

struct CommTotals {
  uint32_t comm = 0;
  uint64_t epoch = 0;             // raised by each mark
  std::vector<KindTotals> kinds;  // those with operations
  std::vector<RankTotals> ranks;  // those that cost something
  std::vector<StepTotals> steps;  // those that were done
};

class TelemetrySource {
 public:
  virtual ~TelemetrySource() = default;

  virtual uint32_t comm() const = 0;
  virtual int comm_rank() const = 0;
  virtual const std::vector<int32_t>& job_ranks() const = 0;  // by rank

  // Any thread, while operations end.
  virtual CommTotals Totals() const = 0;

  // nullptr: operations are not recorded. Names are valid for the process's life.
  virtual TraceRing* trace() = 0;
  virtual const char* CollectiveOf(const TraceLabel& label) const = 0;
  virtual const char* AlgorithmOf(const TraceLabel& label) const = 0;
  virtual const char* OutcomeOf(const TraceRecord& record) const = 0;  // "ok", "timeout", "peer_failed", ...
  virtual const char* RailOf(
      const TraceRecord& record) const = 0;  // of its slowest message: "tcp"; "" if there is none
};

// Which process this is.
struct RankIdentity {
  std::string job;  // the same on all ranks of a run of a job, and on no other; only letters and digits
  int32_t rank = 0;
  int32_t size = 1;
  std::string host;
  std::string host_id;  // ranks with equal ones share a clock
  int64_t pid = 0;
};

// How far a rank's clock is ahead of this one's.
struct ClockReading {
  int32_t job_rank = 0;
  int64_t at_ns = 0;
  int64_t ahead_ns = 0;
  int64_t error_ns = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_EXPORT_TELEMETRY_SOURCE_H_
