// SPDX-License-Identifier: Apache-2.0
// tutti_telemetry_export: what a communicator has measured, as a file.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tutti/telemetry.h"

#include "lib/base/clock.h"
#include "lib/capi/errors.h"
#include "lib/capi/handles.h"
#include "lib/comm/comm_totals.h"
#include "lib/comm/job.h"
#include "lib/export/atomic_file.h"
#include "lib/export/json_lines.h"
#include "lib/export/prometheus_text.h"

namespace tutti {
namespace {

constexpr const char* kFunction = "tutti_telemetry_export";

tutti_status_t Export(tutti_comm_t comm, tutti_export_format_t format, const char* path) {
  Communicator* communicator = Find(comm, kFunction);
  if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  if (path == nullptr) return Failed(TUTTI_ERR_INVALID_ARGUMENT, absl::StrCat(kFunction, ": path is NULL"));
  Job& job = communicator->job();
  const RankIdentity identity = job.Identity();
  std::vector<CommTotals> totals;
  totals.push_back(TotalsOf(*communicator));
  std::string text;
  switch (format) {
    case TUTTI_EXPORT_PROMETHEUS:
      text = PrometheusText(identity, totals);
      break;
    case TUTTI_EXPORT_JSON_LINES:
      AppendRankLine(identity, job.clock().NowNs(), UnixNowNs(), &text);
      AppendCommLine(communicator->channel(), communicator->rank(), communicator->members(), &text);
      AppendTotalLines(totals[0], &text);
      break;
    default:
      return Failed(TUTTI_ERR_INVALID_ARGUMENT, absl::StrCat(kFunction, ": format is ", static_cast<int>(format),
                                                             ", which is no tutti_export_format_t"));
  }
  const absl::Status written = WriteAtomically(path, text);
  if (written.ok()) return TUTTI_OK;
  return Failed(TUTTI_ERR_INVALID_ARGUMENT, absl::StrCat(kFunction, ": ", written.message()));
}

}  // namespace
}  // namespace tutti

extern "C" {

tutti_status_t tutti_telemetry_export(tutti_comm_t comm, tutti_export_format_t format, const char* path) {
  return tutti::Fence(__func__, [&] { return tutti::Export(comm, format, path); });
}

}  // extern "C"
