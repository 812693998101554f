// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/limits/cache_line.h"

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "bench/harness/statistics.h"
#include "bench/peers/limits/stopwatch.h"
#include "bench/peers/loop/pin.h"

namespace tutti::peers {
namespace {

constexpr uint64_t kRoundTripsPerSample = 100;  // one would be shorter than reading the clock
constexpr uint64_t kSamples = 5'000;

struct alignas(128) Line {
  std::atomic<uint64_t> value{0};
};

void SpinUntil(const Line& line, uint64_t value) {
  while (line.value.load(std::memory_order_acquire) != value) {
  }
}

}  // namespace

double CacheLineOneWayNs(int core, int other_core) {
  Line ping;
  Line pong;
  std::thread echo([&] {
    PinTo(other_core);
    for (uint64_t i = 1; i <= kSamples * kRoundTripsPerSample; ++i) {
      SpinUntil(ping, i);
      pong.value.store(i, std::memory_order_release);
    }
  });
  std::vector<int64_t> times_ns;
  std::thread caller([&] {
    PinTo(core);
    uint64_t i = 0;
    for (uint64_t sample = 0; sample < kSamples; ++sample) {
      const int64_t start_ns = NowNs();
      for (uint64_t trip = 0; trip < kRoundTripsPerSample; ++trip) {
        ping.value.store(++i, std::memory_order_release);
        SpinUntil(pong, i);
      }
      times_ns.push_back(NowNs() - start_ns);
    }
  });
  caller.join();
  echo.join();
  const bench::Samples samples(std::move(times_ns));
  return static_cast<double>(samples.PercentileNs(50)) / (2.0 * kRoundTripsPerSample);
}

}  // namespace tutti::peers
