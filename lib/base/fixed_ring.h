// SPDX-License-Identifier: Apache-2.0
// A queue of bounded length that allocates only when told to.
#ifndef TUTTI_LIB_BASE_FIXED_RING_H_
#define TUTTI_LIB_BASE_FIXED_RING_H_

#include <bit>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "lib/base/checks.h"

namespace tutti {

// First in, first out. T is default-constructible and movable. Not thread-safe. Indices run freely and are masked on
// use, so that full and empty differ without a spare slot.
template <typename T>
class FixedRing {
 public:
  FixedRing() = default;
  explicit FixedRing(size_t capacity) { Reserve(capacity); }
  FixedRing(FixedRing&& other) noexcept { swap(other); }
  FixedRing& operator=(FixedRing&& other) noexcept {
    FixedRing(std::move(other)).swap(*this);
    return *this;
  }

  size_t size() const { return tail_ - head_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return head_ == tail_; }
  bool full() const { return size() == capacity_; }

  // Makes room for at least `capacity` elements, rounded up to a power of two; keeps the elements and their order.
  // Never shrinks. The only call that allocates.
  void Reserve(size_t capacity) {
    if (capacity <= capacity_) return;
    const size_t new_capacity = std::bit_ceil(capacity);
    auto slots = std::make_unique<T[]>(new_capacity);
    const size_t count = size();
    for (size_t i = 0; i < count; ++i) slots[i] = std::move((*this)[i]);
    slots_ = std::move(slots);
    capacity_ = new_capacity;
    head_ = 0;
    tail_ = count;
  }

  // False, with `value` untouched, if the ring is full.
  [[nodiscard]] bool Push(T&& value) {
    if (full()) return false;
    slots_[tail_++ & (capacity_ - 1)] = std::move(value);
    return true;
  }
  [[nodiscard]] bool Push(const T& value) {
    if (full()) return false;
    slots_[tail_++ & (capacity_ - 1)] = value;
    return true;
  }

  // The oldest element. The ring must not be empty.
  T& Front() { return (*this)[0]; }
  const T& Front() const { return (*this)[0]; }

  // Takes the oldest element out. The ring must not be empty.
  T Pop() {
    T value = std::move(Front());
    DropFront();
    return value;
  }

  // As Pop, without the value.
  void DropFront() {
    TUTTI_DCHECK(!empty(), "an element was taken from an empty ring");
    // What an element owns is freed now, not when its slot is used again.
    if constexpr (!std::is_trivially_destructible_v<T>) Front() = T();
    ++head_;
  }

  // The element with `position` older ones before it. position < size().
  T& operator[](size_t position) {
    TUTTI_DCHECK(position < size(), "element ", position, " of a ring that holds ", size());
    return slots_[(head_ + position) & (capacity_ - 1)];
  }
  const T& operator[](size_t position) const {
    TUTTI_DCHECK(position < size(), "element ", position, " of a ring that holds ", size());
    return slots_[(head_ + position) & (capacity_ - 1)];
  }

  void Clear() {
    while (!empty()) DropFront();
  }

  void swap(FixedRing& other) noexcept {
    slots_.swap(other.slots_);
    std::swap(capacity_, other.capacity_);
    std::swap(head_, other.head_);
    std::swap(tail_, other.tail_);
  }

 private:
  std::unique_ptr<T[]> slots_;
  size_t capacity_ = 0;  // 0 or a power of two
  size_t head_ = 0;
  size_t tail_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BASE_FIXED_RING_H_
