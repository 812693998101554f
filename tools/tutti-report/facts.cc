// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-report/facts.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/telemetry/histogram.h"
#include "tools/tutti-report/join.h"
#include "tools/tutti-report/summary.h"

namespace tutti::report {
namespace {

constexpr size_t kWorst = 12;
constexpr int64_t kSlices = 240;

void AddRanks(const Records& records, const Clocks& clocks, Facts* facts) {
  for (const auto& [job_rank, rank] : records.ranks) {
    RankFacts found{.rank = job_rank,
                    .host = rank.host,
                    .pid = rank.pid,
                    .lost = rank.lost,
                    .clock_error_ns = clocks.ErrorOf(job_rank)};
    for (const auto& [key, kind] : rank.kinds) found.operations += kind.count;
    facts->ranks.push_back(found);
  }
  for (int32_t rank = 0; rank < facts->size; ++rank) {
    if (!records.ranks.contains(rank)) facts->missing.push_back(rank);
  }
}

// All ranks, algorithms and epochs of a call and size together.
void AddKinds(const Records& records, Facts* facts) {
  struct Pool {
    HistogramSnapshot times;
    uint64_t max_ns = 0;
    KindFacts kind;
    std::set<std::string> algorithms;
  };
  std::map<std::pair<std::string, uint64_t>, Pool> pools;
  for (const auto& [job_rank, rank] : records.ranks) {
    for (const auto& [key, kind] : rank.kinds) {
      Pool& pool = pools[{key.call, key.min_bytes}];
      for (const auto& [low, high, count] : kind.buckets) {
        pool.times.Add(static_cast<int64_t>(std::min<uint64_t>(low + (high - 1 - low) / 2, INT64_MAX)), count);
      }
      pool.max_ns = std::max(pool.max_ns, kind.max_ns);
      pool.kind.max_bytes = std::max(pool.kind.max_bytes, kind.max_bytes);
      pool.kind.queued_ns += kind.queued_ns;
      pool.kind.waited_ns += kind.waited_ns;
      pool.kind.moved_ns += kind.moved_ns;
      pool.kind.reduced_ns += kind.reduced_ns;
      pool.kind.coded_ns += kind.coded_ns;
      if (!key.algorithm.empty()) pool.algorithms.insert(key.algorithm);
    }
  }
  for (auto& [key, pool] : pools) {
    KindFacts& kind = pool.kind;
    const HistogramSnapshot& times = pool.times;
    const uint64_t max_ns = pool.max_ns;
    const auto at = [&](double q) { return static_cast<int64_t>(std::min(times.Quantile(q), max_ns)); };
    kind.call = key.first;
    kind.min_bytes = key.second;
    kind.algorithms.assign(pool.algorithms.begin(), pool.algorithms.end());
    kind.count = pool.times.count();
    kind.p50_ns = at(0.5);
    kind.p90_ns = at(0.9);
    kind.p99_ns = at(0.99);
    kind.p999_ns = at(0.999);
    kind.max_ns = static_cast<int64_t>(std::min<uint64_t>(pool.max_ns, INT64_MAX));
    facts->queued_ns += kind.queued_ns;
    facts->waited_ns += kind.waited_ns;
    facts->moved_ns += kind.moved_ns;
    facts->reduced_ns += kind.reduced_ns;
    facts->coded_ns += kind.coded_ns;
    facts->kinds.push_back(std::move(kind));
  }
}

void AddDelays(const Records& records, Facts* facts) {
  std::map<std::pair<int32_t, int32_t>, Delay> delays;
  for (const auto& [job_rank, rank] : records.ranks) {
    for (const auto& [key, blame] : rank.blames) {
      const int32_t from = rank.comms.at(key.comm)[static_cast<size_t>(key.rank)];
      if (from == job_rank) continue;
      Delay& delay = delays[{from, job_rank}];
      delay.from = from;
      delay.to = job_rank;
      delay.times_last += blame.times_last;
      delay.late_ns += blame.late_ns;
      delay.max_late_ns = std::max(delay.max_late_ns, blame.max_late_ns);
      delay.messages += blame.messages;
      delay.bytes += blame.bytes;
      delay.path_ns += blame.path_ns;
      delay.max_path_ns = std::max(delay.max_path_ns, blame.max_path_ns);
    }
  }
  for (const auto& [ends, delay] : delays) facts->delays.push_back(delay);
}

void AddLateRanks(const std::map<int32_t, std::vector<int64_t>>& lateness, Facts* facts) {
  std::map<int32_t, LateRank> late;
  for (const Delay& delay : facts->delays) {
    if (delay.times_last > 0) late[delay.from].cost_ns += delay.late_ns;
  }
  for (const auto& [rank, by] : lateness) {
    LateRank& found = late[rank];
    std::vector<int64_t> sorted = by;
    std::sort(sorted.begin(), sorted.end());
    found.times_last = by.size();
    found.share = static_cast<double>(by.size()) / static_cast<double>(std::max<uint64_t>(facts->recorded, 1));
    found.median_late_ns = sorted[(sorted.size() - 1) / 2];
    found.max_late_ns = sorted.back();
  }
  for (auto& [rank, found] : late) {
    found.rank = rank;
    facts->late.push_back(found);
  }
  std::stable_sort(facts->late.begin(), facts->late.end(),
                   [](const LateRank& a, const LateRank& b) { return a.cost_ns > b.cost_ns; });
}

// From all operations: who was last, which were the slowest, and the slowest of each slice of time.
void AddOperations(const Records& records, const Clocks& clocks, Facts* facts) {
  const std::vector<std::vector<Seen>> operations = JoinOperations(records);
  facts->recorded = operations.size();
  std::map<int32_t, std::vector<int64_t>> lateness;
  std::vector<std::pair<int64_t, size_t>> slowest;  // duration, operation
  std::vector<int64_t> starts;
  int64_t begin_ns = INT64_MAX;
  int64_t end_ns = INT64_MIN;
  for (size_t i = 0; i < operations.size(); ++i) {
    int64_t duration_ns = 0;
    int64_t start_ns = INT64_MAX;
    for (const Seen& seen : operations[i]) {
      const int64_t at_ns = clocks.ToCommon(seen.job_rank, seen.entry->start_ns);
      const int64_t took_ns = seen.entry->end_ns - seen.entry->start_ns;
      duration_ns = std::max(duration_ns, took_ns);
      start_ns = std::min(start_ns, at_ns);
      end_ns = std::max(end_ns, at_ns + took_ns);
    }
    begin_ns = std::min(begin_ns, start_ns);
    starts.push_back(start_ns);
    slowest.emplace_back(duration_ns, i);
    const Lateness last = FindLast(operations[i], records);
    if (last.job_rank >= 0) lateness[last.job_rank].push_back(last.by_ns);
  }
  AddLateRanks(lateness, facts);
  if (operations.empty()) return;

  facts->span_ns = end_ns - begin_ns;
  const int64_t slice_ns = facts->span_ns / kSlices + 1;
  for (int64_t s = 0; s * slice_ns <= facts->span_ns && s < kSlices; ++s) {
    facts->slices.emplace_back().start_ns = s * slice_ns;
  }
  for (const auto& [duration_ns, i] : slowest) {
    const auto s = static_cast<size_t>((starts[i] - begin_ns) / slice_ns);
    if (s >= facts->slices.size() || facts->slices[s].duration_ns >= duration_ns) continue;
    const OperationEntry& entry = *operations[i].front().entry;
    facts->slices[s].duration_ns = duration_ns;
    facts->slices[s].last = FindLast(operations[i], records).job_rank;
    facts->slices[s].call = *entry.call;
    facts->slices[s].bytes = entry.bytes;
  }
  const size_t worst = std::min(kWorst, slowest.size());
  std::partial_sort(slowest.begin(), slowest.begin() + static_cast<std::ptrdiff_t>(worst), slowest.end(),
                    [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a < b; });
  for (size_t i = 0; i < worst; ++i) {
    facts->worst.push_back(Combine(operations[slowest[i].second], records, clocks, begin_ns));
  }
}

}  // namespace

std::string Facts::NameOf(int32_t rank) const {
  for (const RankFacts& known : ranks) {
    if (known.rank == rank) return absl::StrCat("rank ", rank, " on host ", known.host);
  }
  return absl::StrCat("rank ", rank);
}

Facts FindFacts(const Records& records, const Clocks& clocks) {
  Facts facts;
  const RankRecords& first = records.ranks.begin()->second;
  facts.job = first.job;
  facts.size = first.size;
  facts.began_unix_ns = first.unix_ns;
  facts.problems = records.problems;
  facts.other_jobs = records.other_jobs;
  AddRanks(records, clocks, &facts);
  AddKinds(records, &facts);
  AddDelays(records, &facts);
  AddOperations(records, clocks, &facts);
  facts.summary = Summarize(facts);
  return facts;
}

}  // namespace tutti::report
