// SPDX-License-Identifier: Apache-2.0
// What waits to be written to one connection, in the order of the wire. Frames are queued as headers that point at
// their payload; large messages are cut into segments only as the socket takes them, so that small frames pass between
// two segments and a closed channel leaves at most one segment behind. It never knows why a frame is sent.
#ifndef TUTTI_TRANSPORTS_TCP_SEND_QUEUE_H_
#define TUTTI_TRANSPORTS_TCP_SEND_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/functional/function_ref.h"

#include "lib/base/fixed_ring.h"
#include "lib/transport/transport.h"
#include "transports/tcp/wire.h"

namespace tutti::tcp {

struct OutFrame {
  FrameHeader header;
  const uint8_t* payload = nullptr;
  uint64_t context = 0;
  bool completes_send = false;  // the send of `context` is done when this frame is written
};

// A large message on its way.
struct OutStream {
  MessageId id;
  uint64_t signature = 0;
  const uint8_t* data = nullptr;
  uint64_t bytes = 0;
  uint64_t queued_bytes = 0;  // of which frames were made
  uint64_t context = 0;
  MessageStamp stamp;
};

class SendQueue {
 public:
  enum class Result : uint8_t {
    kDrained,  // nothing is left
    kBlocked,  // the socket takes no more for now
    kMore,     // burst_bytes were written; there is more
    kPaced,    // more may be written later (pacer.h)
    kFailed,   // see error()
  };
  using OnSent = absl::FunctionRef<void(const OutFrame&)>;  // called for each frame when its last byte is written

  explicit SendQueue(uint64_t segment_bytes) : segment_bytes_(segment_bytes) {
    frames_.Reserve(kExpectedFrames);
    streams_.Reserve(kExpectedFrames);
  }

  bool empty() const { return frames_.empty() && streams_.empty(); }
  int error() const { return error_; }  // errno of the failed write

  void PushFrame(const OutFrame& frame);
  void PushStream(const OutStream& stream);

  Result Write(int fd, uint64_t burst_bytes, TransportCounters* counters, OnSent on_sent);

  // Drops all frames and streams of the channel; `on_dropped` is called for each frame. A frame of which a part is
  // already written stays, with a copy of its payload, so that the stream keeps its shape; it completes nothing.
  // Returns how many sends will not complete.
  size_t CloseChannel(uint32_t channel, TransportCounters* counters,
                      absl::FunctionRef<void(const OutFrame&)> on_dropped);

  void Clear();

 private:
  void CutSegments();
  size_t TakeWritten(size_t bytes, OnSent on_sent);

  const uint64_t segment_bytes_;
  static constexpr size_t kExpectedFrames = 64;  // waiting at once; more is possible, and makes the rings grow

  FixedRing<OutFrame> frames_;
  FixedRing<OutStream> streams_;
  uint64_t queued_payload_bytes_ = 0;  // of all frames, whole
  size_t head_written_bytes_ = 0;      // of the first frame, header included
  int error_ = 0;
  std::unique_ptr<uint8_t[]> left_behind_;  // the payload of a half-written frame whose channel is closed
};

}  // namespace tutti::tcp

#endif  // TUTTI_TRANSPORTS_TCP_SEND_QUEUE_H_
