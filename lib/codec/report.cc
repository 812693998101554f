// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/report.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

absl::Status Failed(const Codec& codec, const char* what, tutti_status_t status) {
  return absl::InternalError(
      absl::StrCat("codec ", codec.identity().ToString(), " failed to ", what, ": status ", static_cast<int>(status)));
}

}  // namespace

absl::StatusOr<CodecReport> MeasureCodec(const Codec& codec, std::span<const float> values) {
  CodecReport report;
  const Slice slice = MakeSlice(values.size());
  const size_t most = codec.MaxEncodedBytes(DataType::kFloat32, values.size());
  if (most == 0) return Failed(codec, "support float32", TUTTI_ERR_UNSUPPORTED);
  std::unique_ptr<CodecState> state;
  tutti_status_t status = codec.CreateState(0, DataType::kFloat32, values.size(), &state);
  if (status != TUTTI_OK) return Failed(codec, "make a state", status);
  std::vector<uint8_t> encoded(most);
  std::vector<float> decoded(values.size());
  status = codec.Encode(slice, state.get(), values.data(), encoded, &report.encoded_bytes);
  if (status != TUTTI_OK) return Failed(codec, "encode", status);
  status = codec.Decode(slice, std::span(encoded).first(report.encoded_bytes), decoded.data());
  if (status != TUTTI_OK) return Failed(codec, "decode", status);

  report.raw_bytes = values.size_bytes();
  double squared_errors = 0, squares = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::bit_cast<uint32_t>(values[i]) == std::bit_cast<uint32_t>(decoded[i])) ++report.num_exact;
    if (!std::isfinite(values[i])) {
      ++report.num_not_finite;
      continue;
    }
    const double value = values[i];
    const double error = std::fabs(static_cast<double>(decoded[i]) - value);
    report.largest_value = std::max(report.largest_value, std::fabs(value));
    // In this order a NaN stays.
    report.largest_error = error <= report.largest_error ? report.largest_error : error;
    squared_errors += error * error;
    squares += value * value;
  }
  report.relative_error = squares > 0 ? std::sqrt(squared_errors / squares) : std::sqrt(squared_errors);
  return report;
}

}  // namespace tutti
