// SPDX-License-Identifier: Apache-2.0
// What the ranks of this host are in at one moment, out of their flight records: by job, and for each communicator that hangs
// who has not come. It reads files and /proc, and prints nothing.
#ifndef TUTTI_TOOLS_LIVE_SNAPSHOT_H_
#define TUTTI_TOOLS_LIVE_SNAPSHOT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lib/recorder/flight_record.h"
#include "lib/recorder/process_state.h"

namespace tutti::live {

struct LiveRank {
  FlightRecord record;
  ProcessState state = ProcessState::kUnknown;

  // The oldest operation that has begun and not ended; nullptr: none. Of a dead rank: the one that it died in.
  const FlightRecord::Operation* current() const;
  // The newest that ended well.
  const FlightRecord::Operation* last_completed() const;
  int running() const;
  // Collectives that were called and have not begun, as nobody has driven the engine since.
  uint64_t called_only() const;
};

// A communicator that has not moved for a while: the operation that those who are furthest are in.
struct Hold {
  uint32_t channel = 0;
  uint64_t sequence = 0;
  uint64_t signature = 0;
  int64_t since_ns = 0;          // since the first of them called it
  std::vector<int32_t> in_it;    // job ranks of this host, ascending
  std::vector<int32_t> missing;  // not there yet: in an earlier one, in none, or dead
  // Whom it comes down to: ranks that others wait for and that wait for nobody themselves, as they are stopped, dead, busy
  // elsewhere, or on another host; with the number of ranks of this host that wait for them, perhaps through others.
  std::map<int32_t, int> culprits;
};

struct LiveJob {
  std::vector<LiveRank> ranks;  // ascending; never empty
  std::vector<Hold> holds;

  const FlightRecord& any() const { return ranks.front().record; }
};

struct Snapshot {
  int64_t now_ns = 0;
  std::vector<std::string> folders;
  std::vector<LiveJob> jobs;          // the newest first
  std::vector<std::string> problems;  // sentences about what could not be read
};

// What has run for less is not worth a word.
inline constexpr int64_t kHoldNs = 100'000'000;

// `job`: a run's name or the beginning of it, a job id, or the process id of a rank; "": all.
Snapshot TakeSnapshot(const std::vector<std::string>& folders, const std::string& job, int64_t now_ns);

// The part of TakeSnapshot that reads nothing.
std::vector<Hold> FindHolds(const std::vector<LiveRank>& ranks, int64_t now_ns);

}  // namespace tutti::live

#endif  // TUTTI_TOOLS_LIVE_SNAPSHOT_H_
