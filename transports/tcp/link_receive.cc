// SPDX-License-Identifier: Apache-2.0
// Bytes on their way from the socket to where they belong. Frames are read many at a time into the receive buffer and
// taken from there; the rest of a large message is read straight into the receive's own memory, or handed out by view
// where it lies in the receive buffer.
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

#include "lib/base/align.h"
#include "lib/connect/socket.h"
#include "transports/tcp/link.h"

namespace tutti::tcp {
namespace {

// While a large message is expected for a buffer, no more than this is read ahead of it, because what lands in the
// receive buffer must be copied: enough for some small frames, too little to matter in a large message.
constexpr uint64_t kReadAheadOfPlacementBytes = 4096;

// Not worth a system call of its own behind views that cannot be moved yet.
constexpr size_t kMinReadBytes = 4096;

}  // namespace

void Link::BeginPayload(PayloadMode mode, const FrameHeader& header, Incoming* incoming) {
  mode_ = mode;
  payload_id_ = header.id;
  payload_incoming_ = incoming;
  payload_left_ = header.payload_bytes;
  if (incoming != nullptr) incoming->stamp = header.stamp;
  if (mode == PayloadMode::kKeep) payload_to_ = incoming->buffer.data;
  if (mode == PayloadMode::kPlace) payload_to_ = incoming->data + incoming->received_bytes;
}

// If the frame's payload is complete: does what it completes. False if the link failed.
bool Link::EndPayload() {
  if (payload_left_ > 0) return true;
  const PayloadMode mode = mode_;
  mode_ = PayloadMode::kNone;
  Incoming* incoming = payload_incoming_;
  switch (mode) {
    case PayloadMode::kNone:
    case PayloadMode::kDiscard:
      return true;
    case PayloadMode::kKeep:
      incoming->kept_whole = true;
      if (incoming->posted) FinishKept(payload_id_, *incoming);
      return true;
    case PayloadMode::kPlace:
      between_segments_ = incoming->received_bytes < incoming->bytes;
      if (between_segments_) return true;
      if (incoming->ready_sent && incoming->data != nullptr) --expected_placements_;
      CompleteRecv(payload_id_, *incoming);
      return true;
    case PayloadMode::kView:
      if (incoming->received_bytes < incoming->bytes) return true;
      --waiting_recvs_;
      ++context_.counters.messages_received;
      incoming_.Erase(payload_id_);
      return true;
  }
  return true;
}

// Takes what the receive buffer holds of the current payload. False if that needs more bytes, or room for completions.
bool Link::ConsumePayload() {
  uint64_t taken = std::min<uint64_t>(end_ - begin_, payload_left_);
  switch (mode_) {
    case PayloadMode::kNone:
    case PayloadMode::kDiscard:
      break;
    case PayloadMode::kPlace:
    case PayloadMode::kKeep:
      if (taken == 0) return false;
      std::memcpy(payload_to_, buffer_.get() + begin_, taken);
      context_.counters.payload_bytes_copied += taken;
      payload_to_ += taken;
      break;
    case PayloadMode::kView: {
      if (taken < payload_left_) taken = RoundDown(taken, kViewGranularity);
      if (taken == 0 || context_.completions.Full()) return false;
      Completion part;
      part.kind = CompletionKind::kRecvView;
      part.peer = peer_;
      part.context = payload_incoming_->context;
      part.view = buffer_.get() + begin_;
      part.view_offset = payload_incoming_->received_bytes;
      part.bytes = taken;
      part.stamp = payload_incoming_->stamp;
      context_.completions.Add(part, payload_id_.channel);
      last_view_poll_ = context_.poll_number;
      break;
    }
  }
  if (taken == 0) return false;
  begin_ += taken;
  payload_left_ -= taken;
  context_.counters.payload_bytes_received += taken;
  if (payload_incoming_ != nullptr) payload_incoming_->received_bytes += taken;
  (void)EndPayload();
  return true;
}

// Uses up the receive buffer as far as it goes. False if the link failed.
bool Link::Parse() {
  for (;;) {
    if (mode_ != PayloadMode::kNone) {
      if (!ConsumePayload()) return true;
      continue;
    }
    if (end_ - begin_ < kFrameHeaderBytes || context_.completions.Full()) return true;
    FrameHeader header;
    const char* wrong = DecodeFrame(buffer_.get() + begin_, &header);
    if (wrong != nullptr) return BreakOff(wrong);
    begin_ += kFrameHeaderBytes;
    if (!OnFrame(header)) return false;
  }
}

// How much may be read into the receive buffer.
uint64_t Link::ReadAhead() const {
  if (expected_placements_ == 0 || mode_ == PayloadMode::kView || mode_ == PayloadMode::kDiscard) return buffer_bytes_;
  // In the middle of a placed message comes the header of its next segment, and then more that must not land here.
  const bool more_segments = mode_ == PayloadMode::kPlace
                                 ? payload_left_ < payload_incoming_->bytes - payload_incoming_->received_bytes
                                 : between_segments_;
  return more_segments && end_ - begin_ < kFrameHeaderBytes ? kFrameHeaderBytes - (end_ - begin_)
                                                            : kReadAheadOfPlacementBytes;
}

// Makes the receive buffer's tail as long as it can be. False if it is too short to read into.
bool Link::MakeRoom() {
  if (!views_out()) {
    const size_t left = end_ - begin_;
    if (left > 0 && begin_ > 0) {
      std::memmove(buffer_.get(), buffer_.get() + begin_, left);
      if (mode_ != PayloadMode::kNone) context_.counters.payload_bytes_copied += left;
    }
    begin_ = 0;
    end_ = left;
  }
  return buffer_bytes_ - end_ >= kMinReadBytes;
}

Link::ReceiveResult Link::Receive() {
  if (state_ != State::kOpen) return ReceiveResult::kGone;
  uint64_t burst_left = context_.options.burst_bytes;
  ReceiveResult result = ReceiveResult::kNothing;
  for (;;) {
    if (!Parse()) return ReceiveResult::kGone;
    if (context_.completions.Full()) return ReceiveResult::kMore;
    if (result == ReceiveResult::kDrained) return result;
    if (burst_left == 0 || !MakeRoom()) return ReceiveResult::kMore;

    iovec pieces[2];
    size_t direct_bytes = 0;
    int num_pieces = 0;
    if ((mode_ == PayloadMode::kPlace || mode_ == PayloadMode::kKeep) && begin_ == end_) {
      direct_bytes = payload_left_;
      pieces[num_pieces++] = {payload_to_, direct_bytes};
    }
    const size_t ahead_bytes = std::min<size_t>(buffer_bytes_ - end_, ReadAhead());
    pieces[num_pieces++] = {buffer_.get() + end_, ahead_bytes};

    ++context_.counters.system_calls;
    const ssize_t n = num_pieces == 1 ? ::recv(fd_.get(), pieces[0].iov_base, pieces[0].iov_len, MSG_DONTWAIT)
                                      : ::readv(fd_.get(), pieces, num_pieces);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      // A failed write leaves nothing to wait for once the last bytes are read.
      if (write_error_ != 0) return OnEndOfStream(write_error_);
      return result == ReceiveResult::kNothing ? result : ReceiveResult::kDrained;
    }
    if (n <= 0) return OnEndOfStream(n < 0 ? errno : write_error_);

    const size_t direct = std::min(static_cast<size_t>(n), direct_bytes);
    end_ += static_cast<size_t>(n) - direct;
    if (direct > 0) {
      payload_to_ += direct;
      payload_left_ -= direct;
      context_.counters.payload_bytes_received += direct;
      payload_incoming_->received_bytes += direct;
      (void)EndPayload();
    }
    burst_left -= std::min<uint64_t>(burst_left, static_cast<uint64_t>(n));
    // A short read means an empty socket; asking again would only cost the call that says so.
    result = static_cast<size_t>(n) < direct_bytes + ahead_bytes ? ReceiveResult::kDrained : ReceiveResult::kMore;
  }
}

// All that the peer sent has been used; `error` is 0 if it closed the connection in good order.
Link::ReceiveResult Link::OnEndOfStream(int error) {
  const std::string what = error == 0 ? "connection closed by the peer" : connect::SocketErrorName(error);
  const std::string waiting = WaitingSentence();
  if (!waiting.empty()) {
    Fail(absl::StrCat(what, waiting));
    return ReceiveResult::kGone;
  }
  // A peer that has finished may leave; only a later request makes a failure of it.
  left_because_ = what;
  fd_.Reset();
  sends_.Clear();
  mode_ = PayloadMode::kNone;
  state_ = State::kLeft;
  return ReceiveResult::kGone;
}

}  // namespace tutti::tcp
