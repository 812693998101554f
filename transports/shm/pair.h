// SPDX-License-Identifier: Apache-2.0
// All that goes on between this rank and one other rank of the host: matching, credits, records out and in, and large
// messages read where they lie in the peer's memory. Requests may be posted before the pair is attached; they are held.
// It never knows how the two met, or which other peers there are.
//
// One class told over three files: pair.cc (life and death), pair_post.cc (requests, and what goes out), pair_take.cc
// (what comes in).
#ifndef TUTTI_TRANSPORTS_SHM_PAIR_H_
#define TUTTI_TRANSPORTS_SHM_PAIR_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

#include "lib/base/fixed_ring.h"
#include "lib/memory/shared_memory.h"
#include "lib/transport/buffer_pool.h"
#include "lib/transport/closed_channels.h"
#include "lib/transport/completion_sink.h"
#include "lib/transport/credits.h"
#include "lib/transport/match_table.h"
#include "lib/transport/transport.h"
#include "transports/shm/peer_memory.h"
#include "transports/shm/ring.h"
#include "transports/shm/segment.h"
#include "transports/shm/shared_regions.h"
#include "transports/shm/shm_options.h"

namespace tutti::shm {

// What the pairs of one transport share.
struct PairContext {
  explicit PairContext(const ShmOptions& shm_options) : options(shm_options) {}

  const ShmOptions& options;
  BufferPool buffers;
  CompletionSink<BufferPool> completions{buffers};
  ClosedChannels closed_channels;
  SharedRegions regions;  // of this rank
  TransportCounters counters;
};

class Pair {
 public:
  enum class State : uint8_t {
    kHeld,  // requests wait until the pair is attached
    kOpen,
    kLeft,    // the peer has gone while nothing was wanted of it; small messages that it left can be received
    kFailed,  // reported, or dropped by Close; see error()
  };

  Pair(int32_t peer, PairContext& context) : peer_(peer), context_(context) {}

  State state() const { return state_; }
  const std::string& error() const { return error_; }
  const std::string& left_because() const { return left_because_; }  // "" unless the peer has gone

  // LIFE
  void Attach(SharedMemory memory, int own, PeerMemory peer_memory);
  void Fail(absl::string_view sentence);  // drops everything, reports kPeerFailed
  void Close();                           // drops everything, reports nothing
  void CloseChannel(uint32_t channel);    // already among PairContext::closed_channels
  // Memory of the peer that its announcements may name. False: it is too many, or known already. Between two Polls only.
  bool AddPeerRegion(uint32_t number, SharedMemory memory);
  void DropPeerRegion(uint32_t number) { peer_regions_.erase(number); }
  // What lies there, `bytes` long; nullptr: that is not in any memory of the peer that is mapped here.
  const std::byte* InPeerRegion(const RegionPlace& place, uint64_t bytes) const;
  void OnPeerGone(absl::string_view why);  // its process has closed the socket: takes what it left, then decides

  // REQUESTS
  void PostSend(const SendRequest& request);
  void PostRecv(const RecvRequest& request);
  void VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const;

  // PROGRESS, in each Poll in this order
  void ReleaseTaken();   // views handed out by the last Poll end here
  void Take();           // records in
  void PullSome();       // large messages, out of the peer's memory
  void Flush();          // records out
  bool HasWork() const;  // something to take, pull or flush now
  bool HasUnsent() const { return state_ == State::kOpen && (!outbox_.empty() || streaming_.bytes > 0); }
  bool WaitsForRoom() const { return HasUnsent(); }
  // The values of the peer's Side::asleep, joined by or, that now call for its doorbell; 0: none. Once.
  uint32_t TakeWakeReasons() { return std::exchange(wake_reasons_, 0); }

  // Stands in shared memory; only while kOpen.
  Side& own_side() { return segment().sides[own_]; }
  Side& peer_side() { return segment().sides[1 - own_]; }

 private:
  static constexpr uint32_t kNoExport = ~uint32_t{0};

