// SPDX-License-Identifier: Apache-2.0
#include "transports/tcp/send_queue.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tutti::tcp {
namespace {

// Frames per system call: two pieces each, well under IOV_MAX.
constexpr size_t kMaxFramesPerWrite = 64;

template <typename T>
void PushGrowing(FixedRing<T>& ring, const T& value) {
  if (ring.full()) ring.Reserve(std::max<size_t>(64, 2 * ring.capacity()));
  (void)ring.Push(value);
}

}  // namespace

void SendQueue::PushFrame(const OutFrame& frame) {
  queued_payload_bytes_ += frame.header.payload_bytes;
  PushGrowing(frames_, frame);
}

void SendQueue::PushStream(const OutStream& stream) { PushGrowing(streams_, stream); }

void SendQueue::CutSegments() {
  while (!streams_.empty() && queued_payload_bytes_ < segment_bytes_) {
    OutStream& stream = streams_.Front();
    OutFrame frame;
    const uint64_t bytes = std::min(segment_bytes_, stream.bytes - stream.queued_bytes);
    frame.header.kind = FrameKind::kData;
    frame.header.id = stream.id;
    frame.header.signature = stream.signature;
    frame.header.message_bytes = stream.bytes;
    frame.header.payload_bytes = static_cast<uint32_t>(bytes);
    frame.header.stamp = stream.stamp;
    frame.payload = stream.data + stream.queued_bytes;
    frame.context = stream.context;
    stream.queued_bytes += bytes;
    frame.completes_send = stream.queued_bytes == stream.bytes;
    if (frame.completes_send) streams_.DropFront();
    PushFrame(frame);
  }
}

SendQueue::Result SendQueue::Write(int fd, uint64_t burst_bytes, TransportCounters* counters, OnSent on_sent) {
  uint8_t headers[kMaxFramesPerWrite][kFrameHeaderBytes];
  iovec pieces[2 * kMaxFramesPerWrite];
  uint64_t written_bytes = 0;
  for (;;) {
    CutSegments();
    if (frames_.empty()) return Result::kDrained;
    if (written_bytes >= burst_bytes) return Result::kMore;

    size_t num_pieces = 0;
    size_t batch_bytes = 0;
    size_t skip = head_written_bytes_;
    const size_t num_frames = std::min(frames_.size(), kMaxFramesPerWrite);
    const size_t most = burst_bytes - written_bytes;
    for (size_t i = 0; i < num_frames && batch_bytes < most; ++i) {
      const OutFrame& frame = frames_[i];
      if (skip < kFrameHeaderBytes) {
        EncodeFrame(frame.header, headers[i]);
        pieces[num_pieces++] = {headers[i] + skip, kFrameHeaderBytes - skip};
        batch_bytes += kFrameHeaderBytes - skip;
        skip = kFrameHeaderBytes;
      }
      const size_t payload_skip = skip - kFrameHeaderBytes;
      if (payload_skip < frame.header.payload_bytes) {
        const size_t rest = std::min(frame.header.payload_bytes - payload_skip, most - std::min(most, batch_bytes));
        if (rest == 0) break;
        pieces[num_pieces++] = {const_cast<uint8_t*>(frame.payload) + payload_skip, rest};
        batch_bytes += rest;
      }
      skip = 0;
    }

    msghdr message = {};
    message.msg_iov = pieces;
    message.msg_iovlen = num_pieces;
    ++counters->system_calls;
    const ssize_t n = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return Result::kBlocked;
      if (errno == EINTR) continue;
      error_ = errno;
      return Result::kFailed;
    }
    written_bytes += static_cast<uint64_t>(n);
    counters->payload_bytes_sent += TakeWritten(static_cast<size_t>(n), on_sent);
    // A short write means a full socket; asking again would only cost the call that says so.
    if (static_cast<size_t>(n) < batch_bytes) return Result::kBlocked;
  }
}

// Returns how many of the written bytes were payload.
size_t SendQueue::TakeWritten(size_t bytes, OnSent on_sent) {
  size_t payload_bytes = 0;
  while (bytes > 0) {
    const OutFrame frame = frames_.Front();
    const size_t whole = kFrameHeaderBytes + frame.header.payload_bytes;
    const size_t taken = std::min(bytes, whole - head_written_bytes_);
    const size_t header_left = kFrameHeaderBytes - std::min(head_written_bytes_, kFrameHeaderBytes);
    payload_bytes += taken - std::min(taken, header_left);
    head_written_bytes_ += taken;
    bytes -= taken;
    if (head_written_bytes_ < whole) break;
    head_written_bytes_ = 0;
    queued_payload_bytes_ -= frame.header.payload_bytes;
    frames_.DropFront();
    left_behind_.reset();  // it can only have belonged to this frame
    on_sent(frame);
  }
  return payload_bytes;
}

size_t SendQueue::CloseChannel(uint32_t channel, TransportCounters* counters,
                               absl::FunctionRef<void(const OutFrame&)> on_dropped) {
  size_t sends_dropped = 0;
  for (size_t left = streams_.size(); left > 0; --left) {
    const OutStream stream = streams_.Pop();
    if (stream.id.channel != channel) {
      (void)streams_.Push(stream);
    } else {
      ++sends_dropped;
    }
  }
  const size_t num_frames = frames_.size();
  for (size_t i = 0; i < num_frames; ++i) {
    OutFrame frame = frames_.Pop();
    if (frame.header.id.channel == channel && frame.header.kind != FrameKind::kCredit) {
      if (frame.completes_send) ++sends_dropped;
      if (i > 0 || head_written_bytes_ == 0) {
        queued_payload_bytes_ -= frame.header.payload_bytes;
        on_dropped(frame);
        continue;
      }
      const size_t payload_written = head_written_bytes_ - std::min(head_written_bytes_, kFrameHeaderBytes);
      if (left_behind_ == nullptr && payload_written < frame.header.payload_bytes) {
        const size_t rest = frame.header.payload_bytes - payload_written;
        left_behind_ = std::make_unique<uint8_t[]>(frame.header.payload_bytes);
        std::memcpy(left_behind_.get() + payload_written, frame.payload + payload_written, rest);
        counters->payload_bytes_copied += rest;
        frame.payload = left_behind_.get();
      }
      frame.completes_send = false;
    }
    (void)frames_.Push(frame);
  }
  return sends_dropped;
}

void SendQueue::Clear() {
  frames_.Clear();
  streams_.Clear();
  queued_payload_bytes_ = 0;
  head_written_bytes_ = 0;
  left_behind_.reset();
}

}  // namespace tutti::tcp
