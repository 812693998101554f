// SPDX-License-Identifier: Apache-2.0
// Goes through the values that are large enough, and passes over all others 64 at a time.
#ifndef TUTTI_LIB_CODEC_MAGNITUDE_SCAN_H_
#define TUTTI_LIB_CODEC_MAGNITUDE_SCAN_H_

#include <algorithm>
#include <bit>
#include <cstring>

#include "lib/codec/group.h"
#include "lib/codec/kernels.h"

namespace tutti {

// visit(place, magnitude), in the order of places, for each of `count` float32 values whose magnitude's bits are at least
// `least`.
template <class Visit>
void ForEachAtLeast(const CodecKernels& kernels, const uint8_t* values, size_t count, uint32_t least, Visit visit) {
  constexpr size_t kGroups = 16;
  uint64_t masks[kGroups];
  const auto visit_mask = [&](uint64_t mask, size_t first) {
    for (; mask != 0; mask &= mask - 1) {
      const size_t place = first + static_cast<size_t>(std::countr_zero(mask));
      uint32_t bits;
      std::memcpy(&bits, values + kFloatBytes * place, sizeof(bits));
      visit(place, bits & 0x7fffffffu);
    }
  };
  const size_t whole = WholeGroups(count);
  for (size_t first = 0; first < whole; first += kGroups * kGroup) {
    const size_t part = std::min(kGroups * kGroup, whole - first);
    kernels.magnitudes_at_least(values + kFloatBytes * first, part, least, masks);
    for (size_t g = 0; g < part / kGroup; ++g) visit_mask(masks[g], first + g * kGroup);
  }
  if (whole < count) {
    kernels.magnitudes_at_least(PaddedGroup(values, count).values, kGroup, least, masks);
    visit_mask(masks[0] & ((uint64_t{1} << (count - whole)) - 1), whole);
  }
}

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_MAGNITUDE_SCAN_H_