  struct Incoming {
    bool posted = false;     // the four fields below are the receive's
    bool announced = false;  // by the sender; remote_* are valid
    bool kept = false;       // a small message that came first; its bytes are in `buffer`; remote_* valid
    bool ready_sent = false;
    std::byte* data = nullptr;
    uint64_t bytes = 0;
    uint64_t signature = 0;
    uint64_t context = 0;
    uint64_t remote_bytes = 0;
    uint64_t remote_signature = 0;
    uint64_t remote_address = 0;
    uint32_t export_slot = 0;
    uint32_t export_generation = 0;
    uint64_t received_bytes = 0;
    RegionPlace place;  // announced: where it lies in memory of the peer's that is mapped here, if it does
    RecordStamp stamp;  // kept, or announced
    BufferPool::Buffer buffer;
  };
  // A large message of this rank, until the receiver is done with it.
  struct Outgoing {
    const std::byte* data = nullptr;
    uint64_t bytes = 0;
    uint64_t signature = 0;
    uint64_t context = 0;
    uint32_t export_slot = kNoExport;
  };
  // A record that waits for room in the ring.
  struct Waiting {
    RecordKind kind = RecordKind::kMessage;
    MessageId id;
    uint64_t signature = 0;
    uint64_t bytes = 0;  // of the message
    const std::byte* data = nullptr;
    uint64_t context = 0;
    uint32_t export_slot = kNoExport;
    RecordStamp stamp = {};  // kMessage, kAnnounce
    RegionPlace place = {};  // kAnnounce
  };
  // The message that is going through the ring in pieces.
  struct Stream {
    MessageId id;
    uint64_t sent_bytes = 0;
    uint64_t bytes = 0;  // 0: none
  };

  template <typename T>
  static void PushGrowing(FixedRing<T>& ring, const T& value) {
    if (ring.full()) ring.Reserve(2 * ring.capacity());
    (void)ring.Push(value);
  }

  Segment& segment() { return *reinterpret_cast<Segment*>(memory_.data()); }
  bool IsClosed(const MessageId& id) const { return context_.closed_channels.Contains(id.channel); }
  uint64_t Outstanding() { return charged_ - peer_side().reader.consumed.load(std::memory_order_acquire); }

  // pair_post.cc
  void StartSend(const SendRequest& request);
  void StartRecv(const RecvRequest& request);
  void Announce(const SendRequest& request);
  void Write(const Waiting& record);
  bool TryWrite(const Waiting& record);
  bool WriteStream();
  uint32_t AcquireExport();
  void ReleaseExport(uint32_t slot);
  void CompleteSend(const MessageId& id, uint64_t context, uint64_t bytes);

  // pair_take.cc: false if taking must stop for now
  bool TakeRecord(const Record& record);
  bool TakeMessage(const Record& record, uint64_t bytes);
  bool TakeAnnounce(const Record& record, uint64_t bytes);
  bool TakeReady(const MessageId& id);
  bool TakeData(const Record& record, uint64_t piece_bytes);
  bool TakeDone(const MessageId& id);
  bool BreakOff(absl::string_view what);
  void AskFor(const MessageId& id, Incoming& incoming);
  bool Pull(const MessageId& id);
  bool PullInto(const Incoming& incoming, std::byte* to, uint64_t bytes);
  // The next part of a message by view, and, after the last one, its end. `buffer` is freed when the view has ended.
  void AddView(const MessageId& id, Incoming& incoming, const void* view, uint64_t bytes,
               const BufferPool::Buffer& buffer);
  void EndViews(const MessageId& id);
  // Where the message lies in mapped memory of the peer's; nullptr: nowhere.
  const std::byte* InPlace(const Incoming& incoming) const { return InPeerRegion(incoming.place, incoming.bytes); }
  void FinishKept(const MessageId& id, Incoming& incoming);
  void CompleteRecv(const MessageId& id, const Incoming& incoming);
  void ReportMismatch(const MessageId& id, const Incoming& incoming);

  std::string WaitingSentence() const;
  void DropAll();

  const int32_t peer_;
  PairContext& context_;
  State state_ = State::kHeld;
  std::string error_;
  std::string left_because_;

  SharedMemory memory_;
  int own_ = 0;
  PeerMemory peer_memory_;
  RingWriter writer_;
  RingReader reader_;

  absl::flat_hash_map<uint32_t, SharedMemory> peer_regions_;

  std::vector<SendRequest> held_sends_;
  std::vector<RecvRequest> held_recvs_;
  MatchTable<Incoming> incoming_;
  MatchTable<Outgoing> outgoing_;
  FixedRing<Waiting> outbox_;       // first in, first out
  FixedRing<MessageId> to_stream_;  // large messages that were asked for through the ring
  FixedRing<MessageId> to_pull_;    // large messages to be read from the peer's memory
  Stream streaming_;
  std::vector<uint32_t> free_exports_;
  uint64_t charged_ = 0;          // of small messages sent, ever
  uint64_t arrived_ = 0;          // of small messages received, ever
  uint64_t taken_ = 0;            // of these, given back
  uint64_t waiting_recvs_ = 0;    // posted and not complete
  uint64_t waiting_sends_ = 0;    // posted and not complete
  uint64_t early_announces_ = 0;  // without a receive yet
  uint32_t wake_reasons_ = 0;
};

}  // namespace tutti::shm

#endif  // TUTTI_TRANSPORTS_SHM_PAIR_H_
