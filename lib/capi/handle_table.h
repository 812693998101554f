// SPDX-License-Identifier: Apache-2.0
// Handles that can be checked: what the caller holds is a number (place and generation), never a pointer, so a handle used after
// its object is gone, or invented, is recognised and not followed.
//
// Any thread, without locks, except that the table takes one to grow. A slot is never given back. T is a pointer.
#ifndef TUTTI_LIB_CAPI_HANDLE_TABLE_H_
#define TUTTI_LIB_CAPI_HANDLE_TABLE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "absl/functional/function_ref.h"

namespace tutti {

template <typename T>
class HandleTable {
 public:
  using Handle = uintptr_t;  // 0 is never valid

  // The table does not own the object. 0 when all places are taken.
  Handle Insert(T object) {
    const uint32_t index = Pop();
    if (index == kNone) return 0;
    Slot& slot = At(index);
    slot.object.store(object, std::memory_order_relaxed);
    // The generation was odd while the slot was free; even means taken.
    const uint32_t generation = slot.generation.load(std::memory_order_relaxed) + 1;
    slot.generation.store(generation, std::memory_order_release);
    return (static_cast<Handle>(generation) << 32) | (index + 1);
  }

  // False if the handle is not, or no longer, valid.
  bool Find(Handle handle, T* object) const {
    const Slot* slot = SlotOf(handle);
    if (slot == nullptr) return false;
    *object = slot->object.load(std::memory_order_relaxed);
    return slot->generation.load(std::memory_order_acquire) == static_cast<uint32_t>(handle >> 32);
  }

  // Makes invalid every handle whose object `selected` names. Not while another thread removes the same ones.
  void RemoveIf(absl::FunctionRef<bool(T)> selected) {
    for (uint32_t index = 0; index < kMaxChunks * kChunkSlots; ++index) {
      if (chunks_[index / kChunkSlots].load(std::memory_order_acquire) == nullptr) return;
      const uint32_t generation = At(index).generation.load(std::memory_order_acquire);
      T object = At(index).object.load(std::memory_order_relaxed);
      if (generation % 2 == 0 && selected(object))
        Remove((static_cast<Handle>(generation) << 32) | (index + 1), &object);
    }
  }

  // Makes the handle invalid. False if it was invalid: of two threads that remove the same one, one gets true.
  bool Remove(Handle handle, T* object) {
    Slot* slot = const_cast<Slot*>(SlotOf(handle));
    if (slot == nullptr) return false;
    *object = slot->object.load(std::memory_order_relaxed);
    uint32_t generation = static_cast<uint32_t>(handle >> 32);
    if (!slot->generation.compare_exchange_strong(generation, generation + 1, std::memory_order_acq_rel)) return false;
    Push(static_cast<uint32_t>(handle) - 1);
    return true;
  }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};
  static constexpr uint32_t kChunkSlots = 256;
  static constexpr uint32_t kMaxChunks = 4096;

  struct Slot {
    std::atomic<uint32_t> generation{1};
    std::atomic<uint32_t> next_free{kNone};
    std::atomic<T> object{};
  };
  using Chunk = std::array<Slot, kChunkSlots>;

  Slot& At(uint32_t index) const {
    return (*chunks_[index / kChunkSlots].load(std::memory_order_acquire))[index % kChunkSlots];
  }

  const Slot* SlotOf(Handle handle) const {
    const uint32_t place = static_cast<uint32_t>(handle);
    const uint32_t generation = static_cast<uint32_t>(handle >> 32);
    if (place == 0 || place > kChunkSlots * kMaxChunks || generation % 2 != 0 || generation == 0) return nullptr;
    const uint32_t index = place - 1;
    const Chunk* chunk = chunks_[index / kChunkSlots].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : &(*chunk)[index % kChunkSlots];
  }

  // The free list's head carries a count beside the index, so that a pop that was overtaken notices.
  static constexpr uint64_t Head(uint64_t old_head, uint32_t index) { return ((old_head >> 32) + 1) << 32 | index; }

  uint32_t Pop() {
    uint64_t head = free_.load(std::memory_order_acquire);
    for (;;) {
      const uint32_t index = static_cast<uint32_t>(head);
      if (index == kNone) {
        if (!Grow()) return kNone;
        head = free_.load(std::memory_order_acquire);
        continue;
      }
      const uint32_t next = At(index).next_free.load(std::memory_order_relaxed);
      if (free_.compare_exchange_weak(head, Head(head, next), std::memory_order_acq_rel)) return index;
    }
  }

  void Push(uint32_t index) {
    uint64_t head = free_.load(std::memory_order_relaxed);
    do {
      At(index).next_free.store(static_cast<uint32_t>(head), std::memory_order_relaxed);
    } while (!free_.compare_exchange_weak(head, Head(head, index), std::memory_order_acq_rel));
  }

  bool Grow() {
    std::lock_guard<std::mutex> lock(grow_mutex_);
    if (static_cast<uint32_t>(free_.load(std::memory_order_acquire)) != kNone) return true;
    if (num_chunks_ == kMaxChunks) return false;
    owned_[num_chunks_] = std::make_unique<Chunk>();
    chunks_[num_chunks_].store(owned_[num_chunks_].get(), std::memory_order_release);
    const uint32_t first = num_chunks_ * kChunkSlots;
    ++num_chunks_;
    for (uint32_t i = kChunkSlots; i > 0; --i) Push(first + i - 1);
    return true;
  }

  std::atomic<uint64_t> free_{kNone};
  std::array<std::atomic<Chunk*>, kMaxChunks> chunks_{};
  std::mutex grow_mutex_;
  uint32_t num_chunks_ = 0;
  std::array<std::unique_ptr<Chunk>, kMaxChunks> owned_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_HANDLE_TABLE_H_
