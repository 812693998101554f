// SPDX-License-Identifier: Apache-2.0
// A snapshot for programs. Times are in ns before the snapshot; null where they are not known.
#include <algorithm>

#include "lib/comm/call.h"
#include "tools/live/names.h"
#include "tools/live/show.h"

namespace tutti::live {
namespace {

using Json = nlohmann::ordered_json;
using Operation = FlightRecord::Operation;

Json Ago(int64_t then_ns, int64_t now_ns) {
  return then_ns > 0 ? Json(std::max<int64_t>(now_ns - then_ns, 0)) : Json(nullptr);
}

Json RankOrNull(int32_t rank) { return rank >= 0 ? Json(rank) : Json(nullptr); }

Json WaitJson(const Operation& operation, int64_t now_ns) {
  if (!operation.wait) return nullptr;
  const FlightRecord::Wait& wait = *operation.wait;
  return {{"kind", WaitKindName(wait.kind)},
          {"rank", RankOrNull(wait.peer)},
          {"step", wait.step + 1},
          {"bytes", wait.bytes},
          {"for_ns", Ago(wait.since_ns, now_ns)}};
}

Json OperationJson(const Operation& operation, int64_t now_ns) {
  return {{"call", CallText(operation)},
          {"communicator", operation.channel},
          {"sequence", operation.sequence},
          {"tag", operation.is_message() ? Json(operation.tag()) : Json(nullptr)},
          {"bytes", operation.bytes},
          {"outcome", OutcomeText(operation.progress.outcome)},
          {"steps_done", operation.progress.steps_done},
          {"steps_posted", operation.posted},
          {"steps", operation.progress.steps},
          {"started_ns_ago", Ago(operation.started_ns, now_ns)},
          {"ended_ns_ago", Ago(operation.ended_ns, now_ns)},
          {"waits_for", WaitJson(operation, now_ns)},
          {"last_arrival", RankOrNull(operation.last_arrival)},
          {"last_arrival_ns_ago", Ago(operation.last_arrival >= 0 ? operation.last_arrival_ns : 0, now_ns)}};
}

Json OperationOrNull(const Operation* operation, int64_t now_ns) {
  return operation != nullptr ? OperationJson(*operation, now_ns) : Json(nullptr);
}

Json RankJson(const LiveRank& rank, int last, int64_t now_ns) {
  const FlightRecord& record = rank.record;
  Json communicators = Json::array();
  for (const FlightRecord::Channel& channel : record.channels) {
    communicators.push_back({{"communicator", channel.channel},
                             {"rank", channel.rank},
                             {"size", channel.size},
                             {"called", channel.entered},
                             {"completed", channel.completed},
                             {"failed", channel.outcome != 0 ? Json(OutcomeText(channel.outcome)) : Json(nullptr)}});
  }
  Json json = {{"rank", record.rank},
               {"pid", record.process.pid},
               {"host", record.host},
               {"state", StateName(rank.state)},
               {"running", rank.running()},
               {"called_not_begun", rank.called_only()},
               {"in", OperationOrNull(rank.current(), now_ns)},
               {"last_completed", OperationOrNull(rank.last_completed(), now_ns)},
               {"driven_ns_ago", Ago(record.driven_ns, now_ns)},
               {"unrecorded", record.unrecorded},
               {"communicators", communicators},
               {"record", record.path}};
  if (last <= 0) return json;
  Json& operations = json["operations"] = Json::array();
  const size_t count = std::min(record.operations.size(), static_cast<size_t>(last));
  for (size_t i = record.operations.size() - count; i < record.operations.size(); ++i) {
    operations.push_back(OperationJson(record.operations[i], now_ns));
  }
  return json;
}

Json HoldJson(const Hold& hold, int64_t now_ns) {
  Json culprits = Json::array();
  for (const auto& [rank, waiters] : hold.culprits) culprits.push_back({{"rank", rank}, {"waiting", waiters}});
  return {{"communicator", hold.channel},
          {"sequence", hold.sequence},
          {"call", DescribeSignature(hold.signature)},
          {"for_ns", Ago(hold.since_ns, now_ns)},
          {"in_it", hold.in_it},
          {"missing", hold.missing},
          {"culprits", culprits}};
}

}  // namespace

Json LiveJson(const Snapshot& snapshot, int last) {
  Json jobs = Json::array();
  for (const LiveJob& job : snapshot.jobs) {
    Json ranks = Json::array();
    for (const LiveRank& rank : job.ranks) ranks.push_back(RankJson(rank, last, snapshot.now_ns));
    Json holds = Json::array();
    for (const Hold& hold : job.holds) holds.push_back(HoldJson(hold, snapshot.now_ns));
    const FlightRecord& any = job.any();
    jobs.push_back({{"run", any.run},
                    {"job_id", any.job_id.empty() ? Json(nullptr) : Json(any.job_id)},
                    {"program", any.program},
                    {"size", any.size},
                    {"started_ns_ago", Ago(any.created_ns, snapshot.now_ns)},
                    {"ranks", ranks},
                    {"holds", holds}});
  }
  return {{"folders", snapshot.folders}, {"jobs", jobs}, {"problems", snapshot.problems}};
}

}  // namespace tutti::live
