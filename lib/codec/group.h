// SPDX-License-Identifier: Apache-2.0
// Kernels work on whole groups of 64 elements. Here ranges of any length are cut for them: whole groups as they lie,
// and the rest by way of a group filled up with zeros.
#ifndef TUTTI_LIB_CODEC_GROUP_H_
#define TUTTI_LIB_CODEC_GROUP_H_

#include <cstring>

#include "lib/codec/kernels.h"

namespace tutti {

inline constexpr size_t kFloatBytes = 4;

constexpr size_t WholeGroups(size_t count) { return count / kGroup * kGroup; }
constexpr size_t CodeBytes(size_t count, size_t bits) {
  return count / 8 * bits + (count % 8 * bits + 7) / 8;  // of count * bits, which might overflow
}

// The values after the last whole group, and zeros.
struct PaddedGroup {
  uint8_t values[kGroup * kFloatBytes] = {};

  PaddedGroup(const uint8_t* all, size_t count) {
    const size_t whole = WholeGroups(count);
    std::memcpy(values, all + whole * kFloatBytes, (count - whole) * kFloatBytes);
  }
};

// encode(values, count, codes) for whole groups; a code has `bits` bits.
template <class Encode>
void EncodeGroups(const uint8_t* values, size_t count, size_t bits, uint8_t* codes, Encode encode) {
  const size_t whole = WholeGroups(count);
  if (whole > 0) encode(values, whole, codes);
  if (whole == count) return;
  const PaddedGroup rest(values, count);
  uint8_t rest_codes[kGroup * kFloatBytes];
  encode(rest.values, kGroup, rest_codes);
  std::memcpy(codes + CodeBytes(whole, bits), rest_codes, CodeBytes(count - whole, bits));
}

// decode(codes, count, values) for whole groups.
template <class Decode>
void DecodeGroups(const uint8_t* codes, size_t count, size_t bits, uint8_t* values, Decode decode) {
  const size_t whole = WholeGroups(count);
  if (whole > 0) decode(codes, whole, values);
  if (whole == count) return;
  uint8_t rest_codes[kGroup * kFloatBytes] = {};
  uint8_t rest_values[kGroup * kFloatBytes];
  std::memcpy(rest_codes, codes + CodeBytes(whole, bits), CodeBytes(count - whole, bits));
  decode(rest_codes, kGroup, rest_values);
  std::memcpy(values + whole * kFloatBytes, rest_values, (count - whole) * kFloatBytes);
}

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_GROUP_H_
