// SPDX-License-Identifier: Apache-2.0
// Which failures a job has already been told of: the rule "the first report of a channel wins, one end per rank" in one
// place. Pure state; it never knows how a report travels. Not thread-safe.
#ifndef TUTTI_LIB_BOOTSTRAP_FAILURE_LEDGER_H_
#define TUTTI_LIB_BOOTSTRAP_FAILURE_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "lib/bootstrap/control_plane.h"

namespace tutti {

class FailureLedger {
 public:
  // A job that fails on more channels than this has told its ranks enough; later channels are still passed on, but no
  // longer remembered for ranks that join late, and may be passed on twice.
  static constexpr size_t kMaxRemembered = 65536;

  // True if the report is news and must be passed on.
  //  kPeerDied, kPeerLeft: the first one that names a culprit is news; how a rank ended does not change afterwards.
  //  other kinds: the first one of each channel is news.
  bool Record(const FailureReport& report);

  // Everything that was news, in order.
  const std::vector<FailureReport>& history() const { return history_; }

 private:
  absl::flat_hash_set<int> ended_ranks_;
  absl::flat_hash_set<uint32_t> failed_channels_;
  std::vector<FailureReport> history_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_FAILURE_LEDGER_H_
