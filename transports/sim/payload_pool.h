// SPDX-License-Identifier: Apache-2.0
// Buffers for bytes on their way. They are used again, so that a simulation that has reached its working size allocates
// nothing. Knows nothing of messages.
#ifndef TUTTI_TRANSPORTS_SIM_PAYLOAD_POOL_H_
#define TUTTI_TRANSPORTS_SIM_PAYLOAD_POOL_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace tutti::sim {

// Must outlive its payloads. Not thread-safe.
class PayloadPool {
 public:
  // Owns a buffer and gives it back when destroyed. Move-only; empty when default-constructed.
  class Payload {
   public:
    Payload() = default;
    Payload(Payload&& other) noexcept { *this = std::move(other); }
    Payload& operator=(Payload&& other) noexcept {
      std::swap(pool_, other.pool_);
      std::swap(storage_, other.storage_);
      std::swap(size_class_, other.size_class_);
      std::swap(skew_bytes_, other.skew_bytes_);
      return *this;
    }
    ~Payload() {
      if (storage_ != nullptr) pool_->free_[size_class_].push_back(std::move(storage_));
    }

    std::byte* data() const { return storage_.get() + skew_bytes_; }

   private:
    friend class PayloadPool;
    PayloadPool* pool_ = nullptr;
    std::unique_ptr<std::byte[]> storage_;
    size_t size_class_ = 0;
    size_t skew_bytes_ = 0;
  };

  // A buffer of `bytes` that begins skew_bytes (< kMaxSkewBytes) after an aligned address, as bytes from a wire do.
  Payload Take(uint64_t bytes, size_t skew_bytes) {
    const uint64_t needed_bytes = bytes + kMaxSkewBytes;
    Payload payload;
    payload.pool_ = this;
    payload.size_class_ = static_cast<size_t>(std::bit_width(needed_bytes - 1));
    payload.skew_bytes_ = skew_bytes;
    auto& free = free_[payload.size_class_];
    if (free.empty()) {
      payload.storage_ = std::make_unique<std::byte[]>(size_t{1} << payload.size_class_);
    } else {
      payload.storage_ = std::move(free.back());
      free.pop_back();
    }
    return payload;
  }

  static constexpr size_t kMaxSkewBytes = 64;

 private:
  std::array<std::vector<std::unique_ptr<std::byte[]>>, 64> free_;  // by log2 of the buffers' length
};

}  // namespace tutti::sim

#endif  // TUTTI_TRANSPORTS_SIM_PAYLOAD_POOL_H_
