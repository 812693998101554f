// SPDX-License-Identifier: Apache-2.0
#include "lib/export/trace_writer.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/base/log.h"
#include "lib/export/json_lines.h"

namespace tutti {
namespace {

constexpr size_t kFlushBytes = 256 * 1024;

}  // namespace

absl::StatusOr<TraceWriter> TraceWriter::Create(const std::string& directory, int64_t limit_bytes,
                                                const RankIdentity& identity, Clock& clock) {
  absl::StatusOr<TraceFile> file =
      TraceFile::Create(directory, absl::StrCat("job-", identity.job, ".rank-", identity.rank), limit_bytes);
  if (!file.ok()) return file.status();
  return TraceWriter(*std::move(file), identity, clock);
}

TraceWriter::TraceWriter(TraceFile file, RankIdentity identity, Clock& clock)
    : file_(std::move(file)), identity_(std::move(identity)), clock_(&clock) {
  text_.reserve(2 * kFlushBytes);
  WritePreamble();
  Flush();
}

// What every file begins with, so that each can be read alone.
void TraceWriter::WritePreamble() {
  AppendRankLine(identity_, clock_->NowNs(), UnixNowNs(), &text_);
  for (const auto& [source, state] : sources_) text_ += state.comm_line;
}

void TraceWriter::Begin(TelemetrySource& source) {
  State& state = sources_[&source];
  AppendCommLine(source.comm(), source.comm_rank(), source.job_ranks(), &state.comm_line);
  text_ += state.comm_line;
  Flush();
}

void TraceWriter::WriteOperations(TelemetrySource& source) {
  TraceRing* trace = source.trace();
  if (trace == nullptr) return;
  trace->Take([&](const TraceRecord& record) {
    AppendOperationLine(source, record, &text_);
    if (text_.size() >= kFlushBytes) Flush();
  });
  State& state = sources_[&source];
  const uint64_t lost = trace->lost();
  if (lost != state.lost) AppendLostLine(source.comm(), lost - state.lost, &text_);
  state.lost = lost;
  Flush();
}

void TraceWriter::WriteTotals(TelemetrySource& source) {
  AppendTotalLines(source.Totals(), &text_);
  Flush();
}

void TraceWriter::WriteClocks(const std::vector<ClockReading>& readings) {
  for (const ClockReading& reading : readings) AppendClockLine(reading, &text_);
  Flush();
}

void TraceWriter::End(TelemetrySource& source) {
  WriteOperations(source);
  WriteTotals(source);
  const uint64_t lost = sources_[&source].lost;
  sources_.erase(&source);
  if (lost == 0) return;
  TUTTI_LOG(kWarn, lost, " operations of communicator ", source.comm(), " are not in ", file_.path(),
            ": they ended quicker than they could be written. Totals and histograms have them all.");
}

void TraceWriter::Flush() {
  if (!broken_ && !text_.empty()) {
    absl::Status status = file_.Append(text_);
    text_.clear();
    if (status.ok() && file_.is_full()) {
      status = file_.Turn();
      WritePreamble();
      if (status.ok()) status = file_.Append(text_);
    }
    if (!status.ok()) GiveUp(status);
  }
  text_.clear();
}

void TraceWriter::GiveUp(const absl::Status& status) {
  broken_ = true;
  TUTTI_LOG(kWarn, "the trace (TUTTI_TRACE) ends here: ", status.message(), ". The job goes on without it.");
}

}  // namespace tutti
