// SPDX-License-Identifier: Apache-2.0
// Memory for messages that arrive before their receive. Sizes are powers of two; freed buffers are used again, so that
// it allocates nothing once it has reached its working size. How much is out at once is bounded by the peers' credits.
#ifndef TUTTI_LIB_TRANSPORT_BUFFER_POOL_H_
#define TUTTI_LIB_TRANSPORT_BUFFER_POOL_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace tutti {

class BufferPool {
 public:
  // Borrowed from the pool until Free. Empty: no memory.
  struct Buffer {
    uint8_t* data = nullptr;
    uint32_t size_class = 0;

    bool empty() const { return data == nullptr; }
  };

  BufferPool() = default;
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // Makes the first buffers of every size up to max_bytes, so that the first early message of a job, which may come at
  // any time, allocates nothing.
  void Prepare(uint64_t max_bytes) {
    memory_.reserve(64);
    for (uint32_t size_class = ClassOf(0); size_class <= ClassOf(max_bytes); ++size_class) {
      Grow(free_[size_class], size_class);
    }
  }

  Buffer Allocate(uint64_t bytes) {
    const uint32_t size_class = ClassOf(bytes);
    std::vector<uint8_t*>& free = free_[size_class];
    if (free.empty()) Grow(free, size_class);
    Buffer buffer{free.back(), size_class};
    free.pop_back();
    lent_bytes_ += uint64_t{1} << size_class;
    peak_bytes_ = std::max(peak_bytes_, lent_bytes_);
    return buffer;
  }

  void Free(Buffer buffer) {
    if (buffer.data == nullptr) return;
    lent_bytes_ -= uint64_t{1} << buffer.size_class;
    free_[buffer.size_class].push_back(buffer.data);
  }

  // The most that was ever lent at once.
  uint64_t peak_bytes() const { return peak_bytes_; }

 private:
  static constexpr uint64_t kMinBytes = 64;
  // How early messages come depends on who is how much faster just now. Slabs, so that the working size is reached in
  // few steps, not one more buffer each time a peer is a little further ahead than ever before.
  static constexpr size_t kSlabBytes = 512 << 10;
  static constexpr size_t kMaxSlabBuffers = 32;

  static uint32_t ClassOf(uint64_t bytes) {
    return static_cast<uint32_t>(std::countr_zero(std::bit_ceil(std::max<uint64_t>(bytes, kMinBytes))));
  }

  void Grow(std::vector<uint8_t*>& free, uint32_t size_class) {
    const size_t size = size_t{1} << size_class;
    const size_t count = std::clamp<size_t>(kSlabBytes / size, 1, kMaxSlabBuffers);
    memory_.push_back(std::make_unique_for_overwrite<uint8_t[]>(count * size));
    // Room for all of them to come back, so that Free never allocates.
    made_[size_class] += count;
    if (free.capacity() < made_[size_class]) free.reserve(2 * made_[size_class]);
    for (size_t i = count; i > 0; --i) free.push_back(memory_.back().get() + (i - 1) * size);
  }

  std::array<std::vector<uint8_t*>, 64> free_;
  std::array<size_t, 64> made_ = {};
  std::vector<std::unique_ptr<uint8_t[]>> memory_;
  uint64_t lent_bytes_ = 0;
  uint64_t peak_bytes_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_TRANSPORT_BUFFER_POOL_H_
