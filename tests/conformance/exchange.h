// SPDX-License-Identifier: Apache-2.0
// A supervised exchange of messages: it posts what a check asks for, polls all endpoints, and watches on its own that
// every completion is owed, comes once and tells the truth, that bytes are right, that views live as long as promised,
// and that buffers are left alone as soon as they should be. It never knows which transport it watches.
#ifndef TUTTI_TESTS_CONFORMANCE_EXCHANGE_H_
#define TUTTI_TESTS_CONFORMANCE_EXCHANGE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "fixture.h"
#include "lib/base/prng.h"
#include "lib/transport/transport.h"

namespace tutti::conformance {

// What a check asks for. `recv_*`: what the receive says where that differs from the send.
struct MessageSpec {
  int32_t from = 0;
  int32_t to = 1;
  MessageId id = {};
  uint64_t bytes = 0;
  bool by_view = false;
  uint64_t signature = 7;
  bool mismatch = false;        // the receive shall end with kMismatch
  uint64_t recv_bytes = 0;      // only if mismatch
  uint64_t recv_signature = 0;  // only if mismatch
};

// How one side of a message stands.
enum class Side : uint8_t {
  kIdle,  // not posted
  kPosted,
  kDone,     // kSendDone, kRecvDone, or the last view
  kRefused,  // kMismatch
  kDropped,  // by CloseChannel, ClosePeer or a failure: nothing may be heard of it again
};

class Exchange {
 public:
  explicit Exchange(ConformanceFixture& fixture, uint64_t seed = 1);

  ConformanceFixture& fixture() { return fixture_; }
  Prng& prng() { return prng_; }
  uint64_t eager_bytes() { return fixture_.endpoint(0).capabilities().eager_bytes; }

  // Connects every pair, both ways. Does not wait.
  absl::Status ConnectAll();
  absl::Status Connect(int32_t from, int32_t to);

  // Plans a message; returns its number.
  size_t Add(const MessageSpec& spec);
  // The same, with a fresh id on the channel.
  size_t AddNext(MessageSpec spec);

  void PostSend(size_t message) { PostSends({&message, 1}); }
  void PostRecv(size_t message) { PostRecvs({&message, 1}); }
  // In one batch; all at the same rank.
  void PostSends(absl::Span<const size_t> messages);
  void PostRecvs(absl::Span<const size_t> messages);
  // A receive without its send, or the other way round, is fine. Posts both now.
  void PostBoth(size_t message) {
    PostRecv(message);
    PostSend(message);
  }

  Side send_side(size_t message) const { return messages_[message].send; }
  Side recv_side(size_t message) const { return messages_[message].recv; }
  uint64_t viewed_bytes(size_t message) const { return messages_[message].viewed_bytes; }
  bool Finished(size_t message) const;

  // CLOSING, with the buffers' owner watching
  void CloseChannel(int32_t rank, uint32_t channel);
  void ClosePeer(int32_t rank, int32_t peer);
  bool Kill(int32_t rank);
  void Leave(int32_t rank);

  // From now on `rank` may be told that `peer` failed, once.
  void AllowFailure(int32_t rank, int32_t peer) { allowed_failures_.emplace_back(rank, peer); }
  bool Failed(int32_t rank, int32_t peer) const;

  // MOVING. Each returns the first promise that was broken.
  // One round of polls. *moved: whether anything completed.
  absl::Status Pump(bool* moved = nullptr);
  // Until `reached`; `what` says what is awaited, e.g. "the receive to complete".
  absl::Status RunUntil(absl::FunctionRef<bool()> reached, absl::string_view what);
  // Until every posted side of every message has ended.
  absl::Status RunUntilFinished();
  // For long enough to see what should not come; then looks at all buffers again.
  absl::Status Linger();

  // The next completions are asked for in Polls of this length; 0: of random lengths.
  void set_poll_length(size_t length) { poll_length_ = length; }

  // "message 3 (rank 0 -> 1, channel 0 sequence 0 index 3, 4096 bytes): send posted, receive done"
  std::string Describe(size_t message) const;

 private:
  struct Message {
    MessageSpec spec;
    uint64_t seed = 0;
    Side send = Side::kIdle;
    Side recv = Side::kIdle;
    uint64_t viewed_bytes = 0;
    std::vector<std::byte> send_buffer;
    std::vector<std::byte> recv_buffer;  // with guards at both ends
    bool buffer_given_up = false;        // dropped: must keep kGivenUp
  };

  struct LentView {
    size_t message;
    const std::byte* data;
    uint64_t offset;
    uint64_t bytes;
  };

  uint64_t RecvBytes(const Message& message) const;
  absl::Status PollRank(int32_t rank, bool* moved);
  absl::Status CheckLentViews(int32_t rank);
  absl::Status Take(int32_t rank, const Completion& completion);
  absl::Status TakeSendDone(int32_t rank, size_t message);
  absl::Status TakeRecvDone(int32_t rank, size_t message, const Completion& completion);
  absl::Status CheckStamp(int32_t rank, size_t message, const MessageStamp& stamp) const;
  absl::Status TakeView(int32_t rank, size_t message, const Completion& completion);
  absl::Status TakeMismatch(int32_t rank, size_t message, const Completion& completion);
  absl::Status TakePeerFailed(int32_t rank, const Completion& completion);
  absl::Status CheckRecvBuffer(size_t message) const;
  void DropSides(int32_t rank, absl::FunctionRef<bool(const Message&, int32_t peer)> concerns);
  absl::Status Broken(size_t message, absl::string_view what) const;
  std::string Missing() const;

  ConformanceFixture& fixture_;
  Prng prng_;
  std::vector<Message> messages_;
  std::vector<bool> present_;  // by rank: neither killed nor left
  std::vector<std::vector<LentView>> lent_views_;
  std::vector<std::pair<int32_t, int32_t>> allowed_failures_;
  std::vector<std::pair<int32_t, int32_t>> failures_;
  uint64_t next_sequence_ = 0;
  size_t poll_length_ = 0;
};

}  // namespace tutti::conformance

#endif  // TUTTI_TESTS_CONFORMANCE_EXCHANGE_H_
