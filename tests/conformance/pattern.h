// SPDX-License-Identifier: Apache-2.0
// The content of test messages: a function of seed and place, so that no copy has to be kept to compare with.
#ifndef TUTTI_TESTS_CONFORMANCE_PATTERN_H_
#define TUTTI_TESTS_CONFORMANCE_PATTERN_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tutti::conformance {

constexpr uint64_t PatternWord(uint64_t seed, uint64_t word) {
  uint64_t mixed = (seed + 1) * 0x9e3779b97f4a7c15u + word * 0xbf58476d1ce4e5b9u;
  return mixed ^ (mixed >> 29) ^ (seed << 7);
}

inline void FillPattern(uint64_t seed, std::byte* data, uint64_t bytes) {
  for (uint64_t at = 0; at < bytes; at += 8) {
    const uint64_t word = PatternWord(seed, at / 8);
    std::memcpy(data + at, &word, std::min<uint64_t>(8, bytes - at));
  }
}

// Where data, taken as the message's bytes from `offset` (a multiple of 8) on, first differs; `bytes` if nowhere.
inline uint64_t FirstDifference(uint64_t seed, uint64_t offset, const std::byte* data, uint64_t bytes) {
  for (uint64_t at = 0; at < bytes; at += 8) {
    const uint64_t word = PatternWord(seed, (offset + at) / 8);
    const uint64_t length = std::min<uint64_t>(8, bytes - at);
    if (std::memcmp(data + at, &word, length) == 0) continue;
    const auto* expected = reinterpret_cast<const std::byte*>(&word);
    return at + static_cast<uint64_t>(std::mismatch(data + at, data + at + length, expected).first - (data + at));
  }
  return bytes;
}

// True if all bytes are `value`.
inline bool IsFilledWith(const std::byte* data, uint64_t bytes, std::byte value) {
  return std::all_of(data, data + bytes, [value](std::byte byte) { return byte == value; });
}

}  // namespace tutti::conformance

#endif  // TUTTI_TESTS_CONFORMANCE_PATTERN_H_
