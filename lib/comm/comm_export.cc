// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/comm_export.h"

#include "lib/comm/comm_totals.h"
#include "lib/comm/communicator.h"
#include "lib/comm/job.h"

namespace tutti {

std::unique_ptr<CommExport> CommExport::For(const Communicator& communicator, Job& job) {
  TelemetryExporter* exporter = job.exporter();
  if (exporter == nullptr) return nullptr;
  std::unique_ptr<CommExport> made(new CommExport(communicator, job, *exporter));
  exporter->Add(*made);
  return made;
}

CommExport::CommExport(const Communicator& communicator, Job& job, TelemetryExporter& exporter)
    : communicator_(communicator),
      job_(job),
      exporter_(exporter),
      trace_(exporter.records_operations() ? std::make_unique<TraceRing>() : nullptr) {}

CommExport::~CommExport() { exporter_.Remove(*this); }

uint32_t CommExport::comm() const { return communicator_.channel(); }
int CommExport::comm_rank() const { return communicator_.rank(); }
const std::vector<int32_t>& CommExport::job_ranks() const { return communicator_.members(); }

CommTotals CommExport::Totals() const { return TotalsOf(communicator_); }

const char* CommExport::CollectiveOf(const TraceLabel& label) const { return CallName(label.collective); }

const char* CommExport::AlgorithmOf(const TraceLabel& label) const {
  return AlgorithmName(label.collective, label.algorithm);
}

const char* CommExport::OutcomeOf(const TraceRecord& record) const {
  return OutcomeName(static_cast<Outcome>(record.outcome));
}

const char* CommExport::RailOf(const TraceRecord& record) const {
  return record.marks.slowest.peer >= 0 ? job_.TransportName(record.marks.slowest.rail) : "";
}

}  // namespace tutti
