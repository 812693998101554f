// SPDX-License-Identifier: Apache-2.0
// Writes a rank's operations and totals to its trace file. What is lost, because operations ended quicker than they can be
// written or because the disk is full, is counted and said; nothing here is ever waited for by the data path.
//
// THREADS. One at a time.
#ifndef TUTTI_LIB_EXPORT_TRACE_WRITER_H_
#define TUTTI_LIB_EXPORT_TRACE_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

#include "lib/base/clock.h"
#include "lib/export/telemetry_source.h"
#include "lib/export/trace_file.h"

namespace tutti {

class TraceWriter {
 public:
  static absl::StatusOr<TraceWriter> Create(const std::string& directory, int64_t limit_bytes,
                                            const RankIdentity& identity, Clock& clock);

  void Begin(TelemetrySource& source);
  // What has ended since the last time.
  void WriteOperations(TelemetrySource& source);
  void WriteTotals(TelemetrySource& source);
  void WriteClocks(const std::vector<ClockReading>& readings);
  void End(TelemetrySource& source);

 private:
  TraceWriter(TraceFile file, RankIdentity identity, Clock& clock);
  void WritePreamble();
  void Flush();
  void GiveUp(const absl::Status& status);

  TraceFile file_;
  RankIdentity identity_;
  Clock* clock_;
  bool broken_ = false;
  std::string text_;
  struct State {
    std::string comm_line;
    uint64_t lost = 0;
  };
  absl::flat_hash_map<const TelemetrySource*, State> sources_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_EXPORT_TRACE_WRITER_H_
