// SPDX-License-Identifier: Apache-2.0
// tutti_telemetry_*, tutti_last_timing, tutti_request_timing: what was measured, in the C API's words.
#include "tutti/telemetry.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"

#include "lib/capi/arguments.h"
#include "lib/capi/errors.h"
#include "lib/capi/handles.h"
#include "lib/capi/last_timing.h"
#include "lib/comm/comm_totals.h"

namespace tutti {
namespace {

tutti_status_t CheckOut(const void* out, size_t struct_size, size_t known_bytes, const char* function,
                        const char* name) {
  if (out == nullptr) return Invalid(function, name, " is NULL");
  return CheckStruct(out, struct_size, known_bytes, function, name);
}

void Fill(const OperationTiming& from, tutti_timing_t* to) {
  to->total_ns = from.total_ns;
  to->queued_ns = from.queued_ns;
  to->waited_ns = from.waited_ns;
  to->moved_ns = from.moved_ns;
  to->reduced_ns = from.reduced_ns;
  to->coded_ns = from.coded_ns;
  to->last_rank = from.last_rank;
  to->last_by_ns = from.last_by_ns;
  to->last_error_ns = from.last_error_ns;
  to->slowest_peer = from.slowest.peer;
  to->slowest_ns = from.slowest.ns;
  to->slowest_error_ns = from.slowest.error_ns;
  to->slowest_bytes = from.slowest.bytes;
}

tutti_status_t Tell(const OperationMarks* marks, const char* function, tutti_timing_t* out) {
  if (marks == nullptr) {
    return Failed(TUTTI_ERR_UNSUPPORTED,
                  absl::StrCat(function, ": nothing was measured; is telemetry off (TUTTI_TELEMETRY)?"));
  }
  Fill(SplitTime(*marks), out);
  return TUTTI_OK;
}

std::vector<tutti_bucket_t> BucketsOf(const HistogramSnapshot& snapshot) {
  std::vector<tutti_bucket_t> buckets;
  for (size_t b = 0; b < Histogram::kNumBuckets; ++b) {
    if (snapshot.CountIn(b) == 0) continue;
    buckets.push_back({static_cast<int64_t>(Histogram::BucketLow(b)), static_cast<int64_t>(Histogram::BucketLow(b + 1)),
                       snapshot.CountIn(b)});
  }
  return buckets;
}

// What both kinds of histograms say.
template <typename Out>
void FillTimes(const HistogramSnapshot& times, const std::vector<tutti_bucket_t>& buckets, Out* out) {
  const auto at = [&times](double q) { return static_cast<int64_t>(times.Quantile(q)); };
  out->count = times.count();
  out->min_ns = static_cast<int64_t>(times.min_ns());
  out->p50_ns = at(0.5);
  out->p90_ns = at(0.9);
  out->p99_ns = at(0.99);
  out->p999_ns = at(0.999);
  out->p9999_ns = at(0.9999);
  out->max_ns = static_cast<int64_t>(times.max_ns());
  out->mean_ns = times.mean_ns();
  out->variation = times.CoefficientOfVariation();
  out->buckets = buckets.data();
  out->num_buckets = buckets.size();
}

void Show(const KindTotals& kind, tutti_histogram_fn visit, void* context) {
  const std::vector<tutti_bucket_t> buckets = BucketsOf(kind.times);
  tutti_histogram_t out = {};
  FillTimes(kind.times, buckets, &out);
  out.struct_size = sizeof out;
  out.collective = kind.collective;
  out.algorithm = kind.algorithm;
  out.min_bytes = kind.min_bytes;
  out.max_bytes = kind.max_bytes;
  out.queued_ns = static_cast<int64_t>(kind.queued_ns);
  out.waited_ns = static_cast<int64_t>(kind.waited_ns);
  out.moved_ns = static_cast<int64_t>(kind.moved_ns);
  out.reduced_ns = static_cast<int64_t>(kind.reduced_ns);
  out.coded_ns = static_cast<int64_t>(kind.coded_ns);
  visit(context, &out);
}

void Show(const StepTotals& step, tutti_step_histogram_fn visit, void* context) {
  const std::vector<tutti_bucket_t> buckets = BucketsOf(step.times);
  tutti_step_histogram_t out = {};
  FillTimes(step.times, buckets, &out);
  out.struct_size = sizeof out;
  out.step = step.sort;
  out.peer = step.peer;
  out.rail = step.rail;
  out.bytes = step.bytes;
  visit(context, &out);
}

tutti_status_t Snapshot(tutti_comm_t comm, tutti_histogram_fn visit, void* context) {
  constexpr const char* kFunction = "tutti_telemetry_snapshot";
  if (visit == nullptr) return Failed(TUTTI_ERR_INVALID_ARGUMENT, absl::StrCat(kFunction, ": visit is NULL"));
  const Communicator* communicator = Find(comm, kFunction);
  if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  VisitKinds(communicator->telemetry(), [&](const KindTotals& kind) { Show(kind, visit, context); });
  return TUTTI_OK;
}

tutti_status_t Steps(tutti_comm_t comm, tutti_step_histogram_fn visit, void* context) {
  constexpr const char* kFunction = "tutti_telemetry_steps";
  if (visit == nullptr) return Failed(TUTTI_ERR_INVALID_ARGUMENT, absl::StrCat(kFunction, ": visit is NULL"));
  const Communicator* communicator = Find(comm, kFunction);
  if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  VisitSteps(*communicator, [&](const StepTotals& step) { Show(step, visit, context); });
  return TUTTI_OK;
}

tutti_status_t Blame(tutti_comm_t comm, int rank, tutti_blame_t* out) {
  constexpr const char* kFunction = "tutti_telemetry_blame";
  const Communicator* communicator = Find(comm, kFunction);
  if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  tutti_status_t status = CheckOut(out, out != nullptr ? out->struct_size : 0, sizeof *out, kFunction, "blame");
  if (status == TUTTI_OK) status = CheckRank(rank, communicator->size(), kFunction, "rank");
  if (status != TUTTI_OK) return status;
  const RankBlame blame = communicator->telemetry().BlameOf(rank);
  const PathTimes path = communicator->telemetry().PathFrom(rank);
  out->times_last = blame.times_last;
  out->late_ns = static_cast<int64_t>(blame.late_ns);
  out->max_late_ns = static_cast<int64_t>(blame.max_late_ns);
  out->messages = path.messages;
  out->bytes = path.bytes;
  out->path_ns = static_cast<int64_t>(path.ns);
  out->max_path_ns = static_cast<int64_t>(path.max_ns);
  return TUTTI_OK;
}

tutti_status_t Budget(tutti_comm_t comm, int64_t budget_ns, tutti_overrun_fn callback, void* context) {
  constexpr const char* kFunction = "tutti_telemetry_budget";
  Communicator* communicator = Find(comm, kFunction);
  if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  if (budget_ns != 0 && budget_ns < kLeastBudgetNs) return InvalidBudget(kFunction, "budget_ns", budget_ns);
  communicator->budget().SetBudget(budget_ns == 0 ? kForeverNs : budget_ns);
  if (callback == nullptr) {
    communicator->budget().SetCallback(nullptr);
    return TUTTI_OK;
  }
  communicator->budget().SetCallback([callback, context](const Overrun& overrun) {
    tutti_overrun_t out = {};
    out.struct_size = sizeof out;
    const tutti_timing_t none = TUTTI_TIMING_INIT;
    out.timing = none;
    Fill(overrun.timing, &out.timing);
    out.budget_ns = overrun.budget_ns;
    out.culprit = overrun.culprit;
    out.sentence = overrun.sentence.c_str();
    callback(context, &out);
  });
  return TUTTI_OK;
}

int64_t QuantileOf(const tutti_histogram_t& histogram, double q) {
  const double wanted = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(histogram.count));
  uint64_t left = std::clamp<uint64_t>(static_cast<uint64_t>(wanted), 1, histogram.count);
  if (left == 1) return histogram.min_ns;
  if (left == histogram.count) return histogram.max_ns;
  for (size_t b = 0; b < histogram.num_buckets; ++b) {
    const tutti_bucket_t& bucket = histogram.buckets[b];
    const int64_t middle_ns = bucket.low_ns + (bucket.high_ns - 1 - bucket.low_ns) / 2;
    if (left <= bucket.count) return std::clamp(middle_ns, histogram.min_ns, histogram.max_ns);
    left -= bucket.count;
  }
  return histogram.max_ns;
}

}  // namespace
}  // namespace tutti

