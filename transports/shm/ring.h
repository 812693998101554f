// SPDX-License-Identifier: Apache-2.0
// A ring of records from one writer to one reader, each with its own end of it. No locks: the reader knows a record by
// the stamp in its first line, so a message costs one cache line to find and take.
//
// Positions only grow; a position's place is its remainder by the ring's length. Before a record's stamp is set, the
// stamp at the place behind it is cleared: what the reader looks at is never a leftover of an earlier lap. A record never
// wraps: what does not fit before the end starts again at the beginning, behind a kWrap record.
//
// The reader never trusts the writer: a record that reaches beyond the ring is reported as broken.
#ifndef TUTTI_TRANSPORTS_SHM_RING_H_
#define TUTTI_TRANSPORTS_SHM_RING_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "transports/shm/record.h"

namespace tutti::shm {

// Written by the reader only.
struct alignas(kCacheLineBytes) ReaderState {
  std::atomic<uint64_t> head;      // what lies before it may be overwritten
  std::atomic<uint64_t> consumed;  // the charges of all small messages that have been taken (lib/transport/credits.h)
};

constexpr uint32_t StampOf(uint64_t position) {
  return static_cast<uint32_t>(position / kCacheLineBytes) | 0x80000000u;
}

class RingWriter {
 public:
  RingWriter() = default;
  RingWriter(std::byte* data, uint64_t bytes, const ReaderState* reader)
      : data_(data), bytes_(bytes), reader_(reader) {}

  // The place for a record with such a payload, or nullptr while there is no room. Fill all fields but the stamp, then
  // Commit.
  Record* Reserve(uint64_t payload_bytes) {
    uint64_t needed = RecordBytes(payload_bytes);
    const uint64_t to_end = bytes_ - tail_ % bytes_;
    const bool wraps = needed > to_end;
    if (wraps) needed += to_end;
    if (!HasRoom(needed)) return nullptr;
    if (wraps) {
      At(tail_)->kind = RecordKind::kWrap;
      Publish(to_end);
    }
    reserved_ = RecordBytes(payload_bytes);
    return At(tail_);
  }

  void Commit() { Publish(reserved_); }

  // The reader has made room since Reserve last failed.
  bool RoomHasGrown() const { return reader_->head.load(std::memory_order_acquire) != head_; }

 private:
  Record* At(uint64_t position) const { return reinterpret_cast<Record*>(data_ + position % bytes_); }

  // One line stays free, for the cleared stamp.
  bool HasRoom(uint64_t needed) {
    if (tail_ + needed + sizeof(Record) - head_ <= bytes_) return true;
    head_ = reader_->head.load(std::memory_order_acquire);
    return tail_ + needed + sizeof(Record) - head_ <= bytes_;
  }

  void Publish(uint64_t bytes) {
    At(tail_ + bytes)->stamp.store(0, std::memory_order_relaxed);
    At(tail_)->stamp.store(StampOf(tail_), std::memory_order_release);
    tail_ += bytes;
  }

  std::byte* data_ = nullptr;
  uint64_t bytes_ = 1;
  const ReaderState* reader_ = nullptr;
  uint64_t tail_ = 0;
  uint64_t head_ = 0;  // as last seen
  uint64_t reserved_ = 0;
};

class RingReader {
 public:
  RingReader() = default;
  RingReader(const std::byte* data, uint64_t bytes, ReaderState* state) : data_(data), bytes_(bytes), state_(state) {}

  bool HasRecord() const { return At(position_)->stamp.load(std::memory_order_acquire) == StampOf(position_); }

  // The next record, or nullptr if there is none.
  const Record* Peek() {
    if (!HasRecord()) return nullptr;
    if (At(position_)->kind == RecordKind::kWrap) {
      position_ += bytes_ - position_ % bytes_;
      return HasRecord() ? At(position_) : nullptr;
    }
    return At(position_);
  }

  // True if a record with such a payload can lie where the last Peek found one.
  bool Fits(uint64_t payload_bytes) const {
    return payload_bytes <= bytes_ && RecordBytes(payload_bytes) <= bytes_ - position_ % bytes_;
  }

  // Goes on behind it. Its bytes stay until Release.
  void Advance(uint64_t payload_bytes) { position_ += RecordBytes(payload_bytes); }

  // Lets the writer have the place of all that was taken. True if there was any.
  bool Release() {
    if (released_ == position_) return false;
    released_ = position_;
    state_->head.store(position_, std::memory_order_release);
    return true;
  }

  void Consume(uint64_t charge) {
    consumed_ += charge;
    state_->consumed.store(consumed_, std::memory_order_release);
  }

 private:
  const Record* At(uint64_t position) const { return reinterpret_cast<const Record*>(data_ + position % bytes_); }

  const std::byte* data_ = nullptr;
  uint64_t bytes_ = 1;
  ReaderState* state_ = nullptr;
  uint64_t position_ = 0;
  uint64_t released_ = 0;
  uint64_t consumed_ = 0;
};

}  // namespace tutti::shm

#endif  // TUTTI_TRANSPORTS_SHM_RING_H_
