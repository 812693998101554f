// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "lib/codec/scaled_codecs.h"

namespace tutti {

SmallFloatCodec::SmallFloatCodec(CodecIdentity identity, CodecFormat format, int log2_block, const CodecKernels& table)
    : BlockCodec(std::move(identity), format, log2_block, 8, table), is_e4m3_(format == CodecFormat::kE4m3) {}

ErrorBound SmallFloatCodec::error_bound() const {
  ErrorBound bound;
  // Half a unit of the last place of normal numbers. Of subnormal ones it is 2^-10 (2^-17) scales, and the largest
  // magnitude is more than half of 448 (57344) scales.
  bound.of_value = is_e4m3_ ? 0x1p-4 : 0x1p-3;
  bound.of_largest = is_e4m3_ ? 0x1p-10 / 224 : 0x1p-17 / 28672;
  bound.absolute = kTiny;
  // Above, float's largest numbers are rounded up to 2^128, which is infinity.
  bound.limit = is_e4m3_ ? 0x1.effffep127 : 0x1.dffffep127;
  bound.block = block();
  return bound;
}

float SmallFloatCodec::ChooseScale(const uint8_t*, size_t, float largest) const {
  // 448 is 1.75 * 2^8, 57344 is 1.75 * 2^15: one more power of two if the fraction is above 0.75.
  const uint32_t bits = std::bit_cast<uint32_t>(largest);
  const uint32_t exponent = (bits >> 23) - (is_e4m3_ ? 8 : 15) + ((bits & 0x7fffffu) > 0x600000u ? 1 : 0);
  return std::bit_cast<float>(exponent << 23);
}

void SmallFloatCodec::EncodePart(const uint8_t* values, size_t count, float scale, uint64_t, uint8_t* codes) const {
  (is_e4m3_ ? kernels().to_e4m3 : kernels().to_e5m2)(values, count, 1 / scale, codes);
}

void SmallFloatCodec::DecodePart(const uint8_t* codes, size_t count, float scale, uint8_t* values) const {
  (is_e4m3_ ? kernels().from_e4m3 : kernels().from_e5m2)(codes, count, scale, values);
}

}  // namespace tutti
