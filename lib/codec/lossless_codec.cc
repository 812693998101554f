// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/lossless_codec.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "lib/codec/group.h"

namespace tutti {
namespace {

constexpr int kLog2Block = 9;
constexpr size_t kBlock = size_t{1} << kLog2Block;
constexpr size_t kBlockHeader = 4;
constexpr int kMaxWidth = 7;

size_t PlaneBytes(size_t count) { return (count + kGroup - 1) / kGroup * (kGroup / 8); }

// Sizes of a block, from its header.
struct BlockShape {
  uint8_t top = 0;
  int width = 0;
  size_t listed = 0;

  explicit BlockShape(const uint8_t* header) : top(header[0]), width(header[1]) {
    uint16_t length;
    std::memcpy(&length, header + 2, sizeof(length));
    listed = length;
  }
  size_t Bytes(size_t count) const {
    return kBlockHeader + 3 * count + static_cast<size_t>(width) * PlaneBytes(count) + listed;
  }
};

// Which of the group at `first` mean "see the list": those with a bit in every plane.
uint64_t ListedInGroup(const uint8_t* planes, int width, size_t first, size_t count) {
  const size_t rest = count - first;
  uint64_t all = rest < kGroup ? (uint64_t{1} << rest) - 1 : ~uint64_t{0};
  const uint8_t* group = planes + first / 8 * static_cast<size_t>(width);
  for (int plane = 0; plane < width; ++plane) {
    uint64_t word;
    std::memcpy(&word, group + static_cast<size_t>(plane) * sizeof(word), sizeof(word));
    all &= word;
  }
  return all;
}

// visit(place) for all of a block that mean it, in order.
template <class Visit>
void ForEachListed(const uint8_t* planes, size_t count, int width, Visit visit) {
  for (size_t first = 0; first < count; first += kGroup) {
    for (uint64_t all = ListedInGroup(planes, width, first, count); all != 0; all &= all - 1) {
      visit(first + static_cast<size_t>(std::countr_zero(all)));
    }
  }
}

size_t CountListed(const uint8_t* planes, size_t count, int width) {
  size_t listed = 0;
  for (size_t first = 0; first < count; first += kGroup) {
    listed += static_cast<size_t>(std::popcount(ListedInGroup(planes, width, first, count)));
  }
  return listed;
}

}  // namespace

LosslessCodec::LosslessCodec(CodecIdentity identity, const CodecKernels& table)
    : BuiltInCodec(std::move(identity), CodecFormat::kLossless, kLog2Block, table) {}

size_t LosslessCodec::MaxPayloadBytes(size_t count) const {
  return 4 * count + (count + kBlock - 1) / kBlock * kBlockHeader;  // all exponents listed
}

uint8_t* LosslessCodec::EncodeBlock(const uint8_t* values, size_t count, uint8_t* to) const {
  uint8_t exponents[kBlock], low[2 * kBlock], high[kBlock], planes[kMaxWidth * kBlock / 8];
  const size_t whole = WholeGroups(count);
  if (whole > 0) kernels().split_floats(values, whole, exponents, low, high);
  if (whole < count) {
    kernels().split_floats(PaddedGroup(values, count).values, kGroup, exponents + whole, low + 2 * whole, high + whole);
    // What fills the group up must not count as far below.
    std::memset(exponents + count, exponents[count - 1], whole + kGroup - count);
  }
  const size_t padded = (count + kGroup - 1) / kGroup * kGroup;
  const uint8_t top = *std::max_element(exponents, exponents + padded);
  uint32_t far_below[8];
  kernels().count_far_below(exponents, padded, top, far_below);
  far_below[0] = static_cast<uint32_t>(count);
  // What fills the group up was counted with the last exponent; that may cost a width, but never more than width 0.
  int width = 0;
  size_t least = count;
  for (int w = 1; w <= kMaxWidth; ++w) {
    const size_t bytes = static_cast<size_t>(w) * PlaneBytes(count) + far_below[w];
    if (bytes < least) {
      least = bytes;
      width = w;
    }
  }

  if (width > 0) kernels().pack_below(exponents, padded, top, width, planes);
  uint8_t* header = to;
  to += kBlockHeader;
  std::memcpy(to, low, 2 * count);
  to += 2 * count;
  std::memcpy(to, high, count);
  to += count;
  const size_t plane_bytes = static_cast<size_t>(width) * PlaneBytes(count);
  std::memcpy(to, planes, plane_bytes);
  to += plane_bytes;
  uint8_t* list = to;
  ForEachListed(planes, count, width, [&](size_t place) { *to++ = exponents[place]; });
  const uint16_t listed = static_cast<uint16_t>(to - list);
  header[0] = top;
  header[1] = static_cast<uint8_t>(width);
  std::memcpy(header + 2, &listed, sizeof(listed));
  return to;
}

size_t LosslessCodec::DecodeBlock(const uint8_t* from, size_t count, uint8_t* values) const {
  const BlockShape shape(from);
  uint8_t exponents[kBlock];
  const uint8_t* low = from + kBlockHeader;
  const uint8_t* high = low + 2 * count;
  const uint8_t* planes = high + count;
  const uint8_t* list = planes + static_cast<size_t>(shape.width) * PlaneBytes(count);
  const size_t padded = (count + kGroup - 1) / kGroup * kGroup;
  if (shape.width > 0) kernels().unpack_below(planes, padded, shape.top, shape.width, exponents);
  ForEachListed(planes, count, shape.width, [&](size_t place) { exponents[place] = *list++; });

  const size_t whole = WholeGroups(count);
  if (whole > 0) kernels().join_floats(exponents, low, high, whole, values);
  if (whole < count) {
    uint8_t rest_low[2 * kGroup] = {}, rest_high[kGroup] = {}, rest_exponents[kGroup] = {}, rest[4 * kGroup];
    std::memcpy(rest_low, low + 2 * whole, 2 * (count - whole));
    std::memcpy(rest_high, high + whole, count - whole);
    std::memcpy(rest_exponents, exponents + whole, count - whole);
    kernels().join_floats(rest_exponents, rest_low, rest_high, kGroup, rest);
    std::memcpy(values + 4 * whole, rest, 4 * (count - whole));
  }
  return shape.Bytes(count);
}

size_t LosslessCodec::EncodePayload(const Slice& slice, const uint8_t* values, uint8_t* payload, uint8_t*) const {
  uint8_t* to = payload;
  for (size_t first = 0; first < slice.count; first += kBlock) {
    to = EncodeBlock(values + 4 * first, std::min(kBlock, slice.count - first), to);
  }
  return static_cast<size_t>(to - payload);
}

bool LosslessCodec::Open(Cursor& cursor) const {
  if (cursor.mode != 0) return false;
  const std::span<const uint8_t> payload = cursor.payload;
  size_t at = 0;
  for (size_t first = 0; first < cursor.count; first += kBlock) {
    const size_t count = std::min(kBlock, cursor.count - first);
    if (payload.size() - at < kBlockHeader) return false;
    const BlockShape shape(&payload[at]);
    if (shape.width > kMaxWidth || shape.listed > count || shape.Bytes(count) > payload.size() - at) return false;
    const uint8_t* planes = payload.data() + at + kBlockHeader + 3 * count;
    if (CountListed(planes, count, shape.width) != shape.listed) return false;
    at += shape.Bytes(count);
  }
  return at == payload.size();
}

void LosslessCodec::Read(Cursor& cursor, size_t, size_t count, uint8_t* values) const {
  for (size_t done = 0; done < count; done += kBlock) {
    const size_t part = std::min(kBlock, count - done);
    cursor.at += DecodeBlock(cursor.payload.data() + cursor.at, part, values + 4 * done);
  }
}

}  // namespace tutti
