// SPDX-License-Identifier: Apache-2.0
// All that goes on between this rank and one peer: matching, credits, the frames out and the frames in, grants. Requests
// may be posted before the connection stands; they are held until Open. It never knows which other peers there are.
//
// One class told over five files: link.cc (life and death), link_post.cc (requests), link_frames.cc (what each frame
// means), link_send.cc (frames out), link_bulk.cc (large messages: queue pairs of channels, grants, writes).
#ifndef TUTTI_TRANSPORTS_VERBS_LINK_H_
#define TUTTI_TRANSPORTS_VERBS_LINK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

#include "lib/base/fixed_ring.h"
#include "lib/transport/credits.h"
#include "lib/transport/match_table.h"
#include "lib/transport/transport.h"
#include "transports/verbs/link_context.h"
#include "transports/verbs/pair.h"
#include "transports/verbs/wire.h"

namespace tutti::verbs {

class Link {
 public:
  enum class State : uint8_t {
    kHeld,  // requests wait for the connection
    kOpen,
    kLeft,    // the peer went while nothing was wanted of it; messages that it left can be received
    kFailed,  // reported, or dropped by Close; see error()
  };

  Link(int32_t peer, LinkContext& context);

  int32_t peer() const { return peer_; }
  State state() const { return state_; }
  const std::string& error() const { return error_; }

  // LIFE
  // Makes this end's queue pair; Introduction() is then for the peer.
  absl::Status Prepare();
  Hello Introduction() const;
  // The peer's introduction: joins the queue pairs. Sends nothing.
  absl::Status Join(const Hello& hello);
  // The peer has joined its own, too.
  void Open();
  // The peer is gone; all that it had sent has been taken from the completion queue.
  void ControlLost(absl::string_view why, int64_t now_ns);
  // The peer has left in order, and had received so many granted writes of this rank.
  void PeerLeft(uint64_t writes_received, int64_t now_ns);
  uint64_t writes_received() const { return writes_received_; }
  // Of a link whose peer left before it had acknowledged everything: looks again.
  void CheckLeaving(int64_t now_ns);
  // Drops everything and reports kPeerFailed. `sentence` names no ranks.
  void Fail(absl::string_view sentence);
  // Drops everything and reports nothing.
  void Close();
  // The channel is already among LinkContext::closed_channels.
  void CloseChannel(uint32_t channel);

  // REQUESTS
  void PostSend(const SendRequest& request);
  void PostRecv(const RecvRequest& request);
  void VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const;

  // PROGRESS
  // Posts what can be posted.
  void Pump();
  bool HasUnsentBytes() const;
  // A frame of `bytes` bytes lies in the receive slot.
  void OnFrame(uint32_t slot, uint64_t bytes);
  void SlotFreed();
  // A signalled request of the pair has completed.
  void OnSent(const PairOwner& owner);
  // The peer says that it has written what the grant allowed; `last_bytes` with its last request, which carried
  // `immediate`.
  void OnWritten(const IssuedGrant& grant, uint64_t last_bytes, uint32_t immediate);
  // A request of the pair has failed.
  void OnPairFailed(const PairOwner& owner, absl::string_view sentence);
  // Tries again to grant what this message's receive waits for. False: it goes on waiting.
  bool RetryGrant(const MessageId& id);

  // FOR THE CONTEXT: its own notes about this link.
  bool in_dirty_list = false;
  bool in_starved_list = false;

 private:
  // What is known here about a message to this rank.
  struct Incoming {
    bool posted = false;     // data, bytes, signature and context are the receive's
    bool granted = false;    // the sender was told to go on, or will be
    bool waiting = false;    // among the waiters
    bool announced = false;  // by the sender; remote_* are valid
    bool kept = false;       // a small message that came first: its bytes are in `buffer`; remote_* valid
    bool finished = false;   // all has come but the announcement, which only erases this
    uint8_t* data = nullptr;
    uint64_t bytes = 0;
    uint64_t signature = 0;
    uint64_t context = 0;
    uint64_t remote_bytes = 0;
    uint64_t remote_signature = 0;
    uint64_t granted_bytes = 0;
    uint64_t received_bytes = 0;
    uint32_t grants_out = 0;
    MessageStamp stamp;
    Registrations::Handle region = Registrations::kNone;
    BufferPool::Buffer buffer;
  };
  // What is known here about a message from this rank that its receiver must ask for.
  struct Outgoing {
    bool posted = false;  // else the GRANT came first, and remote_* and grant are valid
    bool announced = false;
    const uint8_t* data = nullptr;
    uint64_t bytes = 0;
    uint64_t signature = 0;
    uint64_t context = 0;
    uint64_t remote_bytes = 0;
    uint64_t remote_signature = 0;
    Grant grant;
    uint64_t granted_bytes = 0;
    MessageStamp stamp;
    Registrations::Handle region = Registrations::kNone;
  };
  // A frame that waits for credit. `payload` is the caller's memory, or extra.
  struct OutFrame {
    FrameHeader header;
    const uint8_t* payload = nullptr;
    std::array<uint8_t, kGrantBytes> extra = {};
    uint64_t context = 0;
    bool completes_send = false;
  };
  // Bytes that a grant lets this rank write.
  struct Stream {
    MessageId id;
    const uint8_t* data = nullptr;
    uint64_t bytes = 0;
    uint64_t posted_bytes = 0;
    uint64_t address = 0;
    uint32_t local_key = 0;
    uint32_t key = 0;
    uint32_t immediate = 0;
    bool ends_message = false;
  };
  // The large messages of one channel have a queue pair of their own: when the channel is closed the pair goes, and with
  // it every way to reach the channel's buffers, while other channels go on.
  struct Channel {
    std::unique_ptr<Pair> pair;
    SlotPool<PairOwner>::Handle handle = 0;
    FixedRing<Stream> streams;
    bool peer_closed = false;
    uint64_t writes_done = 0;      // granted by the peer, and known to have arrived
    uint64_t writes_received = 0;  // granted by this rank
  };

