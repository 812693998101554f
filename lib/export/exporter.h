// SPDX-License-Identifier: Apache-2.0
// The thread that shows what a process measures to the outside: it takes the records of finished operations out of the rings
// ten times a second and writes them down, and renews the file for Prometheus now and then. Beside it, if asked for, an HTTP
// endpoint answers with the same. Operations never wait for either.
//
// THREADS. Any.
#ifndef TUTTI_LIB_EXPORT_EXPORTER_H_
#define TUTTI_LIB_EXPORT_EXPORTER_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "lib/base/clock.h"
#include "lib/bootstrap/control_thread.h"
#include "lib/export/http_endpoint.h"
#include "lib/export/telemetry_source.h"
#include "lib/export/trace_writer.h"

namespace tutti {

struct ExportOptions {
  std::string trace_directory;  // empty: no trace
  int64_t trace_limit_bytes = int64_t{256} << 20;
  std::string prometheus_file;  // empty: none; see PathOfRank
  int64_t prometheus_period_ns = 5 * kNsPerSecond;
  std::string http_address;  // empty: none; see HttpEndpoint
  int http_port_offset = 0;  // added to the port, unless that is 0

  bool wanted() const { return !trace_directory.empty() || !prometheus_file.empty() || !http_address.empty(); }
};

class TelemetryExporter {
 public:
  using ReadClocks = std::function<std::vector<ClockReading>()>;

  // `read_clocks` is called on the exporter's thread, now and then, until the destructor returns. Errors: what cannot be
  // written, with the reason; ResourceExhausted: no thread.
  static absl::StatusOr<std::unique_ptr<TelemetryExporter>> Start(const ExportOptions& options,
                                                                  const RankIdentity& identity, Clock& clock,
                                                                  ReadClocks read_clocks);
  ~TelemetryExporter();

  // The source is shown until Remove, which also writes what is left. Neither may be called by the engine's driver.
  void Add(TelemetrySource& source);
  void Remove(TelemetrySource& source);
  // Its totals are about to be forgotten.
  void BeforeMark(TelemetrySource& source);

  bool records_operations() const { return trace_.has_value(); }
  int http_port() const { return http_ != nullptr ? http_->port() : 0; }

 private:
  TelemetryExporter(const ExportOptions& options, const RankIdentity& identity, Clock& clock, ReadClocks read_clocks);
  absl::Status Begin();
  void Run();
  void Work(int64_t now_ns);
  std::vector<CommTotals> Totals();
  bool has_sources() {
    std::lock_guard<std::mutex> lock(mutex_);
    return !sources_.empty();
  }
  absl::Status WritePrometheus();
  bool Serve(const std::string& path, std::string* content_type, std::string* body);

  const ExportOptions options_;
  const RankIdentity identity_;
  Clock& clock_;
  const ReadClocks read_clocks_;
  // The thread's own.
  int64_t next_totals_ns_ = 0;
  int64_t next_prometheus_ns_ = 0;
  bool prometheus_failed_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::vector<TelemetrySource*> sources_;
  std::optional<TraceWriter> trace_;

  std::unique_ptr<HttpEndpoint> http_;
  ControlThread thread_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_EXPORT_EXPORTER_H_
