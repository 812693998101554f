// SPDX-License-Identifier: Apache-2.0
// What all ranks' records say together: the facts that the report shows. Times are nanoseconds since the first operation, by
// the common clock (clocks.h); ranks are the job's.
#ifndef TUTTI_TOOLS_TUTTI_REPORT_FACTS_H_
#define TUTTI_TOOLS_TUTTI_REPORT_FACTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tools/tutti-report/clocks.h"
#include "tools/tutti-report/records.h"

namespace tutti::report {

struct RankFacts {
  int32_t rank = 0;
  std::string host;
  int64_t pid = 0;
  uint64_t operations = 0;     // by its totals
  uint64_t lost = 0;           // of these, not recorded one by one
  int64_t clock_error_ns = 0;  // Clocks::kUnknown: see there
};

// How much a rank cost the others by coming last.
struct LateRank {
  int32_t rank = 0;
  uint64_t times_last = 0;     // of the recorded operations
  double share = 0;            // of the recorded operations
  int64_t median_late_ns = 0;  // after the last of the others, in those operations
  int64_t max_late_ns = 0;
  uint64_t cost_ns = 0;  // how long the others waited for it, summed
};

// A kind of operation, all ranks' times together.
struct KindFacts {
  std::string call;
  uint64_t min_bytes = 0;
  uint64_t max_bytes = 0;
  std::vector<std::string> algorithms;
  uint64_t count = 0;
  int64_t p50_ns = 0, p90_ns = 0, p99_ns = 0, p999_ns = 0, max_ns = 0;
  uint64_t queued_ns = 0, waited_ns = 0, moved_ns = 0, reduced_ns = 0, coded_ns = 0;
};

// What rank `to` lost to rank `from`.
struct Delay {
  int32_t from = 0;
  int32_t to = 0;
  uint64_t times_last = 0, late_ns = 0, max_late_ns = 0;
  uint64_t messages = 0, bytes = 0, path_ns = 0, max_path_ns = 0;
};

// A rank's part in an operation.
struct Part {
  int32_t rank = 0;
  int64_t start_ns = 0;
  int64_t end_ns = 0;
  int64_t queued_ns = 0, waited_ns = 0, moved_ns = 0, reduced_ns = 0, coded_ns = 0;
  int32_t slow_from = -1;
  int64_t slow_ns = 0;
  std::string rail;
};

// A collective, or a send or receive, as all its ranks saw it.
struct JoinedOperation {
  uint32_t comm = 0;
  uint64_t sequence = 0;
  std::string call, algorithm, outcome;
  uint64_t bytes = 0;
  int64_t duration_ns = 0;  // of the rank that took longest
  int32_t last = -1;        // who came last; -1: nobody is known to
  int64_t last_by_ns = 0;   // after the last of the others
  std::vector<Part> parts;  // by rank
};

// The slowest operation of a slice of time.
struct Slice {
  int64_t start_ns = 0;
  int64_t duration_ns = 0;  // of that operation; 0: there was none
  int32_t last = -1;
  std::string call;
  uint64_t bytes = 0;
};

struct Facts {
  std::string job;
  int32_t size = 0;
  int64_t began_unix_ns = 0;
  int64_t span_ns = 0;    // from the first operation's start to the last one's end
  uint64_t recorded = 0;  // operations, each counted once
  std::vector<RankFacts> ranks;
  std::vector<int32_t> missing;  // ranks without a file
  std::vector<LateRank> late;    // by cost, the worst first; those that ever came last
  std::vector<KindFacts> kinds;
  std::vector<Delay> delays;
  std::vector<JoinedOperation> worst;  // the slowest first
  std::vector<Slice> slices;
  uint64_t queued_ns = 0, waited_ns = 0, moved_ns = 0, reduced_ns = 0, coded_ns = 0;
  std::vector<std::string> problems;
  std::vector<std::string> other_jobs;
  std::vector<std::string> summary;  // sentences; see summary.h

  std::string NameOf(int32_t rank) const;  // "rank 3 on host b"
};

Facts FindFacts(const Records& records, const Clocks& clocks);

}  // namespace tutti::report

#endif  // TUTTI_TOOLS_TUTTI_REPORT_FACTS_H_
