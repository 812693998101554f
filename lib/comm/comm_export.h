// SPDX-License-Identifier: Apache-2.0
// A communicator as the exporter sees it, from its beginning to its end.
#ifndef TUTTI_LIB_COMM_COMM_EXPORT_H_
#define TUTTI_LIB_COMM_COMM_EXPORT_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "lib/export/exporter.h"
#include "lib/export/telemetry_source.h"

namespace tutti {

class Communicator;
class Job;

class CommExport final : public TelemetrySource {
 public:
  // nullptr if the job exports nothing. The communicator must outlive this.
  static std::unique_ptr<CommExport> For(const Communicator& communicator, Job& job);
  ~CommExport() override;  // what is left is written; no operation may be running

  void BeforeMark() { exporter_.BeforeMark(*this); }

  uint32_t comm() const override;
  int comm_rank() const override;
  const std::vector<int32_t>& job_ranks() const override;
  CommTotals Totals() const override;
  TraceRing* trace() override { return trace_.get(); }
  const char* CollectiveOf(const TraceLabel& label) const override;
  const char* AlgorithmOf(const TraceLabel& label) const override;
  const char* OutcomeOf(const TraceRecord& record) const override;
  const char* RailOf(const TraceRecord& record) const override;

 private:
  CommExport(const Communicator& communicator, Job& job, TelemetryExporter& exporter);

  const Communicator& communicator_;
  Job& job_;
  TelemetryExporter& exporter_;
  std::unique_ptr<TraceRing> trace_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_COMM_EXPORT_H_
