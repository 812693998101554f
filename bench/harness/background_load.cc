// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/background_load.h"

#include <cstddef>

namespace tutti::bench {
namespace {

constexpr size_t kValues = (16 << 20) / sizeof(float);

}  // namespace

BackgroundLoad::BackgroundLoad(int threads) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      std::vector<float> values(kValues, 1.0f);
      while (!over_.load(std::memory_order_relaxed)) {
        for (size_t at = 0; at < kValues && !over_.load(std::memory_order_relaxed); at += 4096) {
          for (size_t k = at; k < at + 4096; ++k) values[k] = values[k] * 0.999f + 0.001f;
        }
      }
    });
  }
}

BackgroundLoad::~BackgroundLoad() {
  over_.store(true, std::memory_order_relaxed);
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace tutti::bench
