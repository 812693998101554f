// SPDX-License-Identifier: Apache-2.0
// Messages whose sender the receiver does not know.
#include <algorithm>
#include <iterator>
#include <vector>

#include "lib/comm/communicator.h"
#include "lib/comm/job.h"

namespace tutti {

absl::StatusOr<int> Communicator::FindSender(int32_t tag) {
  const auto failed = [] { return absl::FailedPreconditionError("the communicator has failed"); };
  if (outcome() != Outcome::kOk) return failed();
  if (!connected_to_all_) {
    // Peers are connected when a plan first needs them, from both ends. Here anybody may be the other end.
    std::vector<int32_t> others;
    std::copy_if(members_.begin(), members_.end(), std::back_inserter(others),
                 [this](int32_t member) { return member != members_[static_cast<size_t>(rank_)]; });
    std::vector<PeerConnection> connections;
    const absl::Status status = AppendConnections(others, &connections);
    if (!status.ok()) return outcome() != Outcome::kOk ? failed() : status;
    job_->engine().Connect(connections);
    connected_to_all_ = true;
  }
  int found = -1;
  const auto distance = [this](int sender) { return (sender - last_sender_ - 1 + size()) % size(); };
  job_->engine().VisitEarly([&](const EarlyMessage& message) {
    if (message.id.channel != channel_ || message.id.index != MessageIndex(tag)) return;
    const auto member = std::find(members_.begin(), members_.end(), message.peer);
    if (member == members_.end()) return;
    const auto sender = static_cast<int>(member - members_.begin());
    const auto next = received_.find({sender, tag});
    if (message.id.sequence != (next == received_.end() ? 0 : next->second)) return;
    if (found < 0 || distance(sender) < distance(found)) found = sender;
  });
  if (found >= 0) last_sender_ = found;
  return found;
}

}  // namespace tutti
