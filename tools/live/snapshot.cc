// SPDX-License-Identifier: Apache-2.0
#include "tools/live/snapshot.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "lib/recorder/flight_folder.h"

namespace tutti::live {
namespace {

bool IsAskedFor(const FlightRecord& record, const std::string& job) {
  return job.empty() || absl::StartsWith(record.run, job) || record.job_id == job ||
         absl::StrCat(record.process.pid) == job;
}

const FlightRecord::Channel* FindChannel(const FlightRecord& record, uint32_t channel) {
  for (const FlightRecord::Channel& candidate : record.channels) {
    if (candidate.channel == channel) return &candidate;
  }
  return nullptr;
}

// The oldest collective of the communicator that the rank is in.
const FlightRecord::Operation* OldestOf(const FlightRecord& record, uint32_t channel) {
  const FlightRecord::Operation* oldest = nullptr;
  for (const FlightRecord::Operation& operation : record.operations) {
    if (!operation.is_running() || operation.is_message() || operation.channel != channel) continue;
    if (oldest == nullptr || operation.sequence < oldest->sequence) oldest = &operation;
  }
  return oldest;
}

// For each communicator, the operation in which those are who are furthest: whoever is not as far is waited for.
std::map<uint32_t, Hold> FurthestOfEachChannel(const std::vector<LiveRank>& ranks) {
  std::map<uint32_t, Hold> holds;
  for (const LiveRank& rank : ranks) {
    if (rank.state == ProcessState::kDead) continue;
    for (const FlightRecord::Channel& channel : rank.record.channels) {
      const FlightRecord::Operation* oldest = OldestOf(rank.record, channel.channel);
      if (oldest == nullptr) continue;
      const auto [it, is_new] = holds.try_emplace(channel.channel);
      if (!is_new && it->second.sequence >= oldest->sequence) continue;
      it->second.channel = channel.channel;
      it->second.sequence = oldest->sequence;
      it->second.signature = oldest->signature;
    }
  }
  return holds;
}

void AddRanks(const std::vector<LiveRank>& ranks, Hold* hold) {
  for (const LiveRank& rank : ranks) {
    const FlightRecord::Channel* channel = FindChannel(rank.record, hold->channel);
    if (channel == nullptr) continue;
    const FlightRecord::Operation* oldest = OldestOf(rank.record, hold->channel);
    const bool is_dead = rank.state == ProcessState::kDead;
    if (!is_dead && oldest != nullptr && oldest->sequence == hold->sequence) {
      hold->in_it.push_back(rank.record.rank);
      if (oldest->started_ns <= 0) continue;
      hold->since_ns = hold->since_ns == 0 ? oldest->started_ns : std::min(hold->since_ns, oldest->started_ns);
    } else if (is_dead || oldest != nullptr || channel->entered <= hold->sequence) {
      hold->missing.push_back(rank.record.rank);
    }
  }
}

// Whom the rank waits for in that communicator; -1: nobody, or nobody in particular.
int32_t WaitsFor(const LiveRank& rank, uint32_t channel) {
  if (rank.state == ProcessState::kDead || rank.state == ProcessState::kStopped) return -1;
  const FlightRecord::Operation* oldest = OldestOf(rank.record, channel);
  return oldest != nullptr && oldest->wait ? oldest->wait->peer : -1;
}

void AddCulprits(const std::vector<LiveRank>& ranks, Hold* hold) {
  std::map<int32_t, int32_t> waits;
  for (const LiveRank& rank : ranks) {
    const int32_t peer = WaitsFor(rank, hold->channel);
    if (peer >= 0) waits[rank.record.rank] = peer;
  }
  for (const auto& [first, peer] : waits) {
    int32_t end = peer;
    size_t followed = 0;
    for (auto next = waits.find(end); next != waits.end() && followed <= waits.size(); ++followed) {
      end = next->second;
      next = waits.find(end);
    }
    if (followed <= waits.size()) ++hold->culprits[end];  // else they wait for each other in a circle
  }
}

}  // namespace

const FlightRecord::Operation* LiveRank::current() const {
  for (const FlightRecord::Operation& operation : record.operations) {
    if (operation.is_running()) return &operation;
  }
  return nullptr;
}

const FlightRecord::Operation* LiveRank::last_completed() const {
  const FlightRecord::Operation* last = nullptr;
  for (const FlightRecord::Operation& operation : record.operations) {
    if (operation.progress.outcome == 0) last = &operation;
  }
  return last;
}

int LiveRank::running() const {
  return static_cast<int>(std::count_if(record.operations.begin(), record.operations.end(),
                                        [](const auto& operation) { return operation.is_running(); }));
}

uint64_t LiveRank::called_only() const {
  uint64_t called = 0;
  for (const FlightRecord::Channel& channel : record.channels) {
    if (channel.outcome == 0 && channel.entered > channel.completed) called += channel.entered - channel.completed;
  }
  uint64_t begun = 0;
  for (const FlightRecord::Operation& operation : record.operations) {
    begun += operation.is_running() && !operation.is_message() ? 1 : 0;
  }
  // More have begun than were called if the counters were read a moment later; and what was not recorded is not known.
  return called > begun + record.unrecorded ? called - begun - record.unrecorded : 0;
}

std::vector<Hold> FindHolds(const std::vector<LiveRank>& ranks, int64_t now_ns) {
  std::vector<Hold> holds;
  for (auto& [channel, hold] : FurthestOfEachChannel(ranks)) {
    AddRanks(ranks, &hold);
    AddCulprits(ranks, &hold);
    if (hold.since_ns > 0 && now_ns - hold.since_ns >= kHoldNs) holds.push_back(std::move(hold));
  }
  return holds;
}

Snapshot TakeSnapshot(const std::vector<std::string>& folders, const std::string& job, int64_t now_ns) {
  Snapshot snapshot;
  snapshot.now_ns = now_ns;
  snapshot.folders = folders;
  std::map<std::string, LiveJob> jobs;
  for (const std::string& folder : folders) {
    const absl::StatusOr<std::vector<std::string>> paths = ListFlightRecords(folder);
    if (!paths.ok()) snapshot.problems.emplace_back(paths.status().message());
    for (const std::string& path : paths.value_or(std::vector<std::string>())) {
      absl::StatusOr<FlightRecord> record = ReadFlightRecord(path);
      if (absl::IsNotFound(record.status())) continue;  // the rank has just left
      if (!record.ok()) {
        snapshot.problems.emplace_back(record.status().message());
        continue;
      }
      if (!IsAskedFor(*record, job)) continue;
      const ProcessState state = StateOf(record->process);
      jobs[record->run].ranks.push_back({*std::move(record), state});
    }
  }
  for (auto& [run, live] : jobs) {
    std::sort(live.ranks.begin(), live.ranks.end(),
              [](const LiveRank& a, const LiveRank& b) { return a.record.rank < b.record.rank; });
    live.holds = FindHolds(live.ranks, now_ns);
    snapshot.jobs.push_back(std::move(live));
  }
  std::sort(snapshot.jobs.begin(), snapshot.jobs.end(),
            [](const LiveJob& a, const LiveJob& b) { return a.any().created_unix_ns > b.any().created_unix_ns; });
  return snapshot;
}

}  // namespace tutti::live
