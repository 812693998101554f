// SPDX-License-Identifier: Apache-2.0
// All that goes on between this rank and one peer: matching, credits, the frames out and the frames in, grants. Requests
// may be posted before the connection stands; they are held until Open. It never knows which other peers there are.
//
// One class told over nine files: link.cc (life and death), link_join.cc (how rails are joined, probed and chosen),
// link_rails.cc (a rail is lost, and what was on its way goes over another one), link_rejoin.cc (it comes back),
// link_post.cc (requests), link_frames.cc (what each frame means), link_send.cc (frames out), link_channels.cc (queue
// pairs of channels), link_bulk.cc (large messages: grants, writes).
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
#include "transports/verbs/notices.h"
#include "transports/verbs/pair.h"
#include "transports/verbs/wire.h"

namespace tutti::verbs {

class Link {
 public:
  enum class State : uint8_t {
    kHeld,  // requests wait for the connection
    kOpen,
    kOverControl,  // RDMA does not get through: requests are handed on to the control transport
    kLeft,         // the peer went while nothing was wanted of it; messages that it left can be received
    kFailed,       // reported, or dropped by Close; see error()
  };

  // A rail that is lost as its packets do not get through can be joined again; one whose device or queue pair refuses to
  // work cannot.
  enum class Loss : uint8_t { kOfPackets, kLasting };

  Link(int32_t peer, LinkContext& context);

  int32_t peer() const { return peer_; }
  State state() const { return state_; }
  const std::string& error() const { return error_; }

  // LIFE
  // Makes this end's queue pairs, one for each rail, and introduces itself.
  void Introduce();
  // The control transport has brought a notice, or taken one. All that the peer had sent over the rails before is taken
  // from the completion queues.
  void OnNotice();
  void OnNoticeSent() { notices_.OnSent(); }
  // The peer is gone; all that it had sent has been taken.
  void ControlLost(absl::string_view why, int64_t now_ns);
  // This rank leaves.
  void SayGoodbye();
  // Of a link whose peer left before it had acknowledged everything: looks again.
  void CheckLeaving(int64_t now_ns);
  // Of a link that has lost rails: joins them again when it is time, or gives up.
  void CheckLostRails(int64_t now_ns);
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
  // A frame of `bytes` bytes lies in the receive slot of the rail.
  void OnFrame(uint32_t rail, uint32_t slot, uint64_t bytes);
  void SlotFreed();
  // A signalled request of the pair has completed.
  void OnSent(const PairOwner& owner);
  // The peer says that it has written what the grant allowed; `last_bytes` with its last request, which carried
  // `immediate`.
  void OnWritten(const IssuedGrant& grant, uint64_t last_bytes, uint32_t immediate);
  // A request of the pair has failed.
  void OnPairFailed(const PairOwner& owner, absl::string_view sentence, Loss loss);
  // The device says that the rail's port is down.
  void OnRailDown(uint32_t rail, absl::string_view sentence);
  // All completions are taken: leaves the rails that are lost, and lets go of what the peer has let go of.
  void Settle();
  // Tries again to grant what this message's receive waits for. False: it goes on waiting.
  bool RetryGrant(const MessageId& id);

  // FOR THE CONTEXT: its own notes about this link.
  bool in_dirty_list = false;
  bool in_starved_list = false;
  bool in_upset_list = false;

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
    uint64_t granted_bytes = 0;  // grants that are out, or were used
    uint64_t next_offset = 0;    // of what was never granted
    uint64_t received_bytes = 0;
    uint32_t grants_out = 0;
    uint32_t lane = kNoLane;  // of a receive by view: its parts come in order
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
    uint64_t done_bytes = 0;  // known to have arrived
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
  };
  // One queue pair of a channel, over one rail.
  struct Lane {
    std::unique_ptr<Pair> pair;
    SlotPool<PairOwner>::Handle handle = 0;
    FixedRing<Stream> streams;
    FixedRing<Pair::Note> unconfirmed;  // posted before the pair was lost; the peer will say which have arrived
    bool was_opened = false;
    bool was_confirmed = false;    // the peer has destroyed its end
    uint32_t joining = 0;          // of the rail when it was opened
    uint32_t grants_out = 0;       // to the peer
    uint64_t writes_done = 0;      // granted by the peer, and known to have arrived
    uint64_t writes_received = 0;  // granted by this rank
  };
  // The large messages of one channel have queue pairs of their own: when the channel is closed they go, and with
  // them every way to reach the channel's buffers, while other channels go on.
  struct Channel {
    std::vector<Lane> lanes;  // pairs_per_rail_ for each rail
    bool peer_closed = false;
  };
  // The way to the peer over one rail.
  struct Path {
    std::unique_ptr<Pair> pair;  // for frames
    SlotPool<PairOwner>::Handle handle = 0;
    bool has_slots = false;
    uint32_t joining = 0;         // how often it was lost and joined again
    bool is_joined = false;       // of this joining: this end has joined its pair with the peer's
    bool peer_is_joined = false;  // and the peer its own
  };
  // A frame whose bytes lie in a send slot.
  struct PostedFrame {
    uint32_t send_slot = 0;
    uint32_t bytes = 0;
  };
  // A frame that came before this end was told to start.
  struct EarlyFrame {
    uint32_t rail = 0;
    uint32_t slot = 0;
    uint64_t bytes = 0;
  };
  struct ReceiveSlot {
    uint32_t rail = 0;
    uint32_t slot = 0;
  };
  struct EarlyGrant {
    MessageId id;
    Grant grant;
  };
  // Bytes of a receive that were granted over a rail which was lost before they came.
  struct Hole {
    MessageId id;
    uint64_t offset = 0;
    uint64_t bytes = 0;
  };
  struct Confirm {
    uint32_t channel = 0;
    uint32_t lane = 0;
    uint32_t joining = 0;
    uint64_t received = 0;
  };
  static constexpr uint32_t kNoLane = UINT32_MAX;

