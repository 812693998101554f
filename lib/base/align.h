// SPDX-License-Identifier: Apache-2.0
// Sizes rounded to multiples, and the size of a cache line.
#ifndef TUTTI_LIB_BASE_ALIGN_H_
#define TUTTI_LIB_BASE_ALIGN_H_

#include <cstddef>
#include <cstdint>

namespace tutti {

// What two threads must keep between their variables. A constant rather than the standard's
// hardware_destructive_interference_size, which changes with compiler flags.
inline constexpr size_t kCacheLineBytes = 64;

// value / divisor, rounded up. divisor > 0.
constexpr uint64_t CeilDiv(uint64_t value, uint64_t divisor) {
  return value / divisor + (value % divisor != 0 ? 1 : 0);
}

// The least multiple of `multiple` that is >= value; wraps only where no such 64-bit number exists. multiple > 0.
constexpr uint64_t RoundUp(uint64_t value, uint64_t multiple) { return CeilDiv(value, multiple) * multiple; }

// The greatest multiple of `multiple` that is <= value. multiple > 0.
constexpr uint64_t RoundDown(uint64_t value, uint64_t multiple) { return value - value % multiple; }

constexpr bool IsPowerOfTwo(uint64_t value) { return value != 0 && (value & (value - 1)) == 0; }

}  // namespace tutti

#endif  // TUTTI_LIB_BASE_ALIGN_H_
