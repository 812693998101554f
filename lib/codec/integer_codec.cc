// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "lib/base/prng.h"
#include "lib/codec/scaled_codecs.h"

namespace tutti {

IntegerCodec::IntegerCodec(CodecIdentity identity, CodecFormat format, int log2_block, bool stochastic, uint64_t seed,
                           const CodecKernels& table)
    : BlockCodec(std::move(identity), format, log2_block, format == CodecFormat::kInt4 ? 4 : 8, table),
      is_int4_(format == CodecFormat::kInt4),
      most_(is_int4_ ? 7 : 127),
      stochastic_(stochastic),
      seed_(seed) {}

ErrorBound IntegerCodec::error_bound() const {
  ErrorBound bound;
  // Half a step, or one; and what two roundings in float may add.
  bound.of_largest = (stochastic_ ? 1.0001 : 0.5001) / most_;
  bound.absolute = kTiny;
  bound.block = block();
  return bound;
}

float IntegerCodec::ChooseScale(const uint8_t*, size_t, float largest) const {
  // Cut, not rounded: the largest multiple must not exceed `largest`, which may be the largest of all floats.
  return std::bit_cast<float>(std::bit_cast<uint32_t>(largest / most_) & 0xffffff00u);
}

uint64_t IntegerCodec::SliceKey(const Slice& slice) const {
  if (!stochastic_) return 0;
  uint64_t key = seed_;
  const uint64_t parts[] = {slice.tensor, slice.step, slice.stream, slice.offset};
  for (const uint64_t part : parts) key = SplitMix64(key) ^ part;
  return SplitMix64(key);
}

void IntegerCodec::EncodeInt8(const uint8_t* values, size_t count, float inverse, uint64_t key, uint8_t* codes) const {
  if (stochastic_) {
    kernels().to_int8_stochastic(values, count, inverse, most_, key, codes);
  } else {
    kernels().to_int8(values, count, inverse, codes);
  }
}

void IntegerCodec::EncodePart(const uint8_t* values, size_t count, float scale, uint64_t key, uint8_t* codes) const {
  const float inverse = 1 / scale;
  if (!is_int4_) return EncodeInt8(values, count, inverse, key, codes);
  constexpr size_t kPart = 1024;
  uint8_t wide[kPart];
  for (size_t first = 0; first < count; first += kPart) {
    const size_t part = std::min(kPart, count - first);
    EncodeInt8(values + 4 * first, part, inverse, SplitMix64(key), wide);
    kernels().pack_int4(wide, part, codes + first / 2);
  }
}

void IntegerCodec::DecodePart(const uint8_t* codes, size_t count, float scale, uint8_t* values) const {
  if (is_int4_) {
    kernels().from_int4(codes, count, scale, values);
  } else {
    kernels().from_int8(codes, count, scale, values);
  }
}

}  // namespace tutti
