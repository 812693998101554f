// SPDX-License-Identifier: Apache-2.0
// A radix select from the upper bits down: count how many magnitudes start with each pattern of 11 (then 10, then 10)
// bits, and go on with those of the pattern that holds the k-th largest.
#include "lib/codec/magnitude_select.h"

#include <cstring>

namespace tutti {
namespace {

uint32_t MagnitudeAt(const uint8_t* values, size_t i) {
  uint32_t bits;
  std::memcpy(&bits, values + 4 * i, sizeof(bits));
  return bits & 0x7fffffffu;
}

}  // namespace

MagnitudeThreshold SelectLargest(const uint8_t* values, size_t count, size_t k) {
  struct Digit {
    int shift;
    int width;
  };
  constexpr Digit kDigits[] = {{20, 11}, {10, 10}, {0, 10}};
  MagnitudeThreshold threshold;
  uint32_t prefix = 0;
  for (const auto [shift, width] : kDigits) {
    // Neighbours often fall into the same place; four tables keep one addition from waiting for the other.
    size_t counts[4][2048] = {};
    const uint32_t digit_mask = (uint32_t{1} << width) - 1;
    if (shift == 20) {
      size_t i = 0;
      for (; i + 4 <= count; i += 4) {
        for (size_t t = 0; t < 4; ++t) ++counts[t][MagnitudeAt(values, i + t) >> shift];
      }
      for (; i < count; ++i) ++counts[0][MagnitudeAt(values, i) >> shift];
    } else {
      for (size_t i = 0; i < count; ++i) {
        const uint32_t magnitude = MagnitudeAt(values, i);
        if (magnitude >> (shift + width) == prefix) ++counts[0][(magnitude >> shift) & digit_mask];
      }
    }
    uint32_t digit = digit_mask;
    for (;; --digit) {
      const size_t here = counts[0][digit] + counts[1][digit] + counts[2][digit] + counts[3][digit];
      if (threshold.num_above + here >= k || digit == 0) break;
      threshold.num_above += here;
    }
    prefix = (prefix << width) | digit;
  }
  threshold.bits = prefix;
  return threshold;
}

}  // namespace tutti
