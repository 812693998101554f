// SPDX-License-Identifier: Apache-2.0
// The contract that every transport fulfils: moving tagged messages between the ranks of one job.
//
// A transport is one endpoint of one rank. It knows bytes, peers and message ids; it never knows what a collective, an
// element type or a communicator's membership is, and it never blocks.
//
// PROMISES (each is a test in tests/conformance, run over every transport):
//  1. Matching. A send and a receive match when they name each other as peers and carry the same MessageId. Each id is
//     used once per direction. Either side may be posted first, in any order relative to other ids.
//  2. Delivery. A matched message arrives whole, once, unchanged: directly in the receive's buffer, or by view.
//  3. Views. A receive without a buffer gets its bytes as one or more parts, in order of offset, each part's length a
//     multiple of kViewGranularity bytes except the last. A part's bytes stay valid until the next Poll of this
//     transport. View pointers have no alignment. The part with offset + bytes == total ends the message. A message of 0
//     bytes gives kRecvDone.
//  4. Signatures. A match whose signatures or lengths differ moves no bytes: the receive completes with kMismatch, carrying
//     the sender's signature and length. The sender learns of it from the engine's own channel, not from here.
//  5. Bounded memory. Messages that arrive before their receive are kept only up to a fixed budget per peer; beyond it the
//     sender is held back. Large messages (over capabilities().eager_bytes) are receiver-driven: payload moves only after
//     the receive is posted.
//  6. Completion. A send completes (kSendDone) when its buffer may be reused; a receive when its buffer is final. Each
//     posted request completes exactly once, or is dropped silently by CloseChannel, ClosePeer or destruction.
//  7. Failure. When the path to a peer is lost, one kPeerFailed completion names it (context 0); all requests of that peer,
//     posted before or after, are dropped. Nothing else is disturbed. PeerError(peer) gives the sentence.
//  8. No allocation, lock or system call beyond those that move the bytes, once the peers are connected and the
//     request pools have reached their working size.
//  9. Trust. Nothing from the wire is used before the peer has proved that it knows the job secret, and no length, offset,
//     index or id from the wire is used before it is checked. A peer that breaks the protocol fails as in 7.
// 10. Stamps. What a send's stamp says is handed over with its message: in kRecvDone, or with the last part. Between ranks of
//     one host clock_bound may be left behind. Where capabilities().stamps_large_messages is false, large messages may
//     come with an empty stamp. No number of a stamp is used by the transport.
//
// THREADS. All calls come from one thread at a time (the engine's driver); only wait_fd may be polled from elsewhere.
#ifndef TUTTI_LIB_TRANSPORT_TRANSPORT_H_
#define TUTTI_LIB_TRANSPORT_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "lib/transport/message_stamp.h"

namespace tutti {

class MemoryRegistry;
class WindowSource;

// Multiple of every element size and of a cache line.
inline constexpr uint64_t kViewGranularity = 64;

// What a message is called by both of its ends.
struct MessageId {
  uint32_t channel = 0;   // the communicator
  uint32_t index = 0;     // which message of the operation between these two ranks
  uint64_t sequence = 0;  // which operation on the channel

