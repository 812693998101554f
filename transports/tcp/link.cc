// SPDX-License-Identifier: Apache-2.0
// A link's life: held, open, left by the peer, failed.
#include "transports/tcp/link.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tutti::tcp {

Link::Link(int32_t peer, LinkContext& context)
    : peer_(peer),
      context_(context),
      receive_credit_(context.options.unexpected_bytes_per_peer),
      sends_(context.options.segment_bytes),
      buffer_bytes_(context.options.receive_buffer_bytes) {}

void Link::Attach(UniqueFd fd, uint64_t eager_bytes, uint64_t send_budget_bytes) {
  fd_ = std::move(fd);
  eager_bytes_ = eager_bytes;
  send_credit_.Grant(send_budget_bytes);
  // Not zeroed: its pages take memory only when the socket fills them.
  buffer_.reset(new uint8_t[buffer_bytes_]);
  state_ = State::kOpen;
  const std::vector<RecvRequest> recvs = std::exchange(held_recvs_, {});
  const std::vector<SendRequest> sends = std::exchange(held_sends_, {});
  for (const RecvRequest& request : recvs) StartRecv(request);
  for (const SendRequest& request : sends) StartSend(request);
}

void Link::Fail(absl::string_view sentence) {
  if (state_ == State::kFailed) return;
  error_ = std::string(sentence);
  DropAll();
  Completion failed;
  failed.kind = CompletionKind::kPeerFailed;
  failed.peer = peer_;
  context_.completions.Add(failed, 0);
}

void Link::Close() {
  if (state_ == State::kOpen) {
    // Closing a socket with unread bytes resets it, which could destroy what this rank sent last. So say goodbye, and
    // read what is there.
    ::shutdown(fd_.get(), SHUT_WR);
    (void)DiscardInput();
  }
  if (state_ != State::kFailed) error_ = "the connection was closed by this rank";
  DropAll();
}

void Link::DropAll() {
  state_ = State::kFailed;
  fd_.Reset();
  incoming_.EraseIf([this](const MessageId&, Incoming& incoming) {
    context_.buffers.Free(incoming.buffer);
    return true;
  });
  outgoing_.EraseIf([](const MessageId&, Outgoing&) { return true; });
  sends_.Clear();
  held_sends_ = {};
  held_recvs_ = {};
  mode_ = PayloadMode::kNone;
  waiting_recvs_ = waiting_sends_ = awaiting_ready_ = expected_placements_ = early_control_ = 0;
  // The receive buffer stays until destruction: views into it may still be in the caller's hands.
}

void Link::VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const {
  incoming_.ForEach([&](const MessageId& id, const Incoming& incoming) {
    if (incoming.posted || IsClosed(id)) return;
    visit({.peer = peer_, .id = id, .signature = incoming.remote_signature, .bytes = incoming.remote_bytes});
  });
}

void Link::CloseChannel(uint32_t channel) {
  std::erase_if(held_sends_, [channel](const SendRequest& request) { return request.id.channel == channel; });
  std::erase_if(held_recvs_, [channel](const RecvRequest& request) { return request.id.channel == channel; });
  if (state_ == State::kHeld || state_ == State::kFailed) {
    waiting_sends_ = held_sends_.size();
    waiting_recvs_ = held_recvs_.size();
    return;
  }

  if (mode_ != PayloadMode::kNone && payload_id_.channel == channel) {
    if (mode_ == PayloadMode::kKeep) ConsumeCredit(payload_incoming_->remote_bytes);
    mode_ = PayloadMode::kDiscard;
    payload_incoming_ = nullptr;
  }
  between_segments_ = false;
  incoming_.EraseIf([this, channel](const MessageId& id, Incoming& incoming) {
    if (id.channel != channel) return false;
    if (incoming.posted) --waiting_recvs_;
    if (incoming.posted && incoming.ready_sent && incoming.data != nullptr) --expected_placements_;
    if (incoming.announced && !incoming.posted) --early_control_;
    if (incoming.kept_whole) ConsumeCredit(incoming.remote_bytes);
    context_.buffers.Free(incoming.buffer);
    return true;
  });
  outgoing_.EraseIf([this, channel](const MessageId& id, Outgoing& outgoing) {
    if (id.channel != channel) return false;
    if (outgoing.posted) {
      --awaiting_ready_;
      --waiting_sends_;
    } else {
      --early_control_;
    }
    return true;
  });
  waiting_sends_ -= sends_.CloseChannel(channel, &context_.counters, [this](const OutFrame& frame) {
    receive_credit_.PutBack(frame.header.credit_bytes);
    if (frame.header.kind == FrameKind::kEager) (void)send_credit_.GiveBack(EagerCharge(frame.header.payload_bytes));
  });
}

SendQueue::Result Link::Write() {
  if (!has_frames()) return SendQueue::Result::kDrained;
  Pacer& pacer = context_.pacer;
  if (pacer.limits() && !pacer.MayWrite(context_.now_ns, false)) return SendQueue::Result::kPaced;
  const uint64_t written_before = context_.counters.payload_bytes_sent;
  const uint64_t burst_bytes = pacer.limits() ? pacer.burst_bytes() : context_.options.burst_bytes;
  const SendQueue::Result result =
      sends_.Write(fd_.get(), burst_bytes, &context_.counters, [this](const OutFrame& frame) {
        if (!frame.completes_send) return;
        ++context_.counters.messages_sent;
        CompleteSend(frame.header.id, frame.context);
      });
  if (pacer.limits()) pacer.Wrote(context_.counters.payload_bytes_sent - written_before);
  if (result == SendQueue::Result::kFailed) write_error_ = sends_.error();
  return result;
}

bool Link::AwaitsAcknowledgement() {
  if (state_ != State::kOpen || write_error_ != 0) return false;
  int bytes = 0;
  if (::ioctl(fd_.get(), SIOCOUTQ, &bytes) != 0 || bytes == 0) return false;
  return DiscardInput();  // a peer that has hung up acknowledges nothing any more
}

// Reads what is there. False at the end of the stream.
bool Link::DiscardInput() {
  uint8_t scrap[4096];
  for (int i = 0; i < 1024; ++i) {
    const ssize_t n = ::recv(fd_.get(), scrap, sizeof(scrap), MSG_DONTWAIT);
    if (n == 0) return false;
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  }
  return true;
}

std::string Link::WaitingSentence() const {
  const auto count = [](uint64_t n, absl::string_view noun) { return absl::StrCat(n, " ", noun, n == 1 ? "" : "s"); };
  if (waiting_recvs_ == 0 && waiting_sends_ == 0) return "";
  std::string what;
  if (waiting_recvs_ > 0) what = count(waiting_recvs_, "receive");
  if (waiting_sends_ > 0) absl::StrAppend(&what, what.empty() ? "" : " and ", count(waiting_sends_, "send"));
  return absl::StrCat(" while ", what, waiting_recvs_ + waiting_sends_ == 1 ? " was" : " were", " waiting");
}

}  // namespace tutti::tcp
