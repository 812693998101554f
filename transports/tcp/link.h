// SPDX-License-Identifier: Apache-2.0
// All that goes on between this rank and one peer: matching, credits, the frames out and the frames in. Requests may be
// posted before the connection stands; they are held until Attach. It never knows how the connection was made, or which
// other peers there are.
//
// One class told over four files: link.cc (life and death), link_post.cc (requests), link_frames.cc (what each frame
// means), link_receive.cc (bytes from the socket to where they belong).
#ifndef TUTTI_TRANSPORTS_TCP_LINK_H_
#define TUTTI_TRANSPORTS_TCP_LINK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "lib/base/unique_fd.h"
#include "lib/transport/buffer_pool.h"
#include "lib/transport/closed_channels.h"
#include "lib/transport/completion_sink.h"
#include "lib/transport/credits.h"
#include "lib/transport/match_table.h"
#include "lib/transport/transport.h"
#include "transports/tcp/pacer.h"
#include "transports/tcp/send_queue.h"
#include "transports/tcp/tcp_options.h"
#include "transports/tcp/wire.h"

namespace tutti::tcp {

// What the links of one transport share.
struct LinkContext {
  explicit LinkContext(const TcpOptions& tcp_options) : options(tcp_options), pacer(tcp_options.pacing_bytes_per_s) {}

  const TcpOptions& options;
  BufferPool buffers;
  CompletionSink<BufferPool> completions{buffers};
  ClosedChannels closed_channels;
  TransportCounters counters;
  Pacer pacer;
  int64_t now_ns = 0;        // of the poll; only where the pacer limits
  uint64_t poll_number = 0;  // views handed out under an earlier number have ended
};

class Link {
 public:
  enum class State : uint8_t {
    kHeld,  // requests wait for the connection
    kOpen,
    kLeft,    // the peer closed the connection while nothing was wanted of it; messages that it left can be received
    kFailed,  // reported, or dropped by Close; see error()
  };
  enum class ReceiveResult : uint8_t {
    kNothing,  // the socket was empty
    kDrained,  // something came, and the socket is empty now
    kMore,     // stopped early: there is more to do now
    kGone,     // the link is no longer open
  };

  Link(int32_t peer, LinkContext& context);

  State state() const { return state_; }
  int fd() const { return fd_.get(); }
  const std::string& error() const { return error_; }

  // LIFE
  // The connection stands. `eager_bytes` is what both ends agreed on, `send_budget_bytes` what the peer grants.
  void Attach(UniqueFd fd, uint64_t eager_bytes, uint64_t send_budget_bytes);
  // Drops everything and reports kPeerFailed. `sentence` names no ranks.
  void Fail(absl::string_view sentence);
  // Drops everything and reports nothing. Bytes already in the kernel are still delivered.
  void Close();
  // The channel is already among LinkContext::closed_channels.
  void CloseChannel(uint32_t channel);

  // REQUESTS
  void PostSend(const SendRequest& request);
  void PostRecv(const RecvRequest& request);

  void VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const;

  // PROGRESS
  ReceiveResult Receive();
  SendQueue::Result Write();  // after kFailed, Receive finds the end
  bool has_frames() const { return state_ == State::kOpen && write_error_ == 0 && !sends_.empty(); }
  bool expects_input() const { return state_ == State::kOpen && (waiting_recvs_ > 0 || awaiting_ready_ > 0); }

  // Before Close, when nothing is received any more: true while the peer's host has not acknowledged all bytes written.
  // Throws away what comes in.
  bool AwaitsAcknowledgement();

  // FOR THE TRANSPORT: its own notes about this link.
  bool in_dirty_list = false;
  bool in_expecting_list = false;
  bool in_again_list = false;
  bool in_blocked_list = false;
  bool write_armed = false;

