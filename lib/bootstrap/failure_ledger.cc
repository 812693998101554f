// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/failure_ledger.h"

namespace tutti {

bool FailureLedger::Record(const FailureReport& report) {
  const bool is_end = report.kind == FailureKind::kPeerDied || report.kind == FailureKind::kPeerLeft;
  const bool full = history_.size() >= kMaxRemembered;
  if (is_end ? ended_ranks_.contains(report.culprit) : failed_channels_.contains(report.channel)) return false;
  if (full) return true;
  if (is_end) {
    ended_ranks_.insert(report.culprit);
  } else {
    failed_channels_.insert(report.channel);
  }
  history_.push_back(report);
  return true;
}

}  // namespace tutti
