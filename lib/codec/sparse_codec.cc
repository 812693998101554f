// SPDX-License-Identifier: Apache-2.0
// What travels, and encoding. sparse_decode.cc has the other direction.
#include "lib/codec/sparse_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "lib/codec/magnitude_scan.h"
#include "lib/codec/magnitude_select.h"
#include "lib/codec/sparse_layout.h"

namespace tutti {

template <class Visit>
void SparseCodec::ForEachChosen(const uint8_t* values, size_t count, Choice choice, Visit visit) const {
  size_t num_equal = choice.num_equal;
  ForEachAtLeast(kernels(), values, count, choice.bits, [&](size_t place, uint32_t magnitude) {
    if (magnitude == choice.bits) {
      if (num_equal == 0) return;
      --num_equal;
    }
    visit(place);
  });
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

std::shared_ptr<const Codec> SparseCodec::ForResults() const {
  return std::make_shared<ThresholdCodec>(identity(), std::numeric_limits<float>::denorm_min(), kernels());
}

SparseCodec::Choice TopKCodec::Choose(const uint8_t* values, size_t count) const {
  const double wanted = std::ceil(ratio_ * static_cast<double>(count));
  const size_t k = std::clamp(static_cast<size_t>(wanted), size_t{1}, count);
  const MagnitudeThreshold threshold = SelectLargest(kernels(), values, count, k);
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
