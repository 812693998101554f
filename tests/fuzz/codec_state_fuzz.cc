// SPDX-License-Identifier: Apache-2.0
// What else of compression is read from anywhere: names with parameters, and saved states. An input is: what it is (1 byte),
// data ...
//
//   0  a codec's name, as in options and environment, or "auto:E"
//   1  what tutti_codec_restore is given: the states of all codecs of a communicator
//   2  rows, columns, rank (1 byte each), flags (1), and what tutti_powersgd_restore is given
//
// Either it is refused, and all is as it was, or what it says is taken over as it stands.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "lib/codec/low_rank.h"
#include "lib/codec/registry.h"
#include "lib/comm/codec_gate.h"
#include "lib/comm/comm_codecs.h"

namespace tutti {
namespace {

void Demand(bool condition) {
  if (!condition) __builtin_trap();
}

void ReadName(std::string_view text) {
  const absl::string_view wish(text.data(), text.size());
  if (IsAutoCodec(wish)) {
    const absl::StatusOr<double> max_error = ParseAutoCodec(wish);
    if (max_error.ok()) Demand(!GateCandidates(*max_error).empty());
  }
  const auto made = MakeCodec(text);
  if (!made.ok()) return;
  const Codec& codec = **made;
  Demand(codec.identity().Fingerprint() == (*MakeCodec(text))->identity().Fingerprint());
  // Whatever its parameters are, it encodes what it can decode.
  const std::vector<float> values(97, 0.25f);
  std::vector<float> decoded(values.size());
  std::vector<uint8_t> encoded(codec.MaxEncodedBytes(DataType::kFloat32, values.size()));
  std::unique_ptr<CodecState> state;
  Demand(codec.CreateState(1, DataType::kFloat32, values.size(), &state) == TUTTI_OK);
  size_t bytes = 0;
  const Slice slice = MakeSlice(values.size());
  Demand(codec.Encode(slice, state.get(), values.data(), encoded, &bytes) == TUTTI_OK && bytes <= encoded.size());
  Demand(codec.Decode(slice, std::span(encoded).first(bytes), decoded.data()) == TUTTI_OK);
}

// A communicator that already remembers something.
void RestoreCodecs(std::span<const uint8_t> saved) {
  CommCodecs codecs;
  CodedCall call;
  Demand((*codecs.Find("int8+error_feedback"))->Fill(3, 1, DataType::kFloat32, 5, 2, &call).ok());
  const std::vector<uint8_t> before = codecs.Save();
  if (!codecs.Restore(saved).ok()) return Demand(codecs.Save() == before);
  const std::vector<uint8_t> after = codecs.Save();
  Demand(CommCodecs().Restore(after).ok());
}

void RestoreLowRank(std::span<const uint8_t> data) {
  if (data.size() < 4) return;
  const LowRankConfig config{.rows = size_t{1} + data[0] % 32,
                             .cols = size_t{1} + data[1] % 32,
                             .rank = size_t{1} + data[2] % 8,
                             .error_feedback = (data[3] & 1) != 0,
                             .warm_start = (data[3] & 2) != 0};
  LowRank matrix(config);
  const std::vector<uint8_t> before = matrix.Save();
  const std::span<const uint8_t> saved = data.subspan(4);
  const bool restored = matrix.Restore(saved) == TUTTI_OK;
  const std::vector<uint8_t> after = matrix.Save();
  Demand(restored ? std::equal(after.begin(), after.end(), saved.begin(), saved.end()) : after == before);
}

void TestOne(std::span<const uint8_t> input) {
  if (input.empty()) return;
  const std::span<const uint8_t> data = input.subspan(1);
  switch (input[0] % 3) {
    case 0:
      return ReadName({reinterpret_cast<const char*>(data.data()), data.size()});
    case 1:
      return RestoreCodecs(data);
    default:
      return RestoreLowRank(data);
  }
}

}  // namespace
}  // namespace tutti

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tutti::TestOne(std::span(data, size));
  return 0;
}
