// SPDX-License-Identifier: Apache-2.0
// What a codec does to given data: how many bytes it saves, and what it loses.
#ifndef TUTTI_LIB_CODEC_REPORT_H_
#define TUTTI_LIB_CODEC_REPORT_H_

#include <span>

#include "absl/status/statusor.h"
#include "lib/codec/codec.h"

namespace tutti {

struct CodecReport {
  size_t raw_bytes = 0;
  size_t encoded_bytes = 0;
  double largest_value = 0;   // magnitude, of the finite values
  double largest_error = 0;   // |decoded - value|, of the finite values
  double relative_error = 0;  // root of (sum of squared errors / sum of squared values), of the finite values
  size_t num_exact = 0;       // values that came back with the same bits
  size_t num_not_finite = 0;  // infinities and NaNs given

  double Ratio() const { return static_cast<double>(raw_bytes) / static_cast<double>(encoded_bytes); }
};

// Encodes and decodes the values once, with a fresh state.
absl::StatusOr<CodecReport> MeasureCodec(const Codec& codec, std::span<const float> values);

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_REPORT_H_
