// SPDX-License-Identifier: Apache-2.0
// Which values are the largest, exactly. Magnitudes are compared by their bits, which order floats as their values do,
// with NaN above infinity.
#ifndef TUTTI_LIB_CODEC_MAGNITUDE_SELECT_H_
#define TUTTI_LIB_CODEC_MAGNITUDE_SELECT_H_

#include <cstddef>
#include <cstdint>

#include "lib/codec/kernels.h"

namespace tutti {

struct MagnitudeThreshold {
  uint32_t bits = 0;     // the k-th largest magnitude
  size_t num_above = 0;  // how many magnitudes are larger: less than k
};

// Of `count` float32 values, 1 <= k <= count. Reads the values a few times, allocates nothing.
MagnitudeThreshold SelectLargest(const CodecKernels& kernels, const uint8_t* values, size_t count, size_t k);

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_MAGNITUDE_SELECT_H_
