// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/json_report.h"

#include <nlohmann/json.hpp>

namespace tutti::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormatVersion = 1;  // counts up when a field changes its meaning or goes

Json MeasurementJson(const Row& row, const std::optional<Measurement>& m, int ranks) {
  if (!m) return nullptr;
  Json percentiles;
  for (const char* p : {"0", "1", "5", "10", "25", "50", "75", "90", "95", "99", "99.9", "99.99", "100"}) {
    percentiles[p] = m->samples.PercentileNs(std::stod(p));
  }
  return {
      {"time_ns", m->time_ns},
      {"algbw_gb_per_s", AlgorithmBandwidth(row, *m)},
      {"busbw_gb_per_s", BusBandwidth(row, *m, ranks)},
      {"wrong", row.checked ? Json(m->wrong) : Json(nullptr)},
      {"rank_0",
       {{"queued_ns", m->jitter.queued_ns},
        {"waited_ns", m->jitter.waited_ns},
        {"moved_ns", m->jitter.moved_ns},
        {"reduced_ns", m->jitter.reduced_ns},
        {"most_late_rank", m->jitter.late_rank < 0 ? Json(nullptr) : Json(m->jitter.late_rank)},
        {"most_late_ns", m->jitter.late_ns}}},
      {"iteration_ns",
       {{"samples", m->samples.count()},
        {"mean", m->samples.MeanNs()},
        {"deviation", m->samples.DeviationNs()},
        {"percentiles", percentiles}}},
  };
}

Json RowJson(const Row& row, int ranks) {
  const Operation& operation = *row.call.operation;
  return {
      {"collective", operation.name},
      {"codec", row.codec.empty() ? Json(nullptr) : Json(row.codec)},
      {"algorithm", row.algorithm.empty() ? Json(nullptr) : Json(row.algorithm)},
      {"size_bytes", row.bytes},
      {"count", row.call.count},
      {"type", operation.moves_data ? Json(tutti_dtype_name(row.call.dtype)) : Json(nullptr)},
      {"redop", operation.reduces ? Json(tutti_op_name(row.call.op)) : Json(nullptr)},
      {"root", operation.rooted ? Json(row.call.root) : Json(nullptr)},
      {"out_of_place", MeasurementJson(row, row.out_of_place, ranks)},
      {"in_place", MeasurementJson(row, row.in_place, ranks)},
  };
}

}  // namespace

std::string JsonReport(const RunFacts& facts, const std::vector<Row>& rows) {
  Json environment = Json::object();
  for (const auto& [name, value] : facts.environment) environment[name] = value;
  Json results = Json::array();
  for (const Row& row : rows) results.push_back(RowJson(row, facts.ranks));
  const Summary summary = Summarize(rows, facts.ranks);

  const Json report = {
      {"format", "tutti-bench"},
      {"format_version", kFormatVersion},
      {"versions", {{"tutti_bench", facts.program_version}, {"tutti", tutti_version()}}},
      {"started", facts.started},
      {"finished", DateNow()},
      {"host",
       {{"name", facts.host.name},
        {"system", facts.host.system},
        {"processor", facts.host.processor},
        {"cores", facts.host.cores}}},
      {"ranks", facts.ranks},
      {"options",
       {{"command_line", facts.command_line},
        {"environment", environment},
        {"iterations", facts.settings.iterations},
        {"warmup", facts.settings.warmup},
        {"check", facts.settings.checks},
        {"sync", facts.settings.sync}}},
      {"meaning",
       {{"time_ns", "mean per iteration of the timed loop, on the rank where it was largest"},
        {"iteration_ns", "per iteration the time of the rank that was slowest in it"},
        {"rank_0",
         "what its time in the timed iterations was spent on, and which rank cost it the most by coming last"},
        {"wrong", "elements that differ from the reference, over all checked iterations and ranks"}}},
      {"results", results},
      {"summary", {{"wrong", summary.wrong}, {"mean_busbw_gb_per_s", summary.mean_bus_bandwidth}}},
  };
  // Host names and arguments need not be UTF-8; a report with a replacement character is better than none.
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tutti::bench
