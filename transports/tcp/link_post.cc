// SPDX-License-Identifier: Apache-2.0
// Requests: what is done when one is posted, and how one ends.
#include <cstring>

#include "absl/strings/str_cat.h"

#include "lib/base/checks.h"
#include "transports/tcp/link.h"

namespace tutti::tcp {

void Link::PostSend(const SendRequest& request) {
  if (state_ == State::kFailed || IsClosed(request.id)) return;
  if (state_ == State::kHeld) {
    ++waiting_sends_;
    held_sends_.push_back(request);
    return;
  }
  if (state_ == State::kLeft) {
    Fail(absl::StrCat(left_because_, " before this rank's next send to it"));
    return;
  }
  ++waiting_sends_;
  StartSend(request);
}

void Link::PostRecv(const RecvRequest& request) {
  if (state_ == State::kFailed || IsClosed(request.id)) return;
  if (state_ == State::kHeld) {
    ++waiting_recvs_;
    held_recvs_.push_back(request);
    return;
  }
  if (state_ == State::kLeft) {
    const Incoming* incoming = incoming_.Find(request.id);
    if (incoming == nullptr || !incoming->kept_whole) {
      Fail(absl::StrCat(left_because_, " before this rank's next receive from it"));
      return;
    }
  }
  ++waiting_recvs_;
  StartRecv(request);
}

void Link::StartSend(const SendRequest& request) {
  if (state_ != State::kOpen) return;
  const auto* data = static_cast<const uint8_t*>(request.data);
  Outgoing* outgoing = outgoing_.size() == 0 ? nullptr : outgoing_.Find(request.id);
  if (outgoing == nullptr) {
    if (request.bytes <= eager_bytes_ && send_credit_.Take(EagerCharge(request.bytes))) {
      OutFrame frame;
      frame.header.kind = FrameKind::kEager;
      frame.header.id = request.id;
      frame.header.signature = request.signature;
      frame.header.message_bytes = request.bytes;
      frame.header.payload_bytes = static_cast<uint32_t>(request.bytes);
      frame.header.credit_bytes = receive_credit_.TakeReturn();
      frame.header.stamp = request.stamp;
      frame.payload = data;
      frame.context = request.context;
      frame.completes_send = true;
      sends_.PushFrame(frame);
      return;
    }
    outgoing = outgoing_.Insert(request.id);
    outgoing->posted = true;
    outgoing->data = data;
    outgoing->bytes = request.bytes;
    outgoing->signature = request.signature;
    outgoing->context = request.context;
    outgoing->stamp = request.stamp;
    ++awaiting_ready_;
    PushFrame(FrameKind::kAnnounce, request.id, request.signature, request.bytes);
    return;
  }

  TUTTI_DCHECK(!outgoing->posted, "two sends with the same message id were posted to one peer");
  if (outgoing->posted) {
    Fail("this rank posted two sends with the same message id");
    return;
  }
  const bool same = outgoing->remote_bytes == request.bytes && outgoing->remote_signature == request.signature;
  outgoing_.Erase(request.id);
  --early_control_;
  if (same) {
    sends_.PushStream({request.id, request.signature, data, request.bytes, 0, request.context, request.stamp});
  } else {
    // The receiver finds the difference in the announcement; the buffer is not needed any more.
    PushFrame(FrameKind::kAnnounce, request.id, request.signature, request.bytes);
    CompleteSend(request.id, request.context);
  }
}

void Link::StartRecv(const RecvRequest& request) {
  if (state_ != State::kOpen && state_ != State::kLeft) return;
  Incoming* incoming = incoming_.Find(request.id);
  const bool first = incoming == nullptr;
  if (first) incoming = incoming_.Insert(request.id);
  TUTTI_DCHECK(!incoming->posted, "two receives with the same message id were posted for one peer");
  if (incoming->posted) {
    Fail("this rank posted two receives with the same message id");
    return;
  }
  incoming->posted = true;
  incoming->data = static_cast<uint8_t*>(request.data);
  incoming->bytes = request.bytes;
  incoming->signature = request.signature;
  incoming->context = request.context;
  if (first) {
    if (request.bytes > eager_bytes_) SendReady(request.id, *incoming);
  } else if (incoming->kept_whole) {
    FinishKept(request.id, *incoming);
  } else if (incoming->announced) {
    --early_control_;
    SendReady(request.id, *incoming);
    if (incoming->remote_bytes != incoming->bytes || incoming->remote_signature != incoming->signature) {
      // The sender sees the same difference in the READY, and lets its buffer go.
      ReportMismatch(request.id, incoming->context, incoming->remote_signature, incoming->remote_bytes);
      if (incoming->data != nullptr) --expected_placements_;
      incoming_.Erase(request.id);
    }
  }
  // Else a small message is arriving right now; its end finds this receive.
}

void Link::SendReady(const MessageId& id, Incoming& incoming) {
  incoming.ready_sent = true;
  if (incoming.data != nullptr) ++expected_placements_;
  PushFrame(FrameKind::kReady, id, incoming.signature, incoming.bytes);
}

void Link::PushFrame(FrameKind kind, const MessageId& id, uint64_t signature, uint64_t message_bytes) {
  OutFrame frame;
  frame.header.kind = kind;
  frame.header.id = id;
  frame.header.signature = signature;
  frame.header.message_bytes = message_bytes;
  frame.header.credit_bytes = receive_credit_.TakeReturn();
  sends_.PushFrame(frame);
}

// A small message that came before its receive is whole, and the receive is posted.
void Link::FinishKept(const MessageId& id, Incoming& incoming) {
  ConsumeCredit(incoming.remote_bytes);
  if (incoming.remote_bytes != incoming.bytes || incoming.remote_signature != incoming.signature) {
    ReportMismatch(id, incoming.context, incoming.remote_signature, incoming.remote_bytes);
    context_.buffers.Free(incoming.buffer);
    incoming_.Erase(id);
    return;
  }
  if (incoming.data != nullptr || incoming.bytes == 0) {
    if (incoming.bytes > 0) std::memcpy(incoming.data, incoming.buffer.data, incoming.bytes);
    context_.counters.payload_bytes_copied += incoming.bytes;
    context_.buffers.Free(incoming.buffer);
    CompleteRecv(id, incoming);
    return;
  }
  Completion whole;
  whole.kind = CompletionKind::kRecvView;
  whole.peer = peer_;
  whole.context = incoming.context;
  whole.view = incoming.buffer.data;
  whole.bytes = incoming.bytes;
  whole.stamp = incoming.stamp;
  context_.completions.Add(whole, id.channel, incoming.buffer);
  ++context_.counters.messages_received;
  --waiting_recvs_;
  incoming_.Erase(id);
}

void Link::CompleteSend(const MessageId& id, uint64_t context) {
  --waiting_sends_;
  Completion done;
  done.kind = CompletionKind::kSendDone;
  done.peer = peer_;
  done.context = context;
  context_.completions.Add(done, id.channel);
}

// Erases the entry.
void Link::CompleteRecv(const MessageId& id, const Incoming& incoming) {
  --waiting_recvs_;
  ++context_.counters.messages_received;
  Completion done;
  done.kind = CompletionKind::kRecvDone;
  done.peer = peer_;
  done.context = incoming.context;
  done.bytes = incoming.bytes;
  done.stamp = incoming.stamp;
  context_.completions.Add(done, id.channel);
  incoming_.Erase(id);
}

void Link::ReportMismatch(const MessageId& id, uint64_t context, uint64_t remote_signature, uint64_t remote_bytes) {
  --waiting_recvs_;
  Completion mismatch;
  mismatch.kind = CompletionKind::kMismatch;
  mismatch.peer = peer_;
  mismatch.context = context;
  mismatch.bytes = remote_bytes;
  mismatch.remote_signature = remote_signature;
  context_.completions.Add(mismatch, id.channel);
}

void Link::ConsumeCredit(uint64_t payload_bytes) {
  receive_credit_.Consumed(EagerCharge(payload_bytes));
  if (state_ == State::kOpen && receive_credit_.ReturnIsDue()) PushFrame(FrameKind::kCredit, MessageId(), 0, 0);
}

}  // namespace tutti::tcp
