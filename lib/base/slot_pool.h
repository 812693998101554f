// SPDX-License-Identifier: Apache-2.0
// A pool of objects that are named by handles instead of pointers. A handle carries the slot's index and its
// generation, so that one that outlives its object is recognised, even when it comes back from hardware or the wire.
#ifndef TUTTI_LIB_BASE_SLOT_POOL_H_
#define TUTTI_LIB_BASE_SLOT_POOL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "lib/base/align.h"

namespace tutti {

// Acquire, Get and Release cost O(1). Grows by blocks of kBlockSlots slots, so objects never move; never shrinks, so
// that it allocates nothing once it has reached its working size. Not thread-safe.
template <typename T, size_t kBlockSlots = 64>
class SlotPool {
  static_assert(IsPowerOfTwo(kBlockSlots) && kBlockSlots <= (uint64_t{1} << 31));

 public:
  // generation << 32 | index. A slot gives the same handle again only after 2^31 uses.
  using Handle = uint64_t;

  // Never names an object.
  static constexpr Handle kNullHandle = 0;

  // Acquire fails beyond max_slots objects.
  explicit SlotPool(uint32_t max_slots = UINT32_MAX) : max_slots_(max_slots) {}
  SlotPool(const SlotPool&) = delete;
  SlotPool& operator=(const SlotPool&) = delete;
  ~SlotPool() { Clear(); }

  size_t size() const { return size_; }
  size_t capacity() const { return num_slots_; }

  // Constructs an object; kNullHandle if max_slots objects are alive. The slot released last is used first: its memory
  // is the warmest.
  template <typename... Args>
  [[nodiscard]] Handle Acquire(Args&&... args) {
    if (free_head_ == kNoSlot && !Grow()) return kNullHandle;
    const uint32_t index = free_head_;
    Slot& slot = SlotAt(index);
    ::new (static_cast<void*>(slot.storage)) T(std::forward<Args>(args)...);
    free_head_ = slot.next_free;
    ++slot.generation;
    ++size_;
    return static_cast<Handle>(slot.generation) << 32 | index;
  }

  // The object, or nullptr if it was released or the handle was never given out. Valid until its release.
  T* Get(Handle handle) {
    const uint32_t index = static_cast<uint32_t>(handle);
    const uint32_t generation = static_cast<uint32_t>(handle >> 32);
    if (index >= num_slots_) return nullptr;
    Slot& slot = SlotAt(index);
    // A free slot's generation is even; the test of the lowest bit refuses a made-up handle that guesses it.
    if (slot.generation != generation || (generation & 1) == 0) return nullptr;
    return slot.object();
  }
  const T* Get(Handle handle) const { return const_cast<SlotPool*>(this)->Get(handle); }

  // Destroys the object. False, with no effect, where Get gives nullptr.
  bool Release(Handle handle) {
    T* object = Get(handle);
    if (object == nullptr) return false;
    const uint32_t index = static_cast<uint32_t>(handle);
    Slot& slot = SlotAt(index);
    // Stale from here on, also for a destructor that looks itself up.
    ++slot.generation;
    --size_;
    object->~T();
    slot.next_free = free_head_;
    free_head_ = index;
    return true;
  }

  // Calls visit(handle, object) for each object, in order of index. `visit` may release objects and acquire others;
  // whether it then sees those is not defined.
  template <typename Visit>
  void ForEach(Visit&& visit) {
    for (uint32_t index = 0; index < num_slots_; ++index) {
      Slot& slot = SlotAt(index);
      if (slot.generation & 1) visit(static_cast<Handle>(slot.generation) << 32 | index, *slot.object());
    }
  }

  // Destroys all objects; their handles become stale. Keeps the memory.
  void Clear() {
    ForEach([this](Handle handle, T&) { Release(handle); });
  }

  // Allocates now what `slots` objects need, at most max_slots. False if that is more than max_slots.
  bool Reserve(size_t slots) {
    while (num_slots_ < slots && num_slots_ < max_slots_) Grow();
    return slots <= max_slots_;
  }

 private:
  static constexpr uint32_t kNoSlot = UINT32_MAX;

  struct Slot {
    alignas(T) unsigned char storage[sizeof(T)];
    uint32_t generation = 0;  // odd while an object lives here
    uint32_t next_free = kNoSlot;

    T* object() { return std::launder(reinterpret_cast<T*>(storage)); }
  };

  Slot& SlotAt(uint32_t index) { return blocks_[index / kBlockSlots][index % kBlockSlots]; }

  // The last block may hold more slots than max_slots allows; those are never linked in.
  bool Grow() {
    if (num_slots_ >= max_slots_) return false;
    blocks_.push_back(std::make_unique<Slot[]>(kBlockSlots));
    const uint32_t first = num_slots_;
    const uint32_t room = max_slots_ - first;
    const uint32_t added = room < kBlockSlots ? room : static_cast<uint32_t>(kBlockSlots);
    num_slots_ += added;
    for (uint32_t i = added; i-- > 0;) {
      SlotAt(first + i).next_free = free_head_;
      free_head_ = first + i;
    }
    return true;
  }

  std::vector<std::unique_ptr<Slot[]>> blocks_;
  uint32_t max_slots_;
  uint32_t num_slots_ = 0;
  uint32_t free_head_ = kNoSlot;
  size_t size_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BASE_SLOT_POOL_H_
