// SPDX-License-Identifier: Apache-2.0
// The bound on messages that wait for their receive. Each end grants the other a budget; a small message is charged
// against it when it is sent and paid back when its receive has taken it. Without credit a message waits at its sender.
#ifndef TUTTI_LIB_TRANSPORT_CREDITS_H_
#define TUTTI_LIB_TRANSPORT_CREDITS_H_

#include <algorithm>
#include <cstdint>

namespace tutti {

// What keeping a message costs: its bytes and its entry in the table, so that empty messages are bounded, too.
constexpr uint64_t EagerCharge(uint64_t payload_bytes) { return payload_bytes + 128; }

// What this end may send.
class SendCredit {
 public:
  void Grant(uint64_t budget_bytes) { limit_ = available_ = budget_bytes; }

  bool Take(uint64_t charge) {
    if (charge > available_) return false;
    available_ -= charge;
    return true;
  }

  // False if the peer gives back more than was taken.
  [[nodiscard]] bool GiveBack(uint64_t charge) {
    if (charge > limit_ - available_) return false;
    available_ += charge;
    return true;
  }

  uint64_t available() const { return available_; }

 private:
  uint64_t limit_ = 0;
  uint64_t available_ = 0;
};

// What the peer may send.
class ReceiveCredit {
 public:
  explicit ReceiveCredit(uint64_t budget_bytes) : budget_(budget_bytes) {}

  // False if the peer sent more than it may.
  [[nodiscard]] bool Arrived(uint64_t charge) {
    if (charge > budget_ - outstanding_) return false;
    outstanding_ += charge;
    return true;
  }

  void Consumed(uint64_t charge) { to_return_ += charge; }

  // Takes what a frame to the peer should carry back.
  uint32_t TakeReturn() {
    const uint64_t returned = std::min<uint64_t>(to_return_, UINT32_MAX);
    to_return_ -= returned;
    outstanding_ -= returned;
    return static_cast<uint32_t>(returned);
  }

  // The frame that should have carried it was not sent.
  void PutBack(uint32_t returned) {
    to_return_ += returned;
    outstanding_ += returned;
  }

  // True when the peer should hear of it even though there is nothing else to tell.
  bool ReturnIsDue() const { return to_return_ > 0 && to_return_ >= budget_ / 2; }

 private:
  uint64_t budget_;
  uint64_t outstanding_ = 0;  // arrived and not yet returned, whether consumed or not
  uint64_t to_return_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_TRANSPORT_CREDITS_H_