extern "C" {

tutti_status_t tutti_last_timing(tutti_timing_t* timing) {
  return tutti::Fence(__func__, [&]() -> tutti_status_t {
    using namespace tutti;
    const size_t struct_size = timing != nullptr ? timing->struct_size : 0;
    const tutti_status_t status = CheckOut(timing, struct_size, sizeof *timing, "tutti_last_timing", "timing");
    return status == TUTTI_OK ? Tell(LastMarks(), "tutti_last_timing", timing) : status;
  });
}

tutti_status_t tutti_request_timing(tutti_request_t request, tutti_timing_t* timing) {
  return tutti::Fence(__func__, [&]() -> tutti_status_t {
    using namespace tutti;
    constexpr const char* kFunction = "tutti_request_timing";
    const Operation* operation = Find(request, kFunction);
    if (operation == nullptr) return TUTTI_ERR_INVALID_HANDLE;
    const size_t struct_size = timing != nullptr ? timing->struct_size : 0;
    const tutti_status_t status = CheckOut(timing, struct_size, sizeof *timing, kFunction, "timing");
    if (status != TUTTI_OK) return status;
    if (!operation->done()) return TUTTI_IN_PROGRESS;
    return Tell(operation->timed ? &operation->marks : nullptr, kFunction, timing);
  });
}

int64_t tutti_histogram_quantile(const tutti_histogram_t* histogram, double q) {
  if (histogram == nullptr || histogram->count == 0 || std::isnan(q)) return 0;
  return tutti::QuantileOf(*histogram, q);
}

tutti_status_t tutti_telemetry_snapshot(tutti_comm_t comm, tutti_histogram_fn visit, void* context) {
  return tutti::Fence(__func__, [&] { return tutti::Snapshot(comm, visit, context); });
}

tutti_status_t tutti_telemetry_steps(tutti_comm_t comm, tutti_step_histogram_fn visit, void* context) {
  return tutti::Fence(__func__, [&] { return tutti::Steps(comm, visit, context); });
}

tutti_status_t tutti_telemetry_blame(tutti_comm_t comm, int rank, tutti_blame_t* blame) {
  return tutti::Fence(__func__, [&] { return tutti::Blame(comm, rank, blame); });
}

tutti_status_t tutti_telemetry_budget(tutti_comm_t comm, int64_t budget_ns, tutti_overrun_fn callback, void* context) {
  return tutti::Fence(__func__, [&] { return tutti::Budget(comm, budget_ns, callback, context); });
}

tutti_status_t tutti_telemetry_mark(tutti_comm_t comm) {
  return tutti::Fence("tutti_telemetry_mark", [&]() -> tutti_status_t {
    tutti::Communicator* communicator = tutti::Find(comm, "tutti_telemetry_mark");
    if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
    communicator->MarkTelemetry();
    return TUTTI_OK;
  });
}

tutti_status_t tutti_telemetry_enable(tutti_comm_t comm, int on) {
  return tutti::Fence("tutti_telemetry_enable", [&]() -> tutti_status_t {
    tutti::Communicator* communicator = tutti::Find(comm, "tutti_telemetry_enable");
    if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
    communicator->telemetry().Enable(on != 0);
    return TUTTI_OK;
  });
}

}  // extern "C"