  // link.cc
  void PeerLeft(uint64_t writes_received, int64_t now_ns);

  // link_join.cc
  absl::Status Prepare();
  Hello Introduction() const;
  RailHello IntroductionOf(uint32_t rail) const;
  void OnHello(const Hello& hello);
  void Probe(uint32_t rail);
  void ProbeAll();
  void OnProbed(uint32_t rail, bool is_good, absl::string_view why);
  void Decide();
  void Start(uint32_t rail);
  void Open();
  void GoOverControl();
  std::string NoWaySentence() const;
  bool AddSlots(uint32_t rail);
  bool is_leader() const { return context_.options.rank < peer_; }
  static uint32_t BitOf(uint32_t rail) { return uint32_t{1} << rail; }
  // Rails that both ends have found to work, and not lost since.
  uint32_t UpRails() const { return probed_ & peer_probed_ & ~down_ & ~broken_; }

  // link_rails.cc
  void LoseRail(uint32_t rail, absl::string_view sentence, Loss loss);
  void LeaveRail(uint32_t rail);
  void LeaveFrameRail(uint32_t rail);
  void OnDown(const Notice& notice);
  void GrantAgain(uint32_t rail);
  void Resume();
  void BeUpset();

  // link_rejoin.cc
  void Stall();
  void MissRails();
  void Rejoin(uint32_t rail);
  void OnRejoin(const Notice& notice);
  void OnRejoined(const Notice& notice);
  void SettleRejoining(uint32_t rail);
  void GoOn(uint32_t rail);
  bool IsStalled() const { return stalled_until_ns_ != 0; }

  // link_post.cc
  void StartSend(const SendRequest& request);
  void UseEarlyGrants(const MessageId& id, Outgoing& outgoing, const Grant& first);
  void StartRecv(const RecvRequest& request);
  void FinishKept(const MessageId& id, Incoming& incoming);
  void CompleteSend(const MessageId& id, uint64_t context, uint64_t bytes);
  void CompleteRecv(const MessageId& id, const Incoming& incoming);
  void ReportMismatch(const MessageId& id, const Incoming& incoming, uint64_t remote_signature, uint64_t remote_bytes);
  void ShowView(const MessageId& id, Incoming& incoming, const void* data, uint64_t bytes,
                const LentMemory::Buffer& lent);

  // link_frames.cc: false if the link failed
  bool OnHeader(const FrameHeader& header, const uint8_t* payload, ReceiveSlot slot, bool* keeps_slot);
  bool OnEager(const FrameHeader& header, const uint8_t* payload, ReceiveSlot slot, bool* keeps_slot);
  bool OnData(const FrameHeader& header, const uint8_t* payload, ReceiveSlot slot, bool* keeps_slot);
  void TakeFrame(uint32_t rail, uint32_t slot, uint64_t bytes);
  bool OnAnnounce(const FrameHeader& header);
  bool OnGrant(const FrameHeader& header, const Grant& grant);
  void Deliver(const MessageId& id, Incoming& incoming, const uint8_t* payload, ReceiveSlot slot, bool* keeps_slot);
  bool BreakOff(absl::string_view what);

  // link_send.cc
  void PushFrame(OutFrame frame);
  void PushControl(FrameKind kind, const MessageId& id, uint64_t signature, uint64_t message_bytes,
                   const MessageStamp& stamp = {});
  bool AppendFrame(const OutFrame& frame);
  int PumpFrames();
  bool CreditIsDue() const;

  // link_channels.cc
  Channel* EnsureChannel(uint32_t channel);
  bool IsOpenOrUnsettled(uint32_t index, const Lane& lane) const;
  bool OpenLane(uint32_t channel, uint32_t index, Lane& lane);
  void DropLanePair(Lane& lane, absl::FunctionRef<void(const Pair::Note&)> visit);
  bool OnOpenFrame(const MessageId& id, const uint8_t* payload);
  bool OnConfirmFrame(const MessageId& id, const uint8_t* payload);
  bool OnCloseFrame(uint32_t channel);
  void TellClosed(uint32_t channel, const Channel& entry);
  void TellConfirm(uint32_t channel, uint32_t index, uint32_t joining, uint64_t writes_received);
  void ConfirmUnmet(uint32_t channel, uint32_t index, uint32_t joining);
  void OnWriteDone(Lane& lane, const Pair::Note& note);
  void OnWriteLost(const Pair::Note& note);
  void ConfirmWrites(Lane& lane, uint64_t received);
  uint32_t RailOf(uint32_t lane) const { return lane / pairs_per_rail_; }

