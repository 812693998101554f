// SPDX-License-Identifier: Apache-2.0
// What travels, and encoding. sparse_decode.cc has the other direction.
#include "lib/codec/sparse_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "lib/codec/group.h"
#include "lib/codec/magnitude_select.h"
#include "lib/codec/sparse_layout.h"

namespace tutti {

template <class Visit>
void SparseCodec::ForEachChosen(const uint8_t* values, size_t count, Choice choice, Visit visit) const {
  constexpr size_t kGroups = 16;
  uint64_t masks[kGroups];
  size_t num_equal = choice.num_equal;
  const size_t whole = WholeGroups(count);
  const auto visit_mask = [&](uint64_t mask, size_t first) {
    for (; mask != 0; mask &= mask - 1) {
      const size_t place = first + static_cast<size_t>(std::countr_zero(mask));
      uint32_t bits;
      std::memcpy(&bits, values + 4 * place, sizeof(bits));
      if ((bits & 0x7fffffffu) == choice.bits) {
        if (num_equal == 0) continue;
        --num_equal;
      }
      visit(place);
    }
  };
  for (size_t first = 0; first < whole; first += kGroups * kGroup) {
    const size_t part = std::min(kGroups * kGroup, whole - first);
    kernels().magnitudes_at_least(values + 4 * first, part, choice.bits, masks);
    for (size_t g = 0; g < part / kGroup; ++g) visit_mask(masks[g], first + g * kGroup);
  }
  if (whole < count) {
    kernels().magnitudes_at_least(PaddedGroup(values, count).values, kGroup, choice.bits, masks);
    visit_mask(masks[0] & ((uint64_t{1} << (count - whole)) - 1), whole);
  }
}

size_t SparseCodec::EncodePayload(const Slice& slice, const uint8_t* values, uint8_t* payload, uint8_t* mode) const {
  const size_t count = slice.count;
  const Choice choice = Choose(values, count);

  uint64_t chosen = 0;
  size_t gap_bytes = 0;
  size_t next = 0;
  ForEachChosen(values, count, choice, [&](size_t place) {
    gap_bytes += GapBytes(place - next);
    next = place + 1;
    ++chosen;
  });

  const size_t dense_bytes = 4 * count;
  const size_t values_end = sizeof(chosen) + 4 * static_cast<size_t>(chosen);
  const size_t place_bytes = std::min(gap_bytes, BitmapBytes(count));
  if (values_end + place_bytes >= dense_bytes) {
    *mode = kSparseDense;
    std::memcpy(payload, values, dense_bytes);
    return dense_bytes;
  }
  *mode = gap_bytes < BitmapBytes(count) ? kSparseGaps : kSparseBitmap;
  std::memcpy(payload, &chosen, sizeof(chosen));
  uint8_t* to_value = payload + sizeof(chosen);
  uint8_t* places = payload + values_end;
  const bool by_gaps = *mode == kSparseGaps;
  if (!by_gaps) std::memset(places, 0, place_bytes);
  uint8_t* to_gap = places;
  next = 0;
  ForEachChosen(values, count, choice, [&](size_t place) {
    std::memcpy(to_value, values + 4 * place, 4);
    to_value += 4;
    if (by_gaps) {
      to_gap = WriteGap(place - next, to_gap);
      next = place + 1;
    } else {
      places[place / 8] = static_cast<uint8_t>(places[place / 8] | 1u << (place % 8));
    }
  });
  return values_end + place_bytes;
}

ErrorBound TopKCodec::error_bound() const {
  ErrorBound bound;
  bound.of_largest = ratio_ < 1 ? 1 : 0;
  return bound;
}

SparseCodec::Choice TopKCodec::Choose(const uint8_t* values, size_t count) const {
  const double wanted = std::ceil(ratio_ * static_cast<double>(count));
  const size_t k = std::clamp(static_cast<size_t>(wanted), size_t{1}, count);
  const MagnitudeThreshold threshold = SelectLargest(values, count, k);
  // Zeros need not travel.
  if (threshold.bits == 0) return {1, count};
  return {threshold.bits, k - threshold.num_above};
}

ErrorBound ThresholdCodec::error_bound() const {
  ErrorBound bound;
  bound.absolute = value_;
  return bound;
}

SparseCodec::Choice ThresholdCodec::Choose(const uint8_t*, size_t count) const {
  return {std::bit_cast<uint32_t>(value_), count};
}

}  // namespace tutti