  // link_post.cc
  void StartSend(const SendRequest& request);
  void StartRecv(const RecvRequest& request);
  void FinishKept(const MessageId& id, Incoming& incoming);
  void CompleteSend(const MessageId& id, uint64_t context, uint64_t bytes);
  void CompleteRecv(const MessageId& id, const Incoming& incoming);
  void ReportMismatch(const MessageId& id, const Incoming& incoming, uint64_t remote_signature, uint64_t remote_bytes);
  void ShowView(const MessageId& id, Incoming& incoming, const void* data, uint64_t bytes,
                const LentMemory::Buffer& lent);

  // link_frames.cc: false if the link failed
  bool OnHeader(const FrameHeader& header, const uint8_t* payload, uint32_t slot, bool* keeps_slot);
  bool OnEager(const FrameHeader& header, const uint8_t* payload, uint32_t slot, bool* keeps_slot);
  bool OnData(const FrameHeader& header, const uint8_t* payload, uint32_t slot, bool* keeps_slot);
  bool OnAnnounce(const FrameHeader& header);
  bool OnGrant(const FrameHeader& header, const Grant& grant);
  void Deliver(const MessageId& id, Incoming& incoming, const uint8_t* payload, uint32_t slot, bool* keeps_slot);
  bool BreakOff(absl::string_view what);

  // link_send.cc
  void PushFrame(OutFrame frame);
  void PushControl(FrameKind kind, const MessageId& id, uint64_t signature, uint64_t message_bytes,
                   const MessageStamp& stamp = {});
  bool AppendFrame(const OutFrame& frame);
  bool CreditIsDue() const;

  // link_bulk.cc
  Channel* EnsureChannel(uint32_t channel);
  void DropChannelPair(Channel& channel);
  bool OnOpenFrame(uint32_t channel, const uint8_t* payload);
  bool OnCloseFrame(uint32_t channel, const uint8_t* payload);
  void OnWriteDone(Channel& channel, const Pair::Note& note);
  void ConfirmWrites(Channel& channel, uint64_t received);
  bool UseGrant(const MessageId& id, Outgoing& outgoing, const Grant& grant);
  void GrantFor(const MessageId& id, Incoming& incoming);
  bool TryGrant(const MessageId& id, Incoming& incoming);
  bool IssueGrant(Channel& channel, const MessageId& id, Incoming& incoming);
  void RevokeGrants(const MessageId& id, Incoming& incoming);
  void PumpStreams(Channel& channel);

  absl::StatusOr<std::unique_ptr<Pair>> MakePair(bool is_bulk, uint32_t channel, SlotPool<PairOwner>::Handle* handle);
  // Shows what it had posted and is not known to have completed.
  void DropPair(std::unique_ptr<Pair>& pair, SlotPool<PairOwner>::Handle handle, uint32_t depth,
                absl::FunctionRef<void(const Pair::Note&)> visit);
  void Touch();
  void Leave();
  void DropPairs();
  void DropAll();
  bool OnlyAcknowledgementsAreMissing() const;
  std::string WaitingSentence() const;
  bool IsClosed(const MessageId& id) const { return context_.closed_channels.Contains(id.channel); }

  const int32_t peer_;
  LinkContext& context_;
  State state_ = State::kHeld;
  std::string error_;
  std::string left_because_;
  int64_t leaving_deadline_ns_ = 0;  // not 0: the peer left, acknowledgements are awaited

  std::unique_ptr<Pair> pair_;
  SlotPool<PairOwner>::Handle handle_ = 0;
  bool has_slots_ = false;
  PairAddress remote_;
  uint64_t eager_bytes_ = 0;
  absl::flat_hash_map<uint32_t, std::unique_ptr<Channel>> channels_;

  std::vector<SendRequest> held_sends_;
  std::vector<RecvRequest> held_recvs_;

  MatchTable<Incoming> incoming_;
  MatchTable<Outgoing> outgoing_;
  SendCredit send_credit_;
  ReceiveCredit receive_credit_;
  uint64_t waiting_recvs_ = 0;  // posted and not complete
  uint64_t waiting_sends_ = 0;  // posted and not complete
  uint64_t early_control_ = 0;  // GRANT and ANNOUNCE frames without a request of this rank

  FixedRing<OutFrame> frames_;
  std::vector<std::array<uint8_t, kFrameHeaderBytes>> inline_headers_;  // of the requests appended since the last Flush
  size_t num_inline_headers_ = 0;
  uint32_t peer_slots_ = 0;    // what the peer granted
  uint32_t slot_credits_ = 0;  // of these, not in use
  uint32_t slots_taken_ = 0;   // of this rank's slots: by frames that were not given back to the peer
  uint32_t slots_owed_ = 0;    // of these, free again

  uint64_t writes_posted_ = 0;    // granted by the peer, all channels together
  uint64_t writes_received_ = 0;  // granted by this rank
};

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_LINK_H_
