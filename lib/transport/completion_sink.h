// SPDX-License-Identifier: Apache-2.0
// Where completions go: into the caller's array while Poll runs and has room, else into a queue for the next Poll. It
// also keeps memory that was handed out by view until the caller has seen it, and then gives it back to its lender.
#ifndef TUTTI_LIB_TRANSPORT_COMPLETION_SINK_H_
#define TUTTI_LIB_TRANSPORT_COMPLETION_SINK_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/types/span.h"

#include "lib/base/fixed_ring.h"
#include "lib/transport/transport.h"

namespace tutti {

// Lender: has a type Buffer, with empty(), and a Free(Buffer), as BufferPool has.
template <typename Lender>
class CompletionSink {
 public:
  using Buffer = typename Lender::Buffer;

  explicit CompletionSink(Lender& lender) : lender_(lender) {
    queue_.Reserve(kExpectedCompletions);
    in_callers_hands_.reserve(kExpectedCompletions);
  }

  // Poll begins: views handed out by the last one end here; what was queued comes first.
  void Begin(absl::Span<Completion> out) {
    for (const Buffer& buffer : in_callers_hands_) lender_.Free(buffer);
    in_callers_hands_.clear();
    out_ = out;
    count_ = 0;
    Drain();
  }

  // Poll ends: how many completions the caller's array holds.
  size_t End() {
    Drain();
    out_ = {};  // no room outside Poll
    return std::exchange(count_, 0);
  }

  // True when a view into a receive buffer cannot be handed out in this Poll any more.
  bool Full() const { return count_ == out_.size(); }
  // Of completions that would be handed out in this Poll.
  size_t Room() const { return queue_.empty() ? out_.size() - count_ : 0; }
  bool HasQueued() const { return !queue_.empty(); }

  // `channel` is the one of the completed request. `kept` is freed when the caller has seen the completion.
  void Add(const Completion& completion, uint32_t channel, Buffer kept = {}) {
    if (queue_.empty() && !Full()) {
      Deliver(completion, kept);
      return;
    }
    if (queue_.full()) queue_.Reserve(queue_.capacity() == 0 ? 64 : 2 * queue_.capacity());
    (void)queue_.Push(Queued{completion, channel, kept});
  }

  // Forgets what is queued for the channel, or for the peer.
  void DropChannel(uint32_t channel) {
    DropIf([channel](const Queued& queued) {
      return queued.channel == channel && queued.completion.kind != CompletionKind::kPeerFailed;
    });
  }
  void DropPeer(int32_t peer) {
    DropIf([peer](const Queued& queued) { return queued.completion.peer == peer; });
  }

 private:
  static constexpr size_t kExpectedCompletions = 256;  // between two Polls; more is possible, and makes it grow

  struct Queued {
    Completion completion;
    uint32_t channel = 0;
    Buffer kept;
  };

  void Deliver(const Completion& completion, Buffer kept) {
    out_[count_++] = completion;
    if (!kept.empty()) in_callers_hands_.push_back(kept);
  }

  void Drain() {
    while (!queue_.empty() && !Full()) {
      const Queued queued = queue_.Pop();
      Deliver(queued.completion, queued.kept);
    }
  }

  template <typename Predicate>
  void DropIf(Predicate&& predicate) {
    for (size_t left = queue_.size(); left > 0; --left) {
      const Queued queued = queue_.Pop();
      if (predicate(queued)) {
        lender_.Free(queued.kept);
      } else {
        (void)queue_.Push(queued);
      }
    }
  }

  Lender& lender_;
  absl::Span<Completion> out_;
  size_t count_ = 0;
  FixedRing<Queued> queue_;
  std::vector<Buffer> in_callers_hands_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_TRANSPORT_COMPLETION_SINK_H_
