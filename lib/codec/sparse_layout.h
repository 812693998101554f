// SPDX-License-Identifier: Apache-2.0
// How places are written; see sparse_codec.h. Internal to the sparse codecs.
#ifndef TUTTI_LIB_CODEC_SPARSE_LAYOUT_H_
#define TUTTI_LIB_CODEC_SPARSE_LAYOUT_H_

#include <bit>
#include <cstddef>
#include <cstdint>

namespace tutti {

inline constexpr uint8_t kSparseDense = 0;
inline constexpr uint8_t kSparseGaps = 1;
inline constexpr uint8_t kSparseBitmap = 2;

constexpr size_t BitmapBytes(size_t count) { return (count + 63) / 64 * 8; }

constexpr size_t GapBytes(size_t gap) { return (static_cast<size_t>(std::bit_width(gap | 1)) + 6) / 7; }

inline uint8_t* WriteGap(size_t gap, uint8_t* to) {
  for (; gap >= 0x80; gap >>= 7) *to++ = static_cast<uint8_t>(gap | 0x80);
  *to++ = static_cast<uint8_t>(gap);
  return to;
}

// Reads the gap at *at, which must be written in as few bytes as it can be. False if there is none before `end`.
inline bool ReadGap(const uint8_t* bytes, size_t end, size_t* at, size_t* gap) {
  size_t value = 0;
  for (int shift = 0; shift < 63; shift += 7) {
    if (*at == end) return false;
    const uint8_t byte = bytes[(*at)++];
    value |= static_cast<size_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      *gap = value;
      return byte != 0 || shift == 0;
    }
  }
  return false;
}

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_SPARSE_LAYOUT_H_
