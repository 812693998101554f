// SPDX-License-Identifier: Apache-2.0
#include "lib/telemetry/overrun.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tutti {
namespace {

// "41.2 ms", three digits.
std::string Duration(int64_t ns) {
  if (ns < 1000) return absl::StrCat(ns, " ns");
  const double value = static_cast<double>(ns);
  if (ns < 1'000'000) return absl::StrFormat("%.3g us", value / 1e3);
  if (ns < 1'000'000'000) return absl::StrFormat("%.3g ms", value / 1e6);
  return absl::StrFormat("%.3g s", value / 1e9);
}

std::string WithError(int64_t ns, int64_t error_ns) {
  return error_ns > 0 ? absl::StrCat(Duration(ns), " (give or take ", Duration(error_ns), ")") : Duration(ns);
}

}  // namespace

Cause CauseOf(const OperationTiming& timing) {
  const int64_t largest_ns =
      std::max({timing.waited_ns, timing.moved_ns, timing.reduced_ns, timing.coded_ns, timing.queued_ns});
  if (timing.waited_ns == largest_ns) return Cause::kLateRank;
  if (timing.moved_ns == largest_ns) return Cause::kMoving;
  if (timing.coded_ns == largest_ns) return Cause::kEncoding;
  return timing.reduced_ns == largest_ns ? Cause::kReducing : Cause::kQueueing;
}

int32_t CulpritOf(const OperationTiming& timing) {
  switch (CauseOf(timing)) {
    case Cause::kLateRank:
      return timing.last_rank;
    case Cause::kMoving:
      return timing.slowest.peer;
    case Cause::kReducing:
    case Cause::kEncoding:
    case Cause::kQueueing:
      break;
  }
  return -1;
}

std::string DescribeOverrun(absl::string_view operation, const OperationTiming& timing, int64_t budget_ns,
                            absl::FunctionRef<std::string(int32_t)> rank_name) {
  std::string text =
      absl::StrCat(operation, " took ", Duration(timing.total_ns), ", over its budget of ", Duration(budget_ns), ": ");
  switch (CauseOf(timing)) {
    case Cause::kLateRank:
      absl::StrAppend(&text, Duration(timing.waited_ns), " of it waiting for ", rank_name(timing.last_rank),
                      ", which called it last, ", WithError(timing.last_by_ns, timing.last_error_ns),
                      " after this rank.");
      break;
    case Cause::kMoving:
      absl::StrAppend(&text, Duration(timing.moved_ns), " of it moving bytes.");
      if (timing.slowest.peer >= 0) {
        absl::StrAppend(&text, " The slowest message, ", timing.slowest.bytes, " bytes in step ",
                        timing.slowest.step + 1, ", came from ", rank_name(timing.slowest.peer), " and was ",
                        WithError(timing.slowest.ns, timing.slowest.error_ns), " on its way.");
      }
      break;
    case Cause::kReducing:
      absl::StrAppend(&text, Duration(timing.reduced_ns), " of it reducing on this rank.");
      break;
    case Cause::kEncoding:
      absl::StrAppend(&text, Duration(timing.coded_ns), " of it encoding and decoding on this rank.");
      break;
    case Cause::kQueueing:
      absl::StrAppend(&text, Duration(timing.queued_ns), " of it behind other operations of this rank.");
      break;
  }
  return text;
}

}  // namespace tutti
