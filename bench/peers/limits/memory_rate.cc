// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/limits/memory_rate.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include "bench/peers/limits/stopwatch.h"
#include "bench/peers/loop/pin.h"

namespace tutti::peers {
namespace {

constexpr int kPasses = 7;
constexpr size_t kBytesPerPass = size_t{256} << 20;  // so many that reading the clock does not count

// Compiled for several vector widths; the processor's best is chosen when the program starts.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define TUTTI_WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define TUTTI_WIDEST
#endif

TUTTI_WIDEST void Add(float* __restrict a, const float* __restrict b, size_t count) {
  for (size_t i = 0; i < count; ++i) a[i] += b[i];
}

void Repeat(MemoryTask task, float* a, const float* b, size_t array_bytes, size_t repetitions) {
  for (size_t i = 0; i < repetitions; ++i) {
    if (task == MemoryTask::kCopy) {
      std::memcpy(a, b, array_bytes);
    } else {
      Add(a, b, array_bytes / sizeof(float));
    }
    asm volatile("" : : "r"(a) : "memory");  // every repetition happens
  }
}

using Array = std::unique_ptr<float, void (*)(void*)>;

Array MakeArray(size_t bytes) {
  Array array(static_cast<float*>(std::aligned_alloc(4096, bytes)), &std::free);
  std::fill_n(array.get(), bytes / sizeof(float), 1.0f);
  return array;
}

// All threads leave Wait together, as in the loop's barrier.
class Gate {
 public:
  explicit Gate(size_t threads) : threads_(threads) {}
  void Wait(size_t round) {
    arrived_.fetch_add(1);
    while (arrived_.load() < round * threads_) std::this_thread::yield();
  }

 private:
  const size_t threads_;
  std::atomic<size_t> arrived_{0};
};

}  // namespace

double MemoryRate(MemoryTask task, size_t array_bytes, const std::vector<int>& cores) {
  const size_t repetitions = std::max<size_t>(1, kBytesPerPass / array_bytes);
  std::vector<int64_t> slowest_ns(kPasses, 0);
  std::vector<std::vector<int64_t>> times_ns(cores.size(), std::vector<int64_t>(kPasses));
  Gate gate(cores.size());
  std::vector<std::thread> threads;
  for (size_t t = 0; t < cores.size(); ++t) {
    threads.emplace_back([&, t] {
      PinTo(cores[t]);
      const Array a = MakeArray(array_bytes);
      const Array b = MakeArray(array_bytes);
      Repeat(task, a.get(), b.get(), array_bytes, 1);
      for (size_t pass = 0; pass < kPasses; ++pass) {
        gate.Wait(pass + 1);
        const int64_t start_ns = NowNs();
        Repeat(task, a.get(), b.get(), array_bytes, repetitions);
        times_ns[t][pass] = NowNs() - start_ns;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t pass = 0; pass < kPasses; ++pass) {
    for (const auto& times : times_ns) slowest_ns[pass] = std::max(slowest_ns[pass], times[pass]);
  }
  const double best_s = static_cast<double>(*std::min_element(slowest_ns.begin(), slowest_ns.end())) / 1e9;
  return static_cast<double>(array_bytes * repetitions * cores.size()) / best_s;
}

}  // namespace tutti::peers
