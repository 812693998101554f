// SPDX-License-Identifier: Apache-2.0
// A radix select from the upper bits down: count how many magnitudes start with each pattern of 11 (then 10, then 10)
// bits, and go on with those of the pattern that holds the k-th largest.
//
// To count them all costs far more than to pass over small ones. So a sample tells first which magnitude about twice k
// values reach; if fewer than k do after all, the sample was not like the rest, and all values are counted.
#include "lib/codec/magnitude_select.h"

#include "lib/codec/magnitude_scan.h"

namespace tutti {
namespace {

constexpr int kTopShift = 20;
constexpr size_t kTopPatterns = 2048;  // of 11 bits
constexpr size_t kPatterns = 1024;     // of 10 bits

// Of so many groups of 64 values one is in the sample; below this many values there is none.
constexpr size_t kSampleEvery = 16;
constexpr size_t kLeastCount = 8192;

// Goes down from the highest pattern to the one that holds the k-th; what is above is added to *num_above.
uint32_t FindPattern(const size_t* counts, size_t num_patterns, size_t k, size_t* num_above) {
  size_t pattern = num_patterns - 1;
  for (; pattern > 0 && *num_above + counts[pattern] < k; --pattern) *num_above += counts[pattern];
  return static_cast<uint32_t>(pattern);
}

// A magnitude that probably more than k of all values reach, and not many more.
uint32_t Guess(const uint8_t* values, size_t count, size_t k) {
  if (count < kLeastCount) return 0;
  size_t counts[kTopPatterns] = {};
  for (size_t first = 0; first + kGroup <= count; first += kSampleEvery * kGroup) {
    for (size_t i = first; i < first + kGroup; ++i) {
      uint32_t bits;
      std::memcpy(&bits, values + kFloatBytes * i, sizeof(bits));
      ++counts[(bits & 0x7fffffffu) >> kTopShift];
    }
  }
  size_t num_above = 0;
  const uint32_t pattern = FindPattern(counts, kTopPatterns, 2 * (k / kSampleEvery) + 16, &num_above);
  return pattern << kTopShift;
}

}  // namespace

MagnitudeThreshold SelectLargest(const CodecKernels& kernels, const uint8_t* values, size_t count, size_t k) {
  MagnitudeThreshold threshold;
  // Neighbours often have the same pattern; two tables keep one addition from waiting for the other.
  size_t counts[2][kTopPatterns];
  for (uint32_t least = Guess(values, count, k);; least = 0) {
    std::memset(counts, 0, sizeof(counts));
    size_t reached = 0;
    ForEachAtLeast(kernels, values, count, least,
                   [&](size_t, uint32_t magnitude) { ++counts[reached++ % 2][magnitude >> kTopShift]; });
    if (reached >= k) break;
  }
  for (size_t pattern = 0; pattern < kTopPatterns; ++pattern) counts[0][pattern] += counts[1][pattern];
  uint32_t prefix = FindPattern(counts[0], kTopPatterns, k, &threshold.num_above);

  for (int shift = kTopShift - 10; shift >= 0; shift -= 10) {
    std::memset(counts[0], 0, kPatterns * sizeof(size_t));
    ForEachAtLeast(kernels, values, count, prefix << (shift + 10), [&](size_t, uint32_t magnitude) {
      if (magnitude >> (shift + 10) == prefix) ++counts[0][(magnitude >> shift) % kPatterns];
    });
    prefix = (prefix << 10) | FindPattern(counts[0], kPatterns, k, &threshold.num_above);
  }
  threshold.bits = prefix;
  return threshold;
}

}  // namespace tutti
