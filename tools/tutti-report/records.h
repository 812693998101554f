// SPDX-License-Identifier: Apache-2.0
// What the ranks of a job wrote down, as it stands in their files (README.md describes these). Times are nanoseconds, of the
// writing rank's clock. Ranks are those of the communicator, but for job_rank.
#ifndef TUTTI_TOOLS_TUTTI_REPORT_RECORDS_H_
#define TUTTI_TOOLS_TUTTI_REPORT_RECORDS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace tutti::report {

struct OperationEntry {
  uint32_t comm = 0;
  uint64_t sequence = 0;
  const std::string* call = nullptr;       // of Records::names
  const std::string* algorithm = nullptr;  // "": none
  uint64_t bytes = 0;
  int64_t start_ns = 0;
  int64_t end_ns = 0;
  int64_t queued_ns = 0;
  int64_t waited_ns = 0;
  int64_t moved_ns = 0;
  int64_t reduced_ns = 0;
  int64_t coded_ns = 0;
  int64_t last_by_ns = 0;
  int64_t last_error_ns = 0;
  int32_t last = -1;  // -1: not known
  int32_t peer = -1;  // of a send or receive
  uint32_t tag = 0;
  int32_t slow_peer = -1;
  int64_t slow_ns = 0;
  const std::string* rail = nullptr;
  const std::string* outcome = nullptr;  // nullptr: it went well
  bool is_message() const { return peer >= 0; }
};

// Totals of one kind of operation in one epoch.
struct KindKey {
  uint32_t comm = 0;
  uint64_t epoch = 0;
  std::string call;
  std::string algorithm;
  uint64_t min_bytes = 0;
  auto operator<=>(const KindKey&) const = default;
};
struct KindEntry {
  uint64_t max_bytes = 0;
  uint64_t count = 0;
  uint64_t min_ns = 0;
  uint64_t max_ns = 0;
  uint64_t queued_ns = 0, waited_ns = 0, moved_ns = 0, reduced_ns = 0, coded_ns = 0;
  std::vector<std::tuple<uint64_t, uint64_t, uint64_t>> buckets;  // from, up to but not including, how many
};

// What one rank cost the writing one, in one epoch.
struct BlameKey {
  uint32_t comm = 0;
  uint64_t epoch = 0;
  int32_t rank = 0;
  auto operator<=>(const BlameKey&) const = default;
};
struct BlameEntry {
  uint64_t times_last = 0, late_ns = 0, max_late_ns = 0;
  uint64_t messages = 0, bytes = 0, path_ns = 0, max_path_ns = 0;
};

struct ClockEntry {
  int32_t job_rank = 0;  // whose clock
  int64_t at_ns = 0;
  int64_t ahead_ns = 0;
  int64_t error_ns = 0;
};

struct RankRecords {
  std::string job;
  int32_t job_rank = -1;
  int32_t size = 0;
  std::string host;
  std::string host_id;
  int64_t pid = 0;
  int64_t clock_ns = 0;  // both at one moment
  int64_t unix_ns = 0;
  std::map<uint32_t, std::vector<int32_t>> comms;  // job ranks of the members
  std::vector<OperationEntry> operations;
  std::map<KindKey, KindEntry> kinds;
  std::map<BlameKey, BlameEntry> blames;
  std::vector<ClockEntry> clocks;
  uint64_t lost = 0;  // operations for which there was no room
};

struct Records {
  std::set<std::string> names;           // that entries point to
  std::map<int32_t, RankRecords> ranks;  // of one job, by job rank
  std::vector<std::string> problems;     // "FILE:LINE: what is wrong"; the rest of the file was used
  std::vector<std::string> other_jobs;   // that have files in the folder, too
};

}  // namespace tutti::report

#endif  // TUTTI_TOOLS_TUTTI_REPORT_RECORDS_H_
