// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/comm_totals.h"

#include <utility>

#include "collectives/algorithms/registry.h"
#include "lib/comm/call.h"
#include "lib/comm/communicator.h"

namespace tutti {
namespace {

KindTotals Describe(const OperationRecord& record) {
  const RecordKey& key = record.key();
  const bool has_class = key.collective != RecordKey::kShared;
  KindTotals kind;
  kind.collective = CallName(key.collective);
  kind.algorithm = AlgorithmName(key.collective, key.algorithm);
  kind.min_bytes = has_class && key.size_class > 0 ? uint64_t{1} << (key.size_class - 1) : 0;
  kind.max_bytes = !has_class ? UINT64_MAX : key.size_class == 0 ? 0 : 2 * (kind.min_bytes - 1) + 1;
  kind.times = HistogramSnapshot(record.total());
  kind.times.Add(record.quick_ns(), record.unclocked());
  kind.queued_ns = record.queued_ns();
  kind.waited_ns = record.waited_ns();
  kind.moved_ns = record.moved_ns();
  kind.reduced_ns = record.reduced_ns();
  kind.coded_ns = record.coded_ns();
  return kind;
}

StepTotals Describe(const StepRecord& record, const Communicator& communicator) {
  const StepKey& key = record.key();
  StepTotals step;
  step.sort = StepSortName(key.sort);
  step.peer = key.peer;
  step.rail = key.rail != StepKey::kNoRail ? communicator.RailName(key.rail) : "";
  step.bytes = record.bytes();
  step.times = HistogramSnapshot(record.times());
  return step;
}

}  // namespace

const char* CallName(uint8_t collective) {
  if (collective == kSendKind) return "send";
  if (collective == kRecvKind) return "recv";
  return collective < kNumCollectives ? CollectiveName(static_cast<Collective>(collective)) : "other";
}

const char* AlgorithmName(uint8_t collective, uint8_t id) {
  if (collective >= kNumCollectives) return "";
  const Algorithm* algorithm = AlgorithmOf(static_cast<Collective>(collective), id);
  return algorithm == nullptr ? "" : algorithm->name;
}

void VisitKinds(const CommTelemetry& telemetry, absl::FunctionRef<void(const KindTotals&)> visit) {
  telemetry.VisitRecords([&](const OperationRecord& record) {
    const KindTotals kind = Describe(record);
    if (kind.times.count() > 0) visit(kind);
  });
}

void VisitSteps(const Communicator& communicator, absl::FunctionRef<void(const StepTotals&)> visit) {
  communicator.telemetry().VisitSteps([&](const StepRecord& record) {
    const StepTotals step = Describe(record, communicator);
    if (step.times.count() > 0) visit(step);
  });
}

CommTotals TotalsOf(const Communicator& communicator) {
  const CommTelemetry& telemetry = communicator.telemetry();
  CommTotals totals;
  totals.comm = communicator.channel();
  totals.epoch = telemetry.epoch();
  telemetry.VisitRecords([&](const OperationRecord& record) {
    KindTotals kind = Describe(record);
    if (kind.times.count() > 0) totals.kinds.push_back(std::move(kind));
  });
  for (int32_t rank = 0; rank < telemetry.size(); ++rank) {
    const RankTotals found{rank, telemetry.BlameOf(rank), telemetry.PathFrom(rank)};
    if (found.blame.times_last > 0 || found.path.messages > 0) totals.ranks.push_back(found);
  }
  telemetry.VisitSteps([&](const StepRecord& record) {
    StepTotals step = Describe(record, communicator);
    if (step.times.count() > 0) totals.steps.push_back(std::move(step));
  });
  return totals;
}

}  // namespace tutti
