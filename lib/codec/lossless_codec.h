// SPDX-License-Identifier: Apache-2.0
// Floats without loss. Signs and fractions look random, but neighbouring values have similar exponents: in each block
// of 512, exponents are written as distances below the largest one, in as few bits as pay. The longest distance of
// `width` bits means "see the list", which holds, in order, the exponents that are too far below.
//
//   block:  largest exponent (1)  width (1)  length of the list (2)
//           lower 16 bits of the fractions ...   signs and upper 7 bits of the fractions ...
//           distances, in bit planes of whole groups of 64 ...   list ...
//
// Width 0 stands for a list of all exponents.
#ifndef TUTTI_LIB_CODEC_LOSSLESS_CODEC_H_
#define TUTTI_LIB_CODEC_LOSSLESS_CODEC_H_

#include "lib/codec/built_in_codec.h"

namespace tutti {

class LosslessCodec final : public BuiltInCodec {
 public:
  LosslessCodec(CodecIdentity identity, const CodecKernels& kernels);

  ErrorBound error_bound() const override { return ErrorBound(); }

 protected:
  size_t MaxPayloadBytes(size_t count) const override;
  size_t EncodePayload(const Slice& slice, const uint8_t* values, uint8_t* payload, uint8_t* mode) const override;
  bool Open(Cursor& cursor) const override;
  void Read(Cursor& cursor, size_t first, size_t count, uint8_t* values) const override;

 private:
  uint8_t* EncodeBlock(const uint8_t* values, size_t count, uint8_t* to) const;
  size_t DecodeBlock(const uint8_t* from, size_t count, uint8_t* values) const;
};

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_LOSSLESS_CODEC_H_
