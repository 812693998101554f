// SPDX-License-Identifier: Apache-2.0
// Speed of the built-in codecs beside memcpy, on one core. bytes_per_second counts the uncompressed bytes: those of the
// float32 values that are encoded, decoded, or copied, once. So encode at half of memcpy's rate takes twice the time of
// a copy of the same values. "ratio" is uncompressed by encoded bytes. Values are normally distributed; those of 256 KiB
// fit the second-level cache, those of 16 MiB do not.
//
//   tutti-bench-micro --benchmark_filter='codec/(memcpy|bf16|int8)/'
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/prng.h"
#include "lib/codec/registry.h"

namespace tutti {
namespace {

constexpr int64_t kSizes[] = {256 << 10, 16 << 20};

std::vector<float> MakeValues(int64_t bytes) {
  Prng prng(1);
  std::vector<float> values(static_cast<size_t>(bytes) / sizeof(float));
  for (float& value : values) {
    const double sum = prng.Unit() + prng.Unit() + prng.Unit() + prng.Unit() - 2;  // near enough to normal
    value = static_cast<float>(sum * 1e-3);
  }
  return values;
}

void Copy(benchmark::State& state) {
  const std::vector<float> from = MakeValues(state.range(0));
  std::vector<float> to(from.size());
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size() * sizeof(float));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

// The states and buffers of one benchmark.
struct Setup {
  std::shared_ptr<const Codec> codec;
  std::vector<float> values;
  std::vector<uint8_t> encoded;
  std::unique_ptr<CodecState> memory;
  size_t bytes = 0;

  Setup(const std::string& spec, int64_t size) : codec(*MakeCodec(spec)), values(MakeValues(size)) {
    encoded.resize(codec->MaxEncodedBytes(DataType::kFloat32, values.size()));
    codec->CreateState(0, DataType::kFloat32, values.size(), &memory);
    Encode();
  }
  void Encode() { codec->Encode(MakeSlice(values.size()), memory.get(), values.data(), encoded, &bytes); }
  void Report(benchmark::State& state) const {
    state.SetBytesProcessed(state.iterations() * state.range(0));
    state.counters["ratio"] = static_cast<double>(state.range(0)) / static_cast<double>(bytes);
  }
};

void Encode(benchmark::State& state, const std::string& spec) {
  Setup setup(spec, state.range(0));
  for (auto _ : state) {
    setup.Encode();
    benchmark::ClobberMemory();
  }
  setup.Report(state);
}

void Decode(benchmark::State& state, const std::string& spec) {
  Setup setup(spec, state.range(0));
  const Slice slice = MakeSlice(setup.values.size());
  for (auto _ : state) {
    setup.codec->Decode(slice, std::span(setup.encoded).first(setup.bytes), setup.values.data());
    benchmark::ClobberMemory();
  }
  setup.Report(state);
}

void DecodeReduce(benchmark::State& state, const std::string& spec) {
  Setup setup(spec, state.range(0));
  const Slice slice = MakeSlice(setup.values.size());
  // The largest of both, so that values stay as they are.
  for (auto _ : state) {
    setup.codec->DecodeReduce(slice, ReduceOp::kMax, std::span(setup.encoded).first(setup.bytes), setup.values.data());
    benchmark::ClobberMemory();
  }
  setup.Report(state);
}

template <typename Function>
void Register(const std::string& name, Function function) {
  auto* benchmark = benchmark::RegisterBenchmark(name.c_str(), function);
  for (const int64_t size : kSizes) benchmark->Arg(size);
}

bool RegisterAll() {
  Register("codec/memcpy/copy", Copy);
  for (const std::string spec : {"bf16", "f16", "int8", "int8:rounding=stochastic", "int4", "fp8_e4m3", "fp8_e5m2",
                                 "sign", "topk", "threshold", "lossless", "int8+error_feedback"}) {
    Register("codec/" + spec + "/encode", [spec](benchmark::State& state) { Encode(state, spec); });
    Register("codec/" + spec + "/decode", [spec](benchmark::State& state) { Decode(state, spec); });
    Register("codec/" + spec + "/decode_reduce", [spec](benchmark::State& state) { DecodeReduce(state, spec); });
  }
  return true;
}

[[maybe_unused]] const bool g_registered = RegisterAll();

}  // namespace
}  // namespace tutti
