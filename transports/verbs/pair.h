// SPDX-License-Identifier: Apache-2.0
// One reliable queue pair and what is on its way through it. Work requests are collected and posted together; only the
// last of each batch is signalled, because those before it have then completed, too. It never knows what they carry.
#ifndef TUTTI_TRANSPORTS_VERBS_PAIR_H_
#define TUTTI_TRANSPORTS_VERBS_PAIR_H_

#include <infiniband/verbs.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"

#include "lib/base/fixed_ring.h"
#include "transports/verbs/device.h"
#include "transports/verbs/handles.h"
#include "transports/verbs/verbs_options.h"
#include "transports/verbs/wire.h"

namespace tutti::verbs {

class Pair {
 public:
  static constexpr uint32_t kNoSlot = UINT32_MAX;

  // What the owner wants to be reminded of when a work request has completed.
  struct Note {
    uint32_t send_slot = kNoSlot;  // whose bytes it carries, and how many
    uint32_t frame_bytes = 0;
    bool is_probe = false;
    bool ends_grant = false;  // its bytes are the last that a grant allows, of so many, of this message
    uint64_t grant_bytes = 0;
    MessageId id;
  };

  // In state INIT. `depth`: work requests at once.
  static absl::StatusOr<std::unique_ptr<Pair>> Create(const Device& device, ibv_cq* completions, ibv_srq* receives,
                                                      uint32_t depth);

  // What the completions of its sends carry as wr_id.
  void set_tag(uint64_t tag) { tag_ = tag; }
  uint32_t number() const { return pair_->qp_num; }
  PairAddress Address(const Device& device) const;

  // Joins it with its counterpart; then both may send, once both have done so.
  absl::Status Connect(const Device& device, const PortOptions& options, const PairAddress& remote);
  bool connected() const { return connected_; }

  // Of work requests that can be appended now.
  size_t room() const { return depth_ - notes_.size(); }
  bool idle() const { return notes_.empty(); }

  // `pieces` are gathered; at most two. The request is posted by the next Flush.
  void Append(ibv_send_wr request, absl::Span<const ibv_sge> pieces, const Note& note);
  // 0, or the errno with which the device refused.
  [[nodiscard]] int Flush();
  // A signalled request has completed: shows the notes of all up to it.
  void TakeCompleted(absl::FunctionRef<void(const Note&)> visit);
  // Shows the notes of all that have not.
  void DropAll(absl::FunctionRef<void(const Note&)> visit);

 private:
  explicit Pair(uint32_t depth);

  PairHandle pair_;
  const uint32_t depth_;
  uint64_t tag_ = 0;
  uint32_t first_packet_ = 0;
  bool connected_ = false;
  std::vector<ibv_send_wr> batch_;  // of which num_appended_ are in use
  std::vector<ibv_sge> pieces_;     // two for each
  size_t num_appended_ = 0;
  FixedRing<Note> notes_;          // of all requests that are not known to have completed
  FixedRing<uint32_t> signalled_;  // sizes of the batches
};

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_PAIR_H_
