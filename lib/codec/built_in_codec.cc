// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/built_in_codec.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "lib/reduce/reduce.h"

namespace tutti {
namespace {

static_assert(std::endian::native == std::endian::little, "encoded bytes are little-endian, and copied as they are");

constexpr uint8_t kMark = 0x7c;
constexpr uint8_t kLayout = 1;
constexpr size_t kChunk = 4096;  // elements; 16 KiB, half of a first-level cache

// More than can lie in memory; keeps all sums of lengths far from overflow.
constexpr size_t kMaxCount = PTRDIFF_MAX / 8;

}  // namespace

size_t BuiltInCodec::MaxEncodedBytes(DataType dtype, size_t count) const {
  if (!Supports(dtype) || count > kMaxCount) return 0;
  return kHeaderBytes + MaxPayloadBytes(count);
}

tutti_status_t BuiltInCodec::Encode(const Slice& slice, CodecState*, const void* values, std::span<uint8_t> encoded,
                                    size_t* encoded_bytes) const {
  if (!Supports(DataTypeOf(slice))) return TUTTI_ERR_UNSUPPORTED;
  if (slice.count > kMaxCount || encoded.size() < kHeaderBytes + MaxPayloadBytes(slice.count)) {
    return TUTTI_ERR_INVALID_ARGUMENT;
  }
  uint8_t mode = 0;
  size_t payload_bytes = 0;
  if (slice.count > 0) {
    const auto* from = static_cast<const uint8_t*>(values);
    payload_bytes = EncodePayload(slice, from, encoded.data() + kHeaderBytes, &mode);
  }
  const uint8_t header[8] = {
      kMark, static_cast<uint8_t>(format_), mode, static_cast<uint8_t>(log2_block_), kLayout, 0, 0, 0};
  const uint64_t count = slice.count;
  std::memcpy(encoded.data(), header, sizeof(header));
  std::memcpy(encoded.data() + sizeof(header), &count, sizeof(count));
  *encoded_bytes = kHeaderBytes + payload_bytes;
  return TUTTI_OK;
}

bool BuiltInCodec::OpenEncoded(const Slice& slice, std::span<const uint8_t> encoded, Cursor* cursor) const {
  if (encoded.size() < kHeaderBytes) return false;
  const uint8_t* header = encoded.data();
  uint64_t count;
  std::memcpy(&count, header + 8, sizeof(count));
  if (header[0] != kMark || header[1] != static_cast<uint8_t>(format_) || header[3] != log2_block_ ||
      header[4] != kLayout || header[5] != 0 || header[6] != 0 || header[7] != 0) {
    return false;
  }
  if (count != slice.count || count > kMaxCount) return false;
  *cursor = Cursor();
  cursor->payload = encoded.subspan(kHeaderBytes);
  cursor->count = count;
  cursor->mode = header[2];
  if (count == 0) return cursor->payload.empty() && cursor->mode == 0;
  return Open(*cursor);
}

tutti_status_t BuiltInCodec::Decode(const Slice& slice, std::span<const uint8_t> encoded, void* values) const {
  if (!Supports(DataTypeOf(slice))) return TUTTI_ERR_UNSUPPORTED;
  Cursor cursor;
  if (!OpenEncoded(slice, encoded, &cursor)) return TUTTI_ERR_INVALID_ARGUMENT;
  if (slice.count > 0) Read(cursor, 0, slice.count, static_cast<uint8_t*>(values));
  return TUTTI_OK;
}

tutti_status_t BuiltInCodec::DecodeReduce(const Slice& slice, ReduceOp op, std::span<const uint8_t> encoded,
                                          void* accumulator) const {
  if (!Supports(DataTypeOf(slice))) return TUTTI_ERR_UNSUPPORTED;
  Cursor cursor;
  if (!OpenEncoded(slice, encoded, &cursor)) return TUTTI_ERR_INVALID_ARGUMENT;
  const ReduceKernels& reduce = KernelsFor(DataType::kFloat32, op);
  alignas(64) uint8_t chunk[kChunk * 4];
  auto* to = static_cast<uint8_t*>(accumulator);
  for (size_t first = 0; first < slice.count; first += kChunk) {
    const size_t count = std::min(kChunk, slice.count - first);
    Read(cursor, first, count, chunk);
    reduce.reduce(to + 4 * first, to + 4 * first, chunk, count);
  }
  return TUTTI_OK;
}

}  // namespace tutti
