// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstring>

#include "lib/codec/sparse_codec.h"
#include "lib/codec/sparse_layout.h"

namespace tutti {
namespace {

constexpr size_t kValuesAt = 8;

uint64_t WordAt(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

// Whether the gaps from `at` on lead to `chosen` places below `count` and to the payload's end.
bool GapsAreRight(std::span<const uint8_t> payload, size_t at, uint64_t chosen, size_t count) {
  size_t next = 0;
  for (uint64_t i = 0; i < chosen; ++i) {
    size_t gap;
    if (!ReadGap(payload.data(), payload.size(), &at, &gap)) return false;
    if (gap >= count - next) return false;  // next <= count
    next += gap + 1;
  }
  return at == payload.size();
}

bool BitmapIsRight(std::span<const uint8_t> payload, size_t at, uint64_t chosen, size_t count) {
  if (payload.size() - at != BitmapBytes(count)) return false;
  uint64_t bits = 0;
  for (size_t word = at; word < payload.size(); word += 8) {
    bits += static_cast<uint64_t>(std::popcount(WordAt(&payload[word])));
  }
  const uint64_t last = WordAt(&payload[payload.size() - 8]);
  return bits == chosen && (count % 64 == 0 || last >> (count % 64) == 0);
}

}  // namespace

bool SparseCodec::Open(Cursor& cursor) const {
  const std::span<const uint8_t> payload = cursor.payload;
  if (cursor.mode == kSparseDense) return payload.size() == 4 * cursor.count;
  if (cursor.mode != kSparseGaps && cursor.mode != kSparseBitmap) return false;
  if (payload.size() < kValuesAt) return false;
  const uint64_t chosen = WordAt(payload.data());
  if (chosen > cursor.count || 4 * chosen > payload.size() - kValuesAt) return false;
  cursor.at = kValuesAt + 4 * chosen;
  if (cursor.mode == kSparseBitmap) return BitmapIsRight(payload, cursor.at, chosen, cursor.count);
  if (!GapsAreRight(payload, cursor.at, chosen, cursor.count)) return false;
  // The place of the first value, or one that is never read.
  cursor.element = cursor.count;
  if (chosen > 0) ReadGap(payload.data(), payload.size(), &cursor.at, &cursor.element);
  return true;
}

void SparseCodec::Read(Cursor& cursor, size_t first, size_t count, uint8_t* values) const {
  if (cursor.mode == kSparseDense) {
    std::memcpy(values, cursor.payload.data() + 4 * first, 4 * count);
    return;
  }
  std::memset(values, 0, 4 * count);
  if (cursor.mode == kSparseGaps) {
    ReadGaps(cursor, first, count, values);
  } else {
    ReadBitmap(cursor, first, count, values);
  }
}

void SparseCodec::ReadGaps(Cursor& cursor, size_t first, size_t count, uint8_t* values) const {
  const uint8_t* payload = cursor.payload.data();
  while (cursor.element < first + count) {
    std::memcpy(values + 4 * (cursor.element - first), payload + kValuesAt + 4 * cursor.value++, 4);
    size_t gap;
    if (ReadGap(payload, cursor.payload.size(), &cursor.at, &gap)) {
      cursor.element += gap + 1;
    } else {
      cursor.element = cursor.count;
    }
  }
}

void SparseCodec::ReadBitmap(Cursor& cursor, size_t first, size_t count, uint8_t* values) const {
  const uint8_t* payload = cursor.payload.data();
  for (size_t place = first; place < first + count; place += 64) {
    for (uint64_t word = WordAt(payload + cursor.at + place / 8); word != 0; word &= word - 1) {
      const size_t bit = static_cast<size_t>(std::countr_zero(word));
      std::memcpy(values + 4 * (place - first + bit), payload + kValuesAt + 4 * cursor.value++, 4);
    }
  }
}

}  // namespace tutti
