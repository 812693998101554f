// SPDX-License-Identifier: Apache-2.0
// What a rank writes down, as JSON lines. Each has a "type"; tools/tutti-report/README.md describes them all.
#ifndef TUTTI_LIB_EXPORT_JSON_LINES_H_
#define TUTTI_LIB_EXPORT_JSON_LINES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lib/export/telemetry_source.h"

namespace tutti {

// "rank": who writes. clock_ns and unix_ns: the clock of all other lines, and the time of day, at one moment.
void AppendRankLine(const RankIdentity& identity, int64_t clock_ns, int64_t unix_ns, std::string* out);
// "comm": a communicator and the job ranks of its members.
void AppendCommLine(uint32_t comm, int rank, const std::vector<int32_t>& job_ranks, std::string* out);
// "op": one operation that has ended.
void AppendOperationLine(const TelemetrySource& source, const TraceRecord& record, std::string* out);
// "clock": how far another rank's clock is ahead.
void AppendClockLine(const ClockReading& reading, std::string* out);
// "kind" and "blame": totals of an epoch so far, that is since the last mark. Later ones of the same epoch replace earlier ones.
void AppendTotalLines(const CommTotals& totals, std::string* out);
// "lost": records for which there was no room since the last such line.
void AppendLostLine(uint32_t comm, uint64_t records, std::string* out);

}  // namespace tutti

#endif  // TUTTI_LIB_EXPORT_JSON_LINES_H_
