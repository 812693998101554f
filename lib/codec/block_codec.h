// SPDX-License-Identifier: Apache-2.0
// Codes of a fixed number of bits with one scale for each block of values. Formats (integers, small floats, signs) say
// how a scale is chosen and how values become codes; the layout and the special cases are here:
//
//   payload:  float32 scale of each block ...   codes ...
//
// A block with an infinity or a NaN has the scale NaN, and decodes to NaN throughout: an overflow stays visible. A
// block whose largest magnitude is below 2^-90 has the scale 0: so no scale, inverse or code ever is a subnormal
// number, which processors may be told to flush.
#ifndef TUTTI_LIB_CODEC_BLOCK_CODEC_H_
#define TUTTI_LIB_CODEC_BLOCK_CODEC_H_

#include <bit>
#include <utility>

#include "lib/codec/built_in_codec.h"

namespace tutti {

class BlockCodec : public BuiltInCodec {
 public:
  static constexpr int kMinLog2Block = 6;
  static constexpr int kMaxLog2Block = 16;
  static constexpr double kTiny = 0x1p-90;

 protected:
  // log2_block: kMinLog2Block .. kMaxLog2Block. bits: of a code; 1, 4 or 8.
  BlockCodec(CodecIdentity identity, CodecFormat format, int log2_block, size_t bits, const CodecKernels& kernels)
      : BuiltInCodec(std::move(identity), format, log2_block, kernels), bits_(bits) {}

  // The scale of `count` values whose largest magnitude is `largest`, which is normal. The result is finite, not
  // negative.
  virtual float ChooseScale(const uint8_t* values, size_t count, float largest) const = 0;

  // A part of one block; count is a multiple of 64. key: for random choices, different for each part.
  virtual void EncodePart(const uint8_t* values, size_t count, float scale, uint64_t key, uint8_t* codes) const = 0;
  virtual void DecodePart(const uint8_t* codes, size_t count, float scale, uint8_t* values) const = 0;

  // What EncodePart's keys are made of; called once a slice.
  virtual uint64_t SliceKey(const Slice& slice) const { return 0; }

  size_t MaxPayloadBytes(size_t count) const final;
  size_t EncodePayload(const Slice& slice, const uint8_t* values, uint8_t* payload, uint8_t* mode) const final;
  bool Open(Cursor& cursor) const final;
  void Read(Cursor& cursor, size_t first, size_t count, uint8_t* values) const final;

 private:
  size_t NumBlocks(size_t count) const { return (count + block() - 1) / block(); }
  float EncodeBlock(const uint8_t* values, size_t count, uint64_t key, uint8_t* codes) const;

  size_t bits_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_BLOCK_CODEC_H_
