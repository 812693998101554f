// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-report/facts_json.h"

#include <nlohmann/json.hpp>

namespace tutti::report {
namespace {

using Json = nlohmann::ordered_json;

Json OrNull(bool known, int64_t value) { return known ? Json(value) : Json(nullptr); }

Json ToJson(const RankFacts& rank) {
  return {
      {"rank", rank.rank}, {"host", rank.host},
      {"pid", rank.pid},   {"operations", rank.operations},
      {"lost", rank.lost}, {"clock_error_ns", OrNull(rank.clock_error_ns != Clocks::kUnknown, rank.clock_error_ns)}};
}

Json ToJson(const LateRank& late) {
  return {{"rank", late.rank},
          {"times_last", late.times_last},
          {"share", late.share},
          {"median_late_ns", late.median_late_ns},
          {"max_late_ns", late.max_late_ns},
          {"cost_ns", late.cost_ns}};
}

Json ToJson(const KindFacts& kind) {
  return {{"call", kind.call},           {"min_bytes", kind.min_bytes},
          {"max_bytes", kind.max_bytes}, {"algorithms", kind.algorithms},
          {"count", kind.count},         {"p50_ns", kind.p50_ns},
          {"p90_ns", kind.p90_ns},       {"p99_ns", kind.p99_ns},
          {"p999_ns", kind.p999_ns},     {"max_ns", kind.max_ns},
          {"queued_ns", kind.queued_ns}, {"waited_ns", kind.waited_ns},
          {"moved_ns", kind.moved_ns},   {"reduced_ns", kind.reduced_ns},
          {"coded_ns", kind.coded_ns}};
}

Json ToJson(const Delay& delay) {
  return {{"from", delay.from},
          {"to", delay.to},
          {"times_last", delay.times_last},
          {"late_ns", delay.late_ns},
          {"max_late_ns", delay.max_late_ns},
          {"messages", delay.messages},
          {"bytes", delay.bytes},
          {"path_ns", delay.path_ns},
          {"max_path_ns", delay.max_path_ns}};
}

Json ToJson(const Part& part) {
  Json json = {{"rank", part.rank},
               {"start_ns", part.start_ns},
               {"end_ns", part.end_ns},
               {"queued_ns", part.queued_ns},
               {"waited_ns", part.waited_ns},
               {"moved_ns", part.moved_ns},
               {"reduced_ns", part.reduced_ns},
               {"coded_ns", part.coded_ns}};
  if (part.slow_from >= 0) json["slowest"] = {{"from", part.slow_from}, {"ns", part.slow_ns}, {"rail", part.rail}};
  return json;
}

Json ToJson(const JoinedOperation& operation) {
  Json json = {{"call", operation.call},
               {"algorithm", operation.algorithm},
               {"bytes", operation.bytes},
               {"comm", operation.comm},
               {"sequence", operation.sequence},
               {"duration_ns", operation.duration_ns},
               {"last", OrNull(operation.last >= 0, operation.last)},
               {"last_by_ns", operation.last_by_ns}};
  if (!operation.outcome.empty()) json["outcome"] = operation.outcome;
  Json& parts = json["ranks"] = Json::array();
  for (const Part& part : operation.parts) parts.push_back(ToJson(part));
  return json;
}

Json ToJson(const Slice& slice) {
  return {{"start_ns", slice.start_ns},
          {"duration_ns", slice.duration_ns},
          {"last", OrNull(slice.last >= 0, slice.last)},
          {"call", slice.call},
          {"bytes", slice.bytes}};
}

template <typename T>
Json ToJson(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(ToJson(value));
  return list;
}

}  // namespace

Json ToJson(const Facts& facts) {
  return {{"version", 1},
          {"job", facts.job},
          {"size", facts.size},
          {"began_unix_ns", facts.began_unix_ns},
          {"span_ns", facts.span_ns},
          {"summary", facts.summary},
          {"recorded_operations", facts.recorded},
          {"time_ns",
           {{"queued", facts.queued_ns},
            {"waited", facts.waited_ns},
            {"moved", facts.moved_ns},
            {"reduced", facts.reduced_ns},
            {"coded", facts.coded_ns}}},
          {"late_ranks", ToJson(facts.late)},
          {"ranks", ToJson(facts.ranks)},
          {"missing_ranks", facts.missing},
          {"kinds", ToJson(facts.kinds)},
          {"delays", ToJson(facts.delays)},
          {"worst_operations", ToJson(facts.worst)},
          {"slices", ToJson(facts.slices)},
          {"problems", facts.problems},
          {"other_jobs", facts.other_jobs}};
}

}  // namespace tutti::report
