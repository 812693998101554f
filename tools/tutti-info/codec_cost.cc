// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/codec_cost.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"

#include "lib/base/prng.h"
#include "lib/base/raw_clock.h"

namespace tutti::info {
namespace {

constexpr size_t kValues = 65'536;  // 256 KiB
constexpr int kRounds = 9;

std::vector<float> RandomGradient() {
  Prng prng(7);
  std::vector<float> values(kValues);
  for (float& value : values) {
    double sum = 0;
    for (int i = 0; i < 4; ++i) sum += prng.Unit() - 0.5;
    value = static_cast<float>(sum) * 1e-2f;
  }
  return values;
}

// The times of one kind of work; after the first failure nothing is done any more.
class Stopwatch {
 public:
  template <typename Work>
  void Time(tutti_status_t* status, Work work) {
    if (*status != TUTTI_OK) return;
    const int64_t begin = RawClock().NowNs();
    *status = work();
    taken_.push_back(RawClock().NowNs() - begin);
  }
  double PsPerByte() {
    std::nth_element(taken_.begin(), taken_.begin() + kRounds / 2, taken_.end());
    return static_cast<double>(taken_[kRounds / 2]) * simulate::kPsPerNs / (kValues * sizeof(float));
  }

 private:
  std::vector<int64_t> taken_;
};

}  // namespace

absl::StatusOr<simulate::CodecCost> MeasureCodecCost(const Codec& codec) {
  const std::vector<float> values = RandomGradient();
  std::vector<float> decoded(kValues), sums(kValues);
  std::vector<uint8_t> encoded(codec.MaxEncodedBytes(DataType::kFloat32, kValues));
  size_t bytes = 0;
  const Slice slice = MakeSlice(kValues);
  std::unique_ptr<CodecState> state;
  tutti_status_t status = codec.CreateState(0, DataType::kFloat32, kValues, &state);
  Stopwatch encode, decode, reduce;
  for (int round = 0; round < kRounds; ++round) {
    encode.Time(&status, [&] { return codec.Encode(slice, state.get(), values.data(), encoded, &bytes); });
    const std::span<const uint8_t> codes = std::span(encoded).first(bytes);
    decode.Time(&status, [&] { return codec.Decode(slice, codes, decoded.data()); });
    reduce.Time(&status, [&] { return codec.DecodeReduce(slice, ReduceOp::kSum, codes, sums.data()); });
  }
  if (status != TUTTI_OK) {
    return absl::InternalError(absl::StrCat("codec ", codec.identity().ToString(),
                                            " cannot encode and decode float32: status ", static_cast<int>(status)));
  }
  return simulate::CodecCost{.encode_ps_per_byte = encode.PsPerByte(),
                             .decode_ps_per_byte = decode.PsPerByte(),
                             .decode_reduce_ps_per_byte = reduce.PsPerByte(),
                             .encoded_share = static_cast<double>(bytes) / (kValues * sizeof(float))};
}

}  // namespace tutti::info
