// SPDX-License-Identifier: Apache-2.0
// What all built-in codecs share: float32 only, no state, a header in front of the payload, and decoding in two steps:
// `Open` checks a whole payload before anything is written, then `Read` decodes ranges of it from front to back.
//
// So decode_reduce is one piece of code for all of them: read a few KiB into the first-level cache and reduce them from
// there with the kernels of lib/reduce, which makes it equal to decode, then reduce, in every bit.
//
//   byte   0        1       2       3               4        5..7   8..15
//          0x7c     format  mode    log2(block)     layout   0      count, little-endian        payload ...
#ifndef TUTTI_LIB_CODEC_BUILT_IN_CODEC_H_
#define TUTTI_LIB_CODEC_BUILT_IN_CODEC_H_

#include <utility>

#include "lib/codec/codec.h"
#include "lib/codec/kernels.h"

namespace tutti {

// Ids are for ever: they are in the header.
enum class CodecFormat : uint8_t {
  kBf16 = 1,
  kF16 = 2,
  kInt8 = 3,
  kInt4 = 4,
  kE4m3 = 5,
  kE5m2 = 6,
  kSign = 7,
  kSparse = 8,
  kLossless = 9,
};

class BuiltInCodec : public Codec {
 public:
  static constexpr size_t kHeaderBytes = 16;

  const CodecIdentity& identity() const final { return identity_; }
  bool Supports(DataType dtype) const final { return dtype == DataType::kFloat32; }
  size_t MaxEncodedBytes(DataType dtype, size_t count) const final;
  tutti_status_t Encode(const Slice& slice, CodecState* state, const void* values, std::span<uint8_t> encoded,
                        size_t* encoded_bytes) const final;
  tutti_status_t Decode(const Slice& slice, std::span<const uint8_t> encoded, void* values) const final;
  tutti_status_t DecodeReduce(const Slice& slice, ReduceOp op, std::span<const uint8_t> encoded,
                              void* accumulator) const final;

 protected:
  // A payload that is being read.
  struct Cursor {
    std::span<const uint8_t> payload;
    size_t count = 0;  // elements in all
    uint8_t mode = 0;
    size_t at = 0;       // next byte; what of, the codec knows
    size_t value = 0;    // sparse: number of the next value
    size_t element = 0;  // sparse: where it belongs
  };

  // log2_block: 0 if the format has no blocks.
  BuiltInCodec(CodecIdentity identity, CodecFormat format, int log2_block, const CodecKernels& kernels)
      : identity_(std::move(identity)), format_(format), log2_block_(log2_block), kernels_(kernels) {}

  const CodecKernels& kernels() const { return kernels_; }
  size_t block() const { return size_t{1} << log2_block_; }

  // Only for counts whose float32 values could lie in memory.
  virtual size_t MaxPayloadBytes(size_t count) const = 0;

  // Returns the payload's length.
  virtual size_t EncodePayload(const Slice& slice, const uint8_t* values, uint8_t* payload, uint8_t* mode) const = 0;

  // Whether this is a payload for cursor.count elements, all of it; sets the cursor to its beginning.
  virtual bool Open(Cursor& cursor) const = 0;

  // Decodes elements first .. first + count. Called in order; first is a multiple of 4096, or 0.
  virtual void Read(Cursor& cursor, size_t first, size_t count, uint8_t* values) const = 0;

  // The payload of encoded bytes, if their header is right; for codes that can be reduced as they are.
  bool OpenEncoded(const Slice& slice, std::span<const uint8_t> encoded, Cursor* cursor) const;

 private:
  CodecIdentity identity_;
  CodecFormat format_;
  int log2_block_;
  CodecKernels kernels_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_BUILT_IN_CODEC_H_