  // link_bulk.cc
  bool UseGrant(const MessageId& id, Outgoing& outgoing, const Grant& grant);
  void GrantFor(const MessageId& id, Incoming& incoming);
  bool TryGrant(const MessageId& id, Incoming& incoming);
  uint32_t PickLane(const Channel& channel) const;
  bool IssueGrant(Channel& channel, const MessageId& id, Incoming& incoming);
  void SendGrant(const Grant& grant, const MessageId& id, const Incoming& incoming);
  // Of the receive's bytes those that the next grant is to be for, at most so many.
  Hole TakeUngranted(const MessageId& id, Incoming& incoming, uint64_t most_bytes);
  void ForgetGrant(const IssuedGrant& grant);
  void RevokeGrants(const MessageId& id, Incoming& incoming);
  void PumpStreams(Lane& lane);

  // `owner` says for what; its link and number are filled in.
  absl::StatusOr<std::unique_ptr<Pair>> MakePair(PairOwner owner, SlotPool<PairOwner>::Handle* handle);
  // Shows what it had posted and is not known to have completed.
  void DropPair(std::unique_ptr<Pair>& pair, SlotPool<PairOwner>::Handle handle,
                absl::FunctionRef<void(const Pair::Note&)> visit);
  void DropPath(Path& path, uint32_t rail, absl::FunctionRef<void(const Pair::Note&)> visit);
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

  Notices notices_;
  Hello remote_;
  bool joined_ = false;
  bool peer_joined_ = false;
  uint32_t num_rails_ = 0;  // that both have
  uint32_t pairs_per_rail_ = 1;
  std::array<Path, kMaxRails> paths_;
  // Sets of rails, by BitOf.
  uint32_t probed_ = 0;       // this end's probe has come through
  uint32_t failed_ = 0;       // it has not
  uint32_t peer_probed_ = 0;  // the same of the peer's
  uint32_t peer_failed_ = 0;
  uint32_t broken_ = 0;      // lost, and to be left by Settle
  uint32_t down_ = 0;        // left
  uint32_t peer_down_ = 0;   // left by the peer
  uint32_t lasting_ = 0;     // of those that are lost: not to be joined again
  uint32_t rejoining_ = 0;   // left by both, and being joined again
  uint32_t frame_rail_ = 0;  // that frames go over
  std::string why_not_;      // the last probe that did not come through
  std::vector<EarlyFrame> early_frames_;

  // While a rail is left. Frames are held back until the peer has left all the rails that this end has.
  bool replaying_ = false;  // frames that were sent over replay_rail_ are to be sent again, unless the peer has them
  uint32_t replay_rail_ = 0;
  FixedRing<PostedFrame> unconfirmed_frames_;
  int64_t lost_since_ns_ = 0;  // 0: no rail is being left
  std::string lost_because_;
  int64_t stalled_until_ns_ = 0;  // not 0: there is no rail; then it fails, unless one is joined again
  bool misses_rails_ = false;     // this end is to join lost rails again, ...
  int64_t rejoin_at_ns_ = 0;      // ... next at this time, ...
  int64_t rejoin_after_ns_ = 0;   // ... and if that fails so much later
  uint64_t frames_sent_ = 0;
  uint64_t frames_received_ = 0;
  std::vector<Hole> holes_;
  std::vector<Confirm> confirms_;

  uint64_t eager_bytes_ = 0;
  absl::flat_hash_map<uint32_t, std::unique_ptr<Channel>> channels_;

  std::vector<SendRequest> held_sends_;
  std::vector<RecvRequest> held_recvs_;

  MatchTable<Incoming> incoming_;
  MatchTable<Outgoing> outgoing_;
  SendCredit send_credit_;
  ReceiveCredit receive_credit_;
  uint64_t waiting_recvs_ = 0;            // posted and not complete
  uint64_t waiting_sends_ = 0;            // posted and not complete
  std::vector<EarlyGrant> early_grants_;  // of messages that have one in their entry already
  uint64_t early_control_ = 0;            // GRANT and ANNOUNCE frames without a request of this rank

  FixedRing<OutFrame> frames_;
  uint32_t peer_slots_ = 0;    // what the peer granted
  uint32_t slot_credits_ = 0;  // of these, not in use
  uint32_t slots_taken_ = 0;   // of this rank's slots: by frames that were not given back to the peer
  uint32_t slots_owed_ = 0;    // of these, free again

  uint64_t writes_posted_ = 0;    // granted by the peer, all channels together
  uint64_t writes_received_ = 0;  // granted by this rank
};

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_LINK_H_
