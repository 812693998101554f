// SPDX-License-Identifier: Apache-2.0
// Speed of the reduction kernels beside memcpy. Each is measured on buffers that fit the first-level cache, the second,
// and neither. bytes_per_second counts what is read and what is written:
//
//   memcpy                 1 read + 1 write      reduce (dst = a)     2 reads + 1 write
//   reduce_many of k       k reads + 1 write     finish               1 read + 1 write
//
// Compare kernels with a memcpy of the same working set: reduce_many of 3 or more at 16 MiB moves more than many
// third-level caches hold, so its measure is memcpy at 64 MiB.
//
//   tutti-bench-micro --benchmark_filter='reduce/float32'
#include <benchmark/benchmark.h>

#include <cstring>
#include <string>
#include <vector>

#include "lib/base/dtype.h"
#include "lib/reduce/reduce.h"

namespace tutti {
namespace {

constexpr int64_t kSizes[] = {4 << 10, 256 << 10, 16 << 20};

// Bytes that stay finite, and normal, under repeated sums and products: ones of the type.
std::vector<uint8_t> MakeOnes(DataType type, size_t bytes) {
  uint64_t one = 1;
  if (type == DataType::kFloat16) one = 0x3c00;
  if (type == DataType::kBfloat16) one = 0x3f80;
  if (type == DataType::kFloat32) one = 0x3f800000;
  if (type == DataType::kFloat64) one = 0x3ff0000000000000;
  std::vector<uint8_t> data(bytes);
  for (size_t at = 0; at < bytes; at += DataTypeBytes(type)) std::memcpy(&data[at], &one, DataTypeBytes(type));
  return data;
}

void Memcpy(benchmark::State& state) {
  const auto bytes = static_cast<size_t>(state.range(0));
  std::vector<uint8_t> from(bytes, 1), to(bytes, 2);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), bytes);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * 2 * state.range(0));
}

void Reduce(benchmark::State& state, DataType type, ReduceOp op) {
  const auto bytes = static_cast<size_t>(state.range(0));
  const std::vector<uint8_t> source = MakeOnes(type, bytes);
  std::vector<uint8_t> data = source;
  const ReduceKernels& kernels = KernelsFor(type, op);
  for (auto _ : state) {
    kernels.reduce(data.data(), data.data(), source.data(), bytes / DataTypeBytes(type));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * 3 * state.range(0));
}

void ReduceMany(benchmark::State& state, DataType type, size_t num_sources) {
  const auto bytes = static_cast<size_t>(state.range(0));
  std::vector<std::vector<uint8_t>> buffers(num_sources + 1, MakeOnes(type, bytes));
  std::vector<const void*> sources;
  for (size_t k = 0; k < num_sources; ++k) sources.push_back(buffers[k].data());
  const ReduceKernels& kernels = KernelsFor(type, ReduceOp::kSum);
  for (auto _ : state) {
    kernels.reduce_many(buffers.back().data(), sources.data(), num_sources, bytes / DataTypeBytes(type));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(num_sources + 1) * state.range(0));
}

void Finish(benchmark::State& state, DataType type) {
  const auto bytes = static_cast<size_t>(state.range(0));
  std::vector<uint8_t> data(bytes);
  const ReduceKernels& kernels = KernelsFor(type, ReduceOp::kAvg);
  for (auto _ : state) {
    // Zeros stay zeros: repeated division of anything else would end in subnormal numbers.
    kernels.finish(data.data(), bytes / DataTypeBytes(type), 3);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * 2 * state.range(0));
}

// A few elements: the cost of the call and of the tail.
void ReduceShort(benchmark::State& state, DataType type) {
  const auto count = static_cast<size_t>(state.range(0));
  const std::vector<uint8_t> source = MakeOnes(type, count * DataTypeBytes(type));
  std::vector<uint8_t> data = source;
  const ReduceKernels& kernels = KernelsFor(type, ReduceOp::kMax);
  for (auto _ : state) {
    kernels.reduce(data.data(), data.data(), source.data(), count);
    benchmark::ClobberMemory();
  }
}

template <typename Function>
void Register(const std::string& name, Function function) {
  auto* benchmark = benchmark::RegisterBenchmark(name.c_str(), function);
  for (int64_t size : kSizes) benchmark->Arg(size);
}

bool RegisterAll() {
  benchmark::AddCustomContext("instruction set", ReduceTargetName());
  Register("memcpy", Memcpy);
  benchmark::RegisterBenchmark("memcpy", Memcpy)->Arg(64 << 20);
  for (int t = 0; t < kNumDataTypes; ++t) {
    const auto type = static_cast<DataType>(t);
    for (ReduceOp op : {ReduceOp::kSum, ReduceOp::kProd, ReduceOp::kMin, ReduceOp::kMax}) {
      Register(std::string("reduce/") + DataTypeName(type) + "/" + ReduceOpName(op),
               [type, op](benchmark::State& state) { Reduce(state, type, op); });
    }
    Register(std::string("finish/") + DataTypeName(type), [type](benchmark::State& state) { Finish(state, type); });
  }
  for (DataType type : {DataType::kInt32, DataType::kFloat16, DataType::kBfloat16, DataType::kFloat32}) {
    for (size_t num_sources : {2, 3, 4, 8}) {
      Register(std::string("reduce_many/") + DataTypeName(type) + "/" + std::to_string(num_sources),
               [=](benchmark::State& state) { ReduceMany(state, type, num_sources); });
    }
  }
  for (DataType type : {DataType::kInt8, DataType::kBfloat16, DataType::kFloat32}) {
    benchmark::RegisterBenchmark((std::string("reduce_short/") + DataTypeName(type)).c_str(),
                                 [type](benchmark::State& state) { ReduceShort(state, type); })
        ->Arg(1)
        ->Arg(15)
        ->Arg(100);
  }
  return true;
}

[[maybe_unused]] const bool g_registered = RegisterAll();

}  // namespace
}  // namespace tutti
