// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-report/join.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace tutti::report {
namespace {

int32_t RankIn(const std::vector<int32_t>& members, int32_t job_rank) {
  const auto it = std::find(members.begin(), members.end(), job_rank);
  return it == members.end() ? -1 : static_cast<int32_t>(it - members.begin());
}

int32_t JobRank(const Records& records, const Seen& seen, int32_t comm_rank) {
  // What one rank says of a communicator need not fit what another one says.
  const std::vector<int32_t>& members = records.ranks.at(seen.job_rank).comms.at(seen.entry->comm);
  return static_cast<size_t>(comm_rank) < members.size() ? members[static_cast<size_t>(comm_rank)] : -1;
}

}  // namespace

std::vector<std::vector<Seen>> JoinOperations(const Records& records) {
  std::vector<Seen> all;
  for (const auto& [job_rank, rank] : records.ranks) {
    std::map<uint32_t, int32_t> place;
    for (const auto& [comm, members] : rank.comms) place[comm] = RankIn(members, job_rank);
    for (const OperationEntry& entry : rank.operations) all.push_back({job_rank, place[entry.comm], &entry});
  }
  // Messages after collectives: their sequence numbers mean something else.
  const auto key = [](const Seen& seen) {
    return std::tuple(seen.entry->comm, seen.entry->is_message(), seen.entry->sequence, seen.job_rank);
  };
  std::stable_sort(all.begin(), all.end(), [&](const Seen& a, const Seen& b) { return key(a) < key(b); });
  std::vector<std::vector<Seen>> operations;
  for (const Seen& seen : all) {
    const bool same =
        !operations.empty() && !seen.entry->is_message() && operations.back().front().entry->comm == seen.entry->comm &&
        operations.back().front().entry->sequence == seen.entry->sequence &&
        operations.back().front().entry->call == seen.entry->call && operations.back().back().job_rank != seen.job_rank;
    if (same) {
      operations.back().push_back(seen);
    } else {
      operations.push_back({seen});
    }
  }
  return operations;
}

Lateness FindLast(const std::vector<Seen>& seen, const Records& records) {
  std::map<int32_t, int> votes;
  for (const Seen& one : seen) {
    if (one.entry->last >= 0 && (one.entry->last != one.comm_rank || one.entry->last_by_ns > 0)) {
      ++votes[one.entry->last];
    }
  }
  if (votes.empty()) return {};
  const auto most =
      std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const int32_t last = most->first;
  Lateness lateness{JobRank(records, seen.front(), last), INT64_MAX};
  // The late rank itself knows after whom it came; else the one that came shortly before it.
  for (const Seen& one : seen) {
    if (one.entry->last != last) continue;
    lateness.by_ns = std::min(lateness.by_ns, std::max<int64_t>(one.entry->last_by_ns, 0));
  }
  return lateness;
}

JoinedOperation Combine(const std::vector<Seen>& seen, const Records& records, const Clocks& clocks,
                        int64_t origin_ns) {
  const OperationEntry& first = *seen.front().entry;
  JoinedOperation joined;
  joined.comm = first.comm;
  joined.sequence = first.sequence;
  joined.call = *first.call;
  joined.algorithm = *first.algorithm;
  const Lateness lateness = FindLast(seen, records);
  joined.last = lateness.job_rank;
  joined.last_by_ns = lateness.job_rank >= 0 ? lateness.by_ns : 0;
  for (const Seen& one : seen) {
    const OperationEntry& entry = *one.entry;
    joined.bytes = std::max(joined.bytes, entry.bytes);
    joined.duration_ns = std::max(joined.duration_ns, entry.end_ns - entry.start_ns);
    if (entry.outcome != nullptr) joined.outcome = *entry.outcome;
    const int64_t start_ns = clocks.ToCommon(one.job_rank, entry.start_ns) - origin_ns;
    joined.parts.push_back({.rank = one.job_rank,
                            .start_ns = start_ns,
                            .end_ns = start_ns + (entry.end_ns - entry.start_ns),
                            .queued_ns = entry.queued_ns,
                            .waited_ns = entry.waited_ns,
                            .moved_ns = entry.moved_ns,
                            .reduced_ns = entry.reduced_ns,
                            .coded_ns = entry.coded_ns,
                            .slow_from = JobRank(records, one, entry.slow_peer),
                            .slow_ns = entry.slow_ns,
                            .rail = *entry.rail});
  }
  return joined;
}

}  // namespace tutti::report
