// SPDX-License-Identifier: Apache-2.0
// bf16 and f16: each value rounded to half the bytes. The codes can be reduced as they are.
#ifndef TUTTI_LIB_CODEC_HALF_CODEC_H_
#define TUTTI_LIB_CODEC_HALF_CODEC_H_

#include "lib/codec/built_in_codec.h"

namespace tutti {

class HalfCodec final : public BuiltInCodec {
 public:
  // format: kBf16 or kF16.
  HalfCodec(CodecIdentity identity, CodecFormat format, const CodecKernels& kernels);

  ErrorBound error_bound() const override;
  bool CanReduceEncoded(DataType dtype, ReduceOp) const override { return Supports(dtype); }
  tutti_status_t ReduceEncoded(const Slice& slice, ReduceOp op, std::span<const uint8_t> encoded,
                               std::span<uint8_t> accumulator, size_t* accumulator_bytes) const override;

 protected:
  size_t MaxPayloadBytes(size_t count) const override { return 2 * count; }
  size_t EncodePayload(const Slice& slice, const uint8_t* values, uint8_t* payload, uint8_t* mode) const override;
  bool Open(Cursor& cursor) const override;
  void Read(Cursor& cursor, size_t first, size_t count, uint8_t* values) const override;

 private:
  DataType half_;
  void (*to_half_)(const uint8_t*, size_t, uint8_t*);
  void (*from_half_)(const uint8_t*, size_t, uint8_t*);
};

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_HALF_CODEC_H_
