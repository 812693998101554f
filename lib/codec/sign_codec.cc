// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "lib/codec/group.h"
#include "lib/codec/scaled_codecs.h"

namespace tutti {

SignCodec::SignCodec(CodecIdentity identity, int log2_block, const CodecKernels& table)
    : BlockCodec(std::move(identity), CodecFormat::kSign, log2_block, 1, table) {}

ErrorBound SignCodec::error_bound() const {
  ErrorBound bound;
  bound.of_largest = 1;
  bound.absolute = kTiny;
  bound.block = block();
  return bound;
}

float SignCodec::ChooseScale(const uint8_t* values, size_t count, float) const {
  const size_t whole = WholeGroups(count);
  double sum = whole > 0 ? kernels().sum_magnitudes(values, whole) : 0;
  if (whole < count) sum += kernels().sum_magnitudes(PaddedGroup(values, count).values, kGroup);
  return static_cast<float>(sum / static_cast<double>(count));
}

void SignCodec::EncodePart(const uint8_t* values, size_t count, float, uint64_t, uint8_t* codes) const {
  kernels().to_signs(values, count, codes);
}

void SignCodec::DecodePart(const uint8_t* codes, size_t count, float scale, uint8_t* values) const {
  kernels().from_signs(codes, count, scale, values);
}

}  // namespace tutti