 private:
  // What is known here about a message to this rank.
  struct Incoming {
    bool posted = false;  // the four fields below are the receive's
    bool ready_sent = false;
    bool announced = false;  // by the sender; remote_* are valid
    bool kept = false;       // a small message that came first: its bytes are, or will be, in `buffer`; remote_* valid
    bool kept_whole = false;
    uint8_t* data = nullptr;
    uint64_t bytes = 0;
    uint64_t signature = 0;
    uint64_t context = 0;
    uint64_t remote_bytes = 0;
    uint64_t remote_signature = 0;
    uint64_t received_bytes = 0;
    MessageStamp stamp;  // once a frame with payload has come
    BufferPool::Buffer buffer;
  };
  // What is known here about a message from this rank that its receiver must ask for.
  struct Outgoing {
    bool posted = false;  // else the READY came first, and remote_* are valid
    const uint8_t* data = nullptr;
    uint64_t bytes = 0;
    uint64_t signature = 0;
    uint64_t context = 0;
    uint64_t remote_bytes = 0;
    uint64_t remote_signature = 0;
    MessageStamp stamp;
  };

  // link_post.cc
  void StartSend(const SendRequest& request);
  void StartRecv(const RecvRequest& request);
  void PushFrame(FrameKind kind, const MessageId& id, uint64_t signature, uint64_t message_bytes);
  void SendReady(const MessageId& id, Incoming& incoming);
  void FinishKept(const MessageId& id, Incoming& incoming);
  void CompleteSend(const MessageId& id, uint64_t context);
  void CompleteRecv(const MessageId& id, const Incoming& incoming);
  void ReportMismatch(const MessageId& id, uint64_t context, uint64_t remote_signature, uint64_t remote_bytes);
  void ConsumeCredit(uint64_t payload_bytes);

  // link_frames.cc: false if the link failed
  bool OnFrame(const FrameHeader& header);
  bool OnEager(const FrameHeader& header);
  bool OnAnnounce(const FrameHeader& header);
  bool OnReady(const FrameHeader& header);
  bool OnData(const FrameHeader& header);
  bool BreakOff(absl::string_view what);

  // link_receive.cc
  enum class PayloadMode : uint8_t { kNone, kPlace, kKeep, kView, kDiscard };
  bool Parse();
  bool ConsumePayload();
  bool EndPayload();
  void BeginPayload(PayloadMode mode, const FrameHeader& header, Incoming* incoming);
  uint64_t ReadAhead() const;
  bool MakeRoom();
  bool views_out() const { return last_view_poll_ == context_.poll_number; }
  ReceiveResult OnEndOfStream(int error);

  bool IsClosed(const MessageId& id) const { return context_.closed_channels.Contains(id.channel); }
  std::string WaitingSentence() const;
  bool DiscardInput();
  void DropAll();

  const int32_t peer_;
  LinkContext& context_;
  State state_ = State::kHeld;
  std::string error_;
  std::string left_because_;
  UniqueFd fd_;
  uint64_t eager_bytes_ = 0;

  std::vector<SendRequest> held_sends_;
  std::vector<RecvRequest> held_recvs_;

  MatchTable<Incoming> incoming_;
  MatchTable<Outgoing> outgoing_;
  SendCredit send_credit_;
  ReceiveCredit receive_credit_;
  uint64_t waiting_recvs_ = 0;        // posted and not complete
  uint64_t waiting_sends_ = 0;        // posted and not complete
  uint64_t awaiting_ready_ = 0;       // of these, announced and not asked for
  uint64_t expected_placements_ = 0;  // asked for, to be placed in a buffer, and not complete
  uint64_t early_control_ = 0;        // READY and ANNOUNCE frames without a request of this rank

  SendQueue sends_;
  int write_error_ = 0;

  // The bytes read from the socket and not yet used: [begin_, end_) of buffer_.
  std::unique_ptr<uint8_t[]> buffer_;
  const size_t buffer_bytes_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t last_view_poll_ = 0;

  // The payload that the next bytes belong to.
  PayloadMode mode_ = PayloadMode::kNone;
  MessageId payload_id_;
  Incoming* payload_incoming_ = nullptr;  // unless discarded
  uint8_t* payload_to_ = nullptr;         // kPlace, kKeep: where the next byte goes
  uint64_t payload_left_ = 0;             // of this frame
  bool between_segments_ = false;         // the last placed frame left its message incomplete
};

}  // namespace tutti::tcp

#endif  // TUTTI_TRANSPORTS_TCP_LINK_H_
