// SPDX-License-Identifier: Apache-2.0
#include "lib/export/json_lines.h"

#include "absl/strings/str_cat.h"

#include "lib/export/json_text.h"
#include "lib/telemetry/operation_timing.h"

namespace tutti {
namespace {

void AppendBuckets(const HistogramSnapshot& times, std::string* out) {
  const char* separator = "[";
  for (size_t b = 0; b < Histogram::kNumBuckets; ++b) {
    if (times.CountIn(b) == 0) continue;
    absl::StrAppend(out, separator, "[", Histogram::BucketLow(b), ",", Histogram::BucketLow(b + 1), ",",
                    times.CountIn(b), "]");
    separator = ",";
  }
  *out += *separator == '[' ? "[]" : "]";
}

}  // namespace

void AppendRankLine(const RankIdentity& identity, int64_t clock_ns, int64_t unix_ns, std::string* out) {
  JsonLine(out, "rank")
      .Number("version", 1)
      .Text("job", identity.job)
      .Number("rank", identity.rank)
      .Number("size", identity.size)
      .Text("host", identity.host)
      .Text("host_id", identity.host_id)
      .Number("pid", identity.pid)
      .Number("clock_ns", clock_ns)
      .Number("unix_ns", unix_ns);
}

void AppendCommLine(uint32_t comm, int rank, const std::vector<int32_t>& job_ranks, std::string* out) {
  JsonLine line(out, "comm");
  std::string* members = line.Number("comm", comm).Number("rank", rank).Value("members");
  const char* separator = "[";
  for (const int32_t job_rank : job_ranks) {
    absl::StrAppend(members, separator, job_rank);
    separator = ",";
  }
  *members += "]";
}

void AppendOperationLine(const TelemetrySource& source, const TraceRecord& record, std::string* out) {
  const OperationTiming timing = SplitTime(record.marks);
  const TraceLabel& label = record.label;
  JsonLine line(out, "op");
  line.Number("comm", source.comm()).Number("seq", record.sequence).Text("call", source.CollectiveOf(label));
  if (const char* algorithm = source.AlgorithmOf(label); *algorithm != '\0') line.Text("alg", algorithm);
  line.Number("bytes", label.bytes)
      .Number("start_ns", timing.arrived_ns)
      .Number("end_ns", timing.arrived_ns + timing.total_ns)
      .Number("queued_ns", timing.queued_ns)
      .Number("waited_ns", timing.waited_ns)
      .Number("moved_ns", timing.moved_ns)
      .Number("reduced_ns", timing.reduced_ns)
      .Number("coded_ns", timing.coded_ns);
  if (label.peer >= 0) line.Number("peer", label.peer).Number("tag", record.tag);
  if (timing.last_rank >= 0) {
    line.Number("last", timing.last_rank).Number("last_by_ns", timing.last_by_ns);
    if (timing.last_error_ns > 0) line.Number("last_error_ns", timing.last_error_ns);
  }
  if (timing.slowest.peer >= 0) {
    line.Number("slow_peer", timing.slowest.peer)
        .Number("slow_ns", timing.slowest.ns)
        .Number("slow_bytes", timing.slowest.bytes);
    if (timing.slowest.error_ns > 0) line.Number("slow_error_ns", timing.slowest.error_ns);
    line.Text("rail", source.RailOf(record));
  }
  if (record.outcome != 0) line.Text("outcome", source.OutcomeOf(record));
}

void AppendClockLine(const ClockReading& reading, std::string* out) {
  JsonLine(out, "clock")
      .Number("peer", reading.job_rank)
      .Number("at_ns", reading.at_ns)
      .Number("ahead_ns", reading.ahead_ns)
      .Number("error_ns", reading.error_ns);
}

void AppendTotalLines(const CommTotals& totals, std::string* out) {
  for (const KindTotals& kind : totals.kinds) {
    JsonLine line(out, "kind");
    line.Number("comm", totals.comm)
        .Number("epoch", totals.epoch)
        .Text("call", kind.collective)
        .Text("alg", kind.algorithm)
        .Number("min_bytes", kind.min_bytes)
        .Number("max_bytes", kind.max_bytes)
        .Number("count", kind.times.count())
        .Number("min_ns", kind.times.min_ns())
        .Number("max_ns", kind.times.max_ns())
        .Number("queued_ns", kind.queued_ns)
        .Number("waited_ns", kind.waited_ns)
        .Number("moved_ns", kind.moved_ns)
        .Number("reduced_ns", kind.reduced_ns)
        .Number("coded_ns", kind.coded_ns);
    AppendBuckets(kind.times, line.Value("buckets"));
  }
  for (const RankTotals& rank : totals.ranks) {
    JsonLine(out, "blame")
        .Number("comm", totals.comm)
        .Number("epoch", totals.epoch)
        .Number("rank", rank.rank)
        .Number("times_last", rank.blame.times_last)
        .Number("late_ns", rank.blame.late_ns)
        .Number("max_late_ns", rank.blame.max_late_ns)
        .Number("messages", rank.path.messages)
        .Number("bytes", rank.path.bytes)
        .Number("path_ns", rank.path.ns)
        .Number("max_path_ns", rank.path.max_ns);
  }
  for (const StepTotals& step : totals.steps) {
    JsonLine line(out, "step");
    line.Number("comm", totals.comm).Number("epoch", totals.epoch).Text("step", step.sort);
    if (step.peer >= 0) line.Number("peer", step.peer);
    if (*step.rail != '\0') line.Text("rail", step.rail);
    line.Number("count", step.times.count())
        .Number("bytes", step.bytes)
        .Number("min_ns", step.times.min_ns())
        .Number("max_ns", step.times.max_ns());
    AppendBuckets(step.times, line.Value("buckets"));
  }
}

void AppendLostLine(uint32_t comm, uint64_t records, std::string* out) {
  JsonLine(out, "lost").Number("comm", comm).Number("records", records);
}

}  // namespace tutti
