// SPDX-License-Identifier: Apache-2.0
#include "lib/export/exporter.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/base/log.h"
#include "lib/export/atomic_file.h"
#include "lib/export/json_lines.h"
#include "lib/export/prometheus_text.h"

namespace tutti {
namespace {

// A ring holds what ends in a tenth of a second, even of very small operations.
constexpr std::chrono::milliseconds kPause{100};

// What a rank that is killed leaves behind is at most so old.
constexpr int64_t kTotalsEveryNs = 5 * kNsPerSecond;

}  // namespace

absl::StatusOr<std::unique_ptr<TelemetryExporter>> TelemetryExporter::Start(const ExportOptions& options,
                                                                            const RankIdentity& identity, Clock& clock,
                                                                            ReadClocks read_clocks) {
  std::unique_ptr<TelemetryExporter> exporter(new TelemetryExporter(options, identity, clock, std::move(read_clocks)));
  absl::Status begun = exporter->Begin();
  if (!begun.ok()) return begun;
  return exporter;
}

TelemetryExporter::TelemetryExporter(const ExportOptions& options, const RankIdentity& identity, Clock& clock,
                                     ReadClocks read_clocks)
    : options_(options), identity_(identity), clock_(clock), read_clocks_(std::move(read_clocks)) {}

absl::Status TelemetryExporter::Begin() {
  if (!options_.trace_directory.empty()) {
    absl::StatusOr<TraceWriter> trace =
        TraceWriter::Create(options_.trace_directory, options_.trace_limit_bytes, identity_, clock_);
    if (!trace.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the trace (TUTTI_TRACE) cannot be begun: ", trace.status().message()));
    }
    trace_.emplace(*std::move(trace));
  }
  if (!options_.prometheus_file.empty()) {
    const absl::Status written = WritePrometheus();
    if (!written.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the file for Prometheus (TUTTI_PROMETHEUS_FILE) cannot be made: ", written.message()));
    }
  }
  if (!options_.http_address.empty()) {
    absl::StatusOr<std::unique_ptr<HttpEndpoint>> http = HttpEndpoint::Start(
        options_.http_address, options_.http_port_offset,
        [this](const std::string& path, std::string* type, std::string* body) { return Serve(path, type, body); });
    if (!http.ok()) {
      return absl::Status(http.status().code(),
                          absl::StrCat("the HTTP endpoint (TUTTI_HTTP): ", http.status().message()));
    }
    http_ = *std::move(http);
    TUTTI_LOG(kInfo, "telemetry is served over HTTP at port ", http_->port());
  }
  return thread_.Start("tutti-export", [this] { Run(); });
}

TelemetryExporter::~TelemetryExporter() {
  if (!thread_.InForkedChild()) {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.Join();
  http_.reset();  // it asks for the totals
}

void TelemetryExporter::Add(TelemetrySource& source) {
  if (thread_.InForkedChild()) return;
  std::lock_guard<std::mutex> lock(mutex_);
  sources_.push_back(&source);
  if (trace_) trace_->Begin(source);
}

void TelemetryExporter::Remove(TelemetrySource& source) {
  if (thread_.InForkedChild()) return;
  // What was measured last is what the file keeps.
  if (!options_.prometheus_file.empty()) WritePrometheus().IgnoreError();
  std::lock_guard<std::mutex> lock(mutex_);
  const auto it = std::find(sources_.begin(), sources_.end(), &source);
  if (it == sources_.end()) return;
  sources_.erase(it);
  if (trace_) trace_->End(source);
}

void TelemetryExporter::BeforeMark(TelemetrySource& source) {
  if (thread_.InForkedChild()) return;
  std::lock_guard<std::mutex> lock(mutex_);
  if (trace_) trace_->WriteTotals(source);
}

void TelemetryExporter::Run() {
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      if (wake_.wait_for(lock, kPause, [this] { return stop_; })) return;
    }
    Work(clock_.NowNs());
  }
}

void TelemetryExporter::Work(int64_t now_ns) {
  const bool totals = now_ns >= next_totals_ns_;
  // Not under the mutex: it waits for the engine's driver, which may run a callback of the user's.
  std::vector<ClockReading> clocks;
  if (totals && trace_ && read_clocks_ != nullptr) clocks = read_clocks_();
  if (totals) next_totals_ns_ = now_ns + kTotalsEveryNs;
  if (!options_.prometheus_file.empty() && now_ns >= next_prometheus_ns_) {
    next_prometheus_ns_ = now_ns + options_.prometheus_period_ns;
    // Once all communicators are gone the file keeps what they measured last.
    const absl::Status written = has_sources() ? WritePrometheus() : absl::OkStatus();
    // Once for each time that it begins to fail.
    if (!written.ok() && !prometheus_failed_) TUTTI_LOG(kWarn, written.message(), "; it will be tried again");
    prometheus_failed_ = !written.ok();
  }

  std::lock_guard<std::mutex> lock(mutex_);
  if (!trace_) return;
  trace_->WriteClocks(clocks);
  for (TelemetrySource* source : sources_) {
    trace_->WriteOperations(*source);
    if (totals) trace_->WriteTotals(*source);
  }
}

std::vector<CommTotals> TelemetryExporter::Totals() {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<CommTotals> totals;
  for (const TelemetrySource* source : sources_) totals.push_back(source->Totals());
  return totals;
}

absl::Status TelemetryExporter::WritePrometheus() {
  return WriteAtomically(PathOfRank(options_.prometheus_file, identity_.rank, identity_.size),
                         PrometheusText(identity_, Totals()));
}

// On the endpoint's thread.
bool TelemetryExporter::Serve(const std::string& path, std::string* content_type, std::string* body) {
  if (path == "/metrics") {
    *content_type = "text/plain; version=0.0.4; charset=utf-8";
    *body = PrometheusText(identity_, Totals());
    return true;
  }
  if (path != "/telemetry.jsonl") return false;
  *content_type = "application/jsonl";
  AppendRankLine(identity_, clock_.NowNs(), UnixNowNs(), body);
  for (const CommTotals& totals : Totals()) AppendTotalLines(totals, body);
  return true;
}

}  // namespace tutti
