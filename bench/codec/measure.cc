// SPDX-License-Identifier: Apache-2.0
#include "bench/codec/measure.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

namespace tutti::bench {
namespace {

// As much as is timed at once, at least: far more than a look at the clock takes.
constexpr size_t kTimedBytes = 1 << 20;

void Demand(tutti_status_t status, const std::string& spec, const char* what) {
  if (status == TUTTI_OK) return;
  throw std::runtime_error("codec " + spec + " failed to " + what + ": status " + std::to_string(status));
}

// Once to have caches and pages ready, then several times against the clock. Nanoseconds a run.
template <typename Function>
int64_t TimeNs(int repeats, const Function& function) {
  function();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < repeats; ++i) function();
  const auto elapsed = std::chrono::steady_clock::now() - start;
  return std::max<int64_t>(1, std::chrono::nanoseconds(elapsed).count() / repeats);
}

}  // namespace

double GigabytesPerSecond(const CodecRow& row, const Samples& samples) {
  return static_cast<double>(row.report.raw_bytes) / static_cast<double>(samples.PercentileNs(50));
}

CodecRow MeasureRow(const std::string& spec, std::shared_ptr<const Codec> codec, std::span<const float> values,
                    int rounds) {
  const auto report = MeasureCodec(*codec, values);
  if (!report.ok()) throw std::runtime_error(std::string(report.status().message()));

  Slice slice = MakeSlice(values.size());
  std::vector<uint8_t> encoded(codec->MaxEncodedBytes(DataType::kFloat32, values.size()));
  std::vector<float> copied(values.size()), decoded(values.size()), sum(values.size());
  std::unique_ptr<CodecState> state;
  Demand(codec->CreateState(0, DataType::kFloat32, values.size(), &state), spec, "make a state");
  size_t bytes = 0;
  const int repeats = static_cast<int>(std::max<size_t>(1, kTimedBytes / values.size_bytes()));

  std::vector<int64_t> copy, encode, decode, decode_reduce;
  for (int round = 0; round < rounds; ++round) {
    copy.push_back(TimeNs(repeats, [&] {
      std::memcpy(copied.data(), values.data(), values.size_bytes());
      asm volatile("" : : "r"(copied.data()) : "memory");  // so that no copy is left out
    }));
    encode.push_back(TimeNs(repeats, [&] {
      ++slice.step;
      Demand(codec->Encode(slice, state.get(), values.data(), encoded, &bytes), spec, "encode");
    }));
    const auto now = std::span(encoded).first(bytes);
    decode.push_back(TimeNs(repeats, [&] { Demand(codec->Decode(slice, now, decoded.data()), spec, "decode"); }));
    decode_reduce.push_back(TimeNs(
        repeats, [&] { Demand(codec->DecodeReduce(slice, ReduceOp::kSum, now, sum.data()), spec, "decode and add"); }));
  }
  return {spec, *report, {Samples(copy), Samples(encode), Samples(decode), Samples(decode_reduce)}};
}

}  // namespace tutti::bench
