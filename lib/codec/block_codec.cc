// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/block_codec.h"

#include <algorithm>
#include <cstring>

#include "lib/base/prng.h"
#include "lib/codec/group.h"

namespace tutti {
namespace {

constexpr uint32_t kInfinity = 0x7f800000;
constexpr uint32_t kNan = 0x7fc00000;

}  // namespace

size_t BlockCodec::MaxPayloadBytes(size_t count) const {
  return kFloatBytes * NumBlocks(count) + CodeBytes(count, bits_);
}

float BlockCodec::EncodeBlock(const uint8_t* values, size_t count, uint64_t key, uint8_t* codes) const {
  const size_t whole = WholeGroups(count);
  uint32_t largest = whole > 0 ? kernels().max_magnitude(values, whole) : 0;
  if (whole < count) {
    largest = std::max(largest, kernels().max_magnitude(PaddedGroup(values, count).values, kGroup));
  }
  if (largest >= kInfinity || std::bit_cast<float>(largest) < kTiny) {
    std::memset(codes, 0, CodeBytes(count, bits_));
    return std::bit_cast<float>(largest >= kInfinity ? kNan : 0);
  }
  const float scale = ChooseScale(values, count, std::bit_cast<float>(largest));
  EncodeGroups(values, count, bits_, codes, [&](const uint8_t* from, size_t part, uint8_t* to) {
    EncodePart(from, part, scale, SplitMix64(key), to);
  });
  return scale;
}

size_t BlockCodec::EncodePayload(const Slice& slice, const uint8_t* values, uint8_t* payload, uint8_t*) const {
  const size_t blocks = NumBlocks(slice.count);
  uint8_t* codes = payload + kFloatBytes * blocks;
  const uint64_t slice_key = SliceKey(slice);
  for (size_t b = 0; b < blocks; ++b) {
    const size_t first = b * block();
    const size_t count = std::min(block(), slice.count - first);
    uint64_t key = slice_key + b;
    const float scale = EncodeBlock(values + kFloatBytes * first, count, SplitMix64(key), codes + first / 8 * bits_);
    std::memcpy(payload + kFloatBytes * b, &scale, sizeof(scale));
  }
  return MaxPayloadBytes(slice.count);
}

bool BlockCodec::Open(Cursor& cursor) const {
  if (cursor.mode != 0 || cursor.payload.size() != MaxPayloadBytes(cursor.count)) return false;
  bool valid = true;
  for (size_t b = 0; b < NumBlocks(cursor.count); ++b) {
    uint32_t scale;
    std::memcpy(&scale, cursor.payload.data() + kFloatBytes * b, sizeof(scale));
    valid &= scale < kInfinity || scale == kNan;
  }
  return valid;
}

void BlockCodec::Read(Cursor& cursor, size_t first, size_t count, uint8_t* values) const {
  const uint8_t* codes = cursor.payload.data() + kFloatBytes * NumBlocks(cursor.count);
  while (count > 0) {
    const size_t part = std::min(count, block() - first % block());
    uint32_t scale_bits;
    std::memcpy(&scale_bits, cursor.payload.data() + kFloatBytes * (first / block()), sizeof(scale_bits));
    if (scale_bits == kNan) {
      for (size_t i = 0; i < part; ++i) std::memcpy(values + kFloatBytes * i, &kNan, sizeof(kNan));
    } else {
      const float scale = std::bit_cast<float>(scale_bits);
      DecodeGroups(codes + first / 8 * bits_, part, bits_, values,
                   [&](const uint8_t* from, size_t n, uint8_t* to) { DecodePart(from, n, scale, to); });
    }
    first += part;
    count -= part;
    values += kFloatBytes * part;
  }
}

}  // namespace tutti
