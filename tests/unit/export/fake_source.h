// SPDX-License-Identifier: Apache-2.0
// A communicator of two ranks that has measured what a test says.
#ifndef TUTTI_TESTS_UNIT_EXPORT_FAKE_SOURCE_H_
#define TUTTI_TESTS_UNIT_EXPORT_FAKE_SOURCE_H_

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "lib/export/telemetry_source.h"

namespace tutti {

class FakeSource final : public TelemetrySource {
 public:
  explicit FakeSource(size_t room = 16) : ring_(room) {}

  uint32_t comm() const override { return 5; }
  int comm_rank() const override { return 1; }
  const std::vector<int32_t>& job_ranks() const override { return job_ranks_; }
  CommTotals Totals() const override {
    CommTotals totals;
    totals.comm = 5;
    totals.epoch = 2;
    KindTotals kind;
    kind.collective = "all_reduce";
    kind.algorithm = "ring";
    kind.min_bytes = 64;
    kind.max_bytes = 127;
    for (int64_t ns : times_ns) kind.times.Add(ns, 1);
    kind.queued_ns = 1'000;
    kind.waited_ns = 2'000'000;
    kind.moved_ns = 500'000'000;
    kind.coded_ns = 30'000'000;
    totals.kinds.push_back(std::move(kind));
    totals.ranks.push_back({0, {3, 9'000'000, 5'000'000}, {7, 700, 70'000, 30'000}});
    StepTotals step;
    step.sort = "receive";
    step.peer = 0;
    step.rail = "tcp";
    step.bytes = 128;
    step.times.Add(2'500, 2);
    totals.steps.push_back(std::move(step));
    return totals;
  }
  TraceRing* trace() override { return &ring_; }
  const char* CollectiveOf(const TraceLabel& label) const override { return label.peer >= 0 ? "send" : "all_reduce"; }
  const char* AlgorithmOf(const TraceLabel& label) const override { return label.peer >= 0 ? "" : "ring"; }
  const char* OutcomeOf(const TraceRecord& record) const override { return record.outcome == 0 ? "ok" : "timeout"; }
  const char* RailOf(const TraceRecord&) const override { return "tcp"; }

  // An operation that began at start_ns and took 10,000 ns, of which it waited 4,000 for rank 0 and was 900 in a codec.
  void Finish(uint64_t sequence, int64_t start_ns, int32_t outcome = 0, int32_t peer = -1) {
    TraceRecord* record = ring_.Begin();
    if (record == nullptr) return;
    *record = {};
    record->sequence = sequence;
    record->label.bytes = 100;
    record->label.peer = peer;
    record->tag = 17;
    record->outcome = outcome;
    record->marks.arrivals.Begin(1, start_ns);
    record->marks.arrivals.Hear(0, start_ns + 4'000, 50);
    record->marks.begun_ns = start_ns;
    record->marks.finished_ns = start_ns + 10'000;
    record->marks.coded_ns = 900;
    record->marks.slowest = {0, 3, 64, 2'500, 20, 1};
    ring_.End();
  }

  std::vector<int64_t> times_ns = {1'000, 2'000, 1'000'000};

 private:
  const std::vector<int32_t> job_ranks_ = {7, 9};
  TraceRing ring_;
};

inline std::vector<nlohmann::json> ParseLines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    lines.push_back(nlohmann::json::parse(text.substr(begin, end - begin)));
    begin = end == std::string::npos ? text.size() : end + 1;
  }
  return lines;
}

inline std::string ReadFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_EXPORT_FAKE_SOURCE_H_
