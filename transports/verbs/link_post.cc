// SPDX-License-Identifier: Apache-2.0
// Requests: what is done when one is posted, and how one ends.
#include <cstring>

#include "absl/strings/str_cat.h"

#include "lib/base/checks.h"
#include "transports/verbs/link.h"

namespace tutti::verbs {

void Link::PostSend(const SendRequest& request) {
  if (state_ == State::kFailed || IsClosed(request.id)) return;
  if (state_ == State::kHeld) {
    ++waiting_sends_;
    held_sends_.push_back(request);
    return;
  }
  if (state_ == State::kOverControl) {
    context_.control->PostSends({&request, 1});
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
  if (state_ == State::kOverControl) {
    context_.control->PostRecvs({&request, 1});
    return;
  }
  if (state_ == State::kLeft) {
    const Incoming* incoming = incoming_.Find(request.id);
    if (incoming == nullptr || !incoming->kept) {
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
  if (outgoing == nullptr && request.bytes <= eager_bytes_ && send_credit_.Take(EagerCharge(request.bytes))) {
    OutFrame frame;
    frame.header.kind = FrameKind::kEager;
    frame.header.id = request.id;
    frame.header.signature = request.signature;
    frame.header.message_bytes = request.bytes;
    frame.header.payload_bytes = static_cast<uint32_t>(request.bytes);
    frame.header.stamp = request.stamp;
    frame.payload = data;
    frame.context = request.context;
    frame.completes_send = true;
    PushFrame(frame);
    return;
  }
  const bool first = outgoing == nullptr;
  if (first) outgoing = outgoing_.Insert(request.id);
  TUTTI_DCHECK(!outgoing->posted, "two sends with the same message id were posted to one peer");
  if (outgoing->posted) {
    Fail("this rank posted two sends with the same message id");
    return;
  }
  outgoing->posted = true;
  outgoing->data = data;
  outgoing->bytes = request.bytes;
  outgoing->signature = request.signature;
  outgoing->context = request.context;
  outgoing->stamp = request.stamp;
  if (first) {
    outgoing->announced = true;
    PushControl(FrameKind::kAnnounce, request.id, request.signature, request.bytes, request.stamp);
    return;
  }
  --early_control_;
  if (outgoing->remote_bytes == request.bytes && outgoing->remote_signature == request.signature) {
    const Grant first_grant = outgoing->grant;
    UseEarlyGrants(request.id, *outgoing, first_grant);
    return;
  }
  // The receiver finds the difference in the announcement; the buffer is not needed any more.
  PushControl(FrameKind::kAnnounce, request.id, request.signature, request.bytes);
  outgoing_.Erase(request.id);
  CompleteSend(request.id, request.context, 0);
}

void Link::UseEarlyGrants(const MessageId& id, Outgoing& outgoing, const Grant& first) {
  bool goes_on = UseGrant(id, outgoing, first);
  if (early_grants_.empty()) return;
  for (const EarlyGrant& early : early_grants_) {
    if (goes_on && early.id == id) goes_on = UseGrant(id, outgoing, early.grant);
    if (state_ != State::kOpen) return;
  }
  std::erase_if(early_grants_, [&](const EarlyGrant& early) { return early.id == id; });
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
  if (incoming->kept) {
    FinishKept(request.id, *incoming);
  } else if (incoming->announced) {
    --early_control_;
    if (incoming->remote_bytes == incoming->bytes && incoming->remote_signature == incoming->signature) {
      GrantFor(request.id, *incoming);
    } else {
      // The sender sees the same difference in the grant, and lets its buffer go.
      PushControl(FrameKind::kGrant, request.id, incoming->signature, incoming->bytes);
      ReportMismatch(request.id, *incoming, incoming->remote_signature, incoming->remote_bytes);
      incoming_.Erase(request.id);
    }
  } else if (request.bytes > eager_bytes_ && request.data != nullptr) {
    // Staging memory, for receives by view, waits for the announcement: a sender that is late must not hold it.
    GrantFor(request.id, *incoming);
  }
}

// A small message that came before its receive, which is posted now.
void Link::FinishKept(const MessageId& id, Incoming& incoming) {
  receive_credit_.Consumed(EagerCharge(incoming.remote_bytes));
  Touch();
  if (incoming.remote_bytes != incoming.bytes || incoming.remote_signature != incoming.signature) {
    ReportMismatch(id, incoming, incoming.remote_signature, incoming.remote_bytes);
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
  LentMemory::Buffer lent;
  lent.kind = LentMemory::Kind::kPooled;
  lent.pooled = incoming.buffer;
  ShowView(id, incoming, incoming.buffer.data, incoming.bytes, lent);
}

// Erases the entry with the last part.
void Link::ShowView(const MessageId& id, Incoming& incoming, const void* data, uint64_t bytes,
                    const LentMemory::Buffer& lent) {
  Completion part;
  part.kind = CompletionKind::kRecvView;
  part.peer = peer_;
  part.context = incoming.context;
  part.view = data;
  part.view_offset = incoming.received_bytes;
  part.bytes = bytes;
  part.stamp = incoming.stamp;
  incoming.received_bytes += bytes;
  context_.completions.Add(part, id.channel, lent);
  if (incoming.received_bytes < incoming.bytes) return;
  ++context_.counters.messages_received;
  --waiting_recvs_;
  incoming_.Erase(id);
}

void Link::CompleteSend(const MessageId& id, uint64_t context, uint64_t bytes) {
  --waiting_sends_;
  context_.counters.payload_bytes_sent += bytes;
  Completion done;
  done.kind = CompletionKind::kSendDone;
  done.peer = peer_;
  done.context = context;
  context_.completions.Add(done, id.channel);
}

// Erases the entry, unless an announcement is still to come.
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
  if (!incoming.finished) incoming_.Erase(id);
}

void Link::ReportMismatch(const MessageId& id, const Incoming& incoming, uint64_t remote_signature,
                          uint64_t remote_bytes) {
  --waiting_recvs_;
  Completion mismatch;
  mismatch.kind = CompletionKind::kMismatch;
  mismatch.peer = peer_;
  mismatch.context = incoming.context;
  mismatch.bytes = remote_bytes;
  mismatch.remote_signature = remote_signature;
  context_.completions.Add(mismatch, id.channel);
}

}  // namespace tutti::verbs