  friend bool operator==(const MessageId&, const MessageId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const MessageId& id) {
    return H::combine(std::move(h), id.channel, id.index, id.sequence);
  }
};

struct SendRequest {
  int32_t peer = -1;  // rank in the job
  MessageId id;
  uint64_t signature = 0;      // describes the call; compared with the receive's
  const void* data = nullptr;  // must stay unchanged until kSendDone
  uint64_t bytes = 0;
  uint64_t context = 0;     // handed back in the completion
  MessageStamp stamp = {};  // handed to the receiver
};

struct RecvRequest {
  int32_t peer = -1;
  MessageId id;
  uint64_t signature = 0;
  void* data = nullptr;  // nullptr: by view
  uint64_t bytes = 0;
  uint64_t context = 0;
};

enum class CompletionKind : uint8_t {
  kSendDone,
  kRecvDone,    // the bytes are in the receive's buffer
  kRecvView,    // a part of the message can be read at `view` until the next Poll
  kMismatch,    // the sender's signature or length differs from the receive's
  kPeerFailed,  // the path to `peer` is lost
};

struct Completion {
  CompletionKind kind = CompletionKind::kSendDone;
  int32_t peer = -1;
  uint64_t context = 0;
  const void* view = nullptr;     // kRecvView
  uint64_t view_offset = 0;       // kRecvView: place of the part in the message
  uint64_t bytes = 0;             // kRecvView: length of the part; kMismatch: length of the sender's message
  uint64_t remote_signature = 0;  // kMismatch
  MessageStamp stamp = {};        // kRecvDone, and kRecvView of the last part: the send's
};

// A message that has arrived, or been announced, before its receive was posted.
struct EarlyMessage {
  int32_t peer = -1;
  MessageId id;
  uint64_t signature = 0;
  uint64_t bytes = 0;
};

struct TransportCapabilities {
  const char* name = "";
  uint64_t eager_bytes = 0;           // messages up to this length are sent without waiting for the receiver
  bool same_host_only = false;        // reaches only ranks with the same host id
  bool stamps_large_messages = true;  // see promise 10
  uint64_t max_message_bytes = 0;     // longer ones are refused by Post (a programming error); the engine splits
};

// Running totals since creation, for tests and benchmarks that count.
struct TransportCounters {
  uint64_t messages_sent = 0;
  uint64_t messages_received = 0;
  uint64_t payload_bytes_sent = 0;
  uint64_t payload_bytes_received = 0;
  uint64_t payload_bytes_copied = 0;  // moved once more than the medium itself demands
  uint64_t system_calls = 0;
  uint64_t rails_lost = 0;          // of transports that know rails: how often messages had to change to another one,
  int64_t longest_failover_ns = 0;  // and the longest time from the loss until they went on; how often one came back
  uint64_t rails_rejoined = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;

  virtual const TransportCapabilities& capabilities() const = 0;
  virtual const TransportCounters& counters() const = 0;

  // CONTROL PATH

  // How other ranks reach this endpoint: opaque bytes, at most 512, published through the bootstrap.
  virtual std::string Address() const = 0;

  // Whether an endpoint with that Address() can be reached, as far as two addresses tell: InfiniBand does not lead to
  // Ethernet. Two endpoints must agree about each other. True if the address cannot be parsed: Connect says why.
  virtual bool Reaches(absl::string_view address) const { return true; }

  // Begins to connect to `peer`, whose Address() is given. Does not wait; requests may be posted at once and are held until
  // the connection stands. Both ends call it (in any order); a second call is a no-op. An address that cannot be parsed
  // is an error; a peer that cannot be reached is reported as kPeerFailed.
  virtual absl::Status Connect(int32_t peer, absl::string_view address) = 0;

  // Why the peer failed, as a sentence without rank names ("connection reset while receiving"); "" if it has not.
  virtual std::string PeerError(int32_t peer) const = 0;

  // Drops every request and every kept message of the channel, and all that still arrives for it. When it returns, the
  // buffers of its requests are no longer touched. Other channels on the same connection go on undisturbed.
  virtual void CloseChannel(uint32_t channel) = 0;

  // Drops the connection to the peer and all its requests, without a kPeerFailed completion.
  virtual void ClosePeer(int32_t peer) = 0;

  // Shows every early message that is known now. The engine's owner looks for ones that nobody will ever receive, because
  // the operation they belong to is over: their senders called something else.
  virtual void VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const = 0;

  // DATA PATH

  // Accepts all requests, or aborts the process in debug builds on a malformed one (peer never connected, too long).
  virtual void PostSends(absl::Span<const SendRequest> requests) = 0;
  virtual void PostRecvs(absl::Span<const RecvRequest> requests) = 0;

  // Moves what can be moved without blocking, writes up to out.size() completions, returns how many.
  virtual size_t Poll(absl::Span<Completion> out) = 0;

  // True while accepted bytes wait to leave this rank (sends that are done for the caller, but not yet handed to the
  // medium). The engine polls until false before it lets a transport go.
  virtual bool HasUnsentBytes() const = 0;

  // The ability to share windows, or nullptr. Lives as long as the transport.
  virtual WindowSource* windows() { return nullptr; }

  // The ability to keep memory ready between messages, or nullptr: then there is nothing to gain. Lives as long.
  virtual MemoryRegistry* memory() { return nullptr; }

  // SLEEPING

  // A descriptor that becomes readable when Poll would make progress, or -1 if this transport can only be polled.
  virtual int wait_fd() const = 0;

  // Called before the engine sleeps on wait_fd(). False: do not sleep, Poll has work now.
  virtual bool PrepareToSleep() = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_TRANSPORT_TRANSPORT_H_
