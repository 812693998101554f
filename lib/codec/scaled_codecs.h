// SPDX-License-Identifier: Apache-2.0
// The block-scaled formats: integers of 8 and 4 bits, floats of 8 bits, signs.
#ifndef TUTTI_LIB_CODEC_SCALED_CODECS_H_
#define TUTTI_LIB_CODEC_SCALED_CODECS_H_

#include "lib/codec/block_codec.h"

namespace tutti {

// Multiples of a step from -127 to 127 (int8), -7 to 7 (int4). The step is the block's largest magnitude divided by 127
// (or 7) and cut to 16 significant bits, so that every multiple of it is exact.
class IntegerCodec final : public BlockCodec {
 public:
  // format: kInt8 or kInt4. stochastic: rounds up with the probability of the part cut off, so that errors average out
  // over steps and ranks. The random numbers depend on seed, tensor, step, stream and place only.
  IntegerCodec(CodecIdentity identity, CodecFormat format, int log2_block, bool stochastic, uint64_t seed,
               const CodecKernels& kernels);

  ErrorBound error_bound() const override;

 protected:
  float ChooseScale(const uint8_t* values, size_t count, float largest) const override;
  void EncodePart(const uint8_t* values, size_t count, float scale, uint64_t key, uint8_t* codes) const override;
  void DecodePart(const uint8_t* codes, size_t count, float scale, uint8_t* values) const override;
  uint64_t SliceKey(const Slice& slice) const override;

 private:
  void EncodeInt8(const uint8_t* values, size_t count, float inverse, uint64_t key, uint8_t* codes) const;

  bool is_int4_;
  float most_;  // the largest multiple
  bool stochastic_;
  uint64_t seed_;
};

// The 8-bit formats of the Open Compute Project (OFP8, 2023), without their NaNs and infinities. The scale is the least
// power of two with which the block's largest magnitude is no larger than the format's.
class SmallFloatCodec final : public BlockCodec {
 public:
  // format: kE4m3 or kE5m2.
  SmallFloatCodec(CodecIdentity identity, CodecFormat format, int log2_block, const CodecKernels& kernels);

  ErrorBound error_bound() const override;

 protected:
  float ChooseScale(const uint8_t* values, size_t count, float largest) const override;
  void EncodePart(const uint8_t* values, size_t count, float scale, uint64_t key, uint8_t* codes) const override;
  void DecodePart(const uint8_t* codes, size_t count, float scale, uint8_t* values) const override;

 private:
  bool is_e4m3_;
};

// One bit for each value: its sign. The magnitude is the mean magnitude of the block, which makes the sum of squared
// errors the least that signs allow. Made to be used with error feedback (Seide et al. 2014, Karimireddy et al. 2019).
class SignCodec final : public BlockCodec {
 public:
  SignCodec(CodecIdentity identity, int log2_block, const CodecKernels& kernels);

  ErrorBound error_bound() const override;

 protected:
  float ChooseScale(const uint8_t* values, size_t count, float largest) const override;
  void EncodePart(const uint8_t* values, size_t count, float scale, uint64_t key, uint8_t* codes) const override;
  void DecodePart(const uint8_t* codes, size_t count, float scale, uint8_t* values) const override;
};

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_SCALED_CODECS_H_
