// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/half_codec.h"

#include <utility>

#include "lib/codec/group.h"
#include "lib/reduce/reduce.h"

namespace tutti {
namespace {
constexpr size_t kBits = 16;
}  // namespace

HalfCodec::HalfCodec(CodecIdentity identity, CodecFormat format, const CodecKernels& table)
    : BuiltInCodec(std::move(identity), format, 0, table),
      half_(format == CodecFormat::kBf16 ? DataType::kBfloat16 : DataType::kFloat16),
      to_half_(format == CodecFormat::kBf16 ? table.to_bf16 : table.to_f16),
      from_half_(format == CodecFormat::kBf16 ? table.from_bf16 : table.from_f16) {}

ErrorBound HalfCodec::error_bound() const {
  // Half a unit of the last place of normal numbers, and of subnormal ones; above the limit, infinity.
  ErrorBound bound;
  if (half_ == DataType::kBfloat16) {
    bound.of_value = 0x1p-8;
    bound.absolute = 0x1p-134;
    bound.limit = 0x1.fep127;
  } else {
    bound.of_value = 0x1p-11;
    bound.absolute = 0x1p-25;
    bound.limit = 65504;
  }
  return bound;
}

size_t HalfCodec::EncodePayload(const Slice& slice, const uint8_t* values, uint8_t* payload, uint8_t*) const {
  EncodeGroups(values, slice.count, kBits, payload, to_half_);
  return 2 * slice.count;
}

bool HalfCodec::Open(Cursor& cursor) const { return cursor.mode == 0 && cursor.payload.size() == 2 * cursor.count; }

void HalfCodec::Read(Cursor& cursor, size_t first, size_t count, uint8_t* values) const {
  DecodeGroups(cursor.payload.data() + 2 * first, count, kBits, values, from_half_);
}

tutti_status_t HalfCodec::ReduceEncoded(const Slice& slice, ReduceOp op, std::span<const uint8_t> encoded,
                                        std::span<uint8_t> accumulator, size_t* accumulator_bytes) const {
  if (!Supports(DataTypeOf(slice))) return TUTTI_ERR_UNSUPPORTED;
  Cursor from, to;
  if (*accumulator_bytes > accumulator.size() || !OpenEncoded(slice, encoded, &from) ||
      !OpenEncoded(slice, accumulator.first(*accumulator_bytes), &to)) {
    return TUTTI_ERR_INVALID_ARGUMENT;
  }
  uint8_t* codes = accumulator.data() + kHeaderBytes;
  KernelsFor(half_, op).reduce(codes, codes, from.payload.data(), slice.count);
  return TUTTI_OK;
}

}  // namespace tutti
