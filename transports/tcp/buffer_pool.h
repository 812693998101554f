// SPDX-License-Identifier: Apache-2.0
// Memory for messages that arrive before their receive. Sizes are powers of two; freed buffers are used again, so that it
// allocates nothing once it has reached its working size. How much is out at once is bounded by the peers' credits.
#ifndef TUTTI_TRANSPORTS_TCP_BUFFER_POOL_H_
#define TUTTI_TRANSPORTS_TCP_BUFFER_POOL_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace tutti::tcp {

class BufferPool {
 public:
  // Borrowed from the pool until Free. Empty: no memory.
  struct Buffer {
    uint8_t* data = nullptr;
    uint32_t size_class = 0;
  };

  BufferPool() = default;
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  Buffer Allocate(uint64_t bytes) {
    const uint32_t size_class =
        static_cast<uint32_t>(std::countr_zero(std::bit_ceil(std::max<uint64_t>(bytes, kMinBytes))));
    std::vector<uint8_t*>& free = free_[size_class];
    if (free.empty()) {
      const size_t size = size_t{1} << size_class;
      memory_.push_back(std::make_unique<uint8_t[]>(size));
      total_bytes_ += size;
      // Room for all of them to come back, so that Free never allocates.
      if (free.capacity() < ++made_[size_class]) free.reserve(2 * made_[size_class]);
      free.push_back(memory_.back().get());
    }
    Buffer buffer{free.back(), size_class};
    free.pop_back();
    return buffer;
  }

  void Free(Buffer buffer) {
    if (buffer.data != nullptr) free_[buffer.size_class].push_back(buffer.data);
  }

  // All that was ever allocated.
  uint64_t total_bytes() const { return total_bytes_; }

 private:
  static constexpr uint64_t kMinBytes = 64;

  std::array<std::vector<uint8_t*>, 64> free_;
  std::array<size_t, 64> made_ = {};
  std::vector<std::unique_ptr<uint8_t[]>> memory_;
  uint64_t total_bytes_ = 0;
};

}  // namespace tutti::tcp

#endif  // TUTTI_TRANSPORTS_TCP_BUFFER_POOL_H_
