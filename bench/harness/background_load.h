// SPDX-License-Identifier: Apache-2.0
// Threads that compete with the measured operation for cores and memory, as a framework's own threads do.
#ifndef TUTTI_BENCH_HARNESS_BACKGROUND_LOAD_H_
#define TUTTI_BENCH_HARNESS_BACKGROUND_LOAD_H_

#include <atomic>
#include <thread>
#include <vector>

namespace tutti::bench {

class BackgroundLoad {
 public:
  // Each thread goes through 16 MiB of its own, again and again, until destruction.
  explicit BackgroundLoad(int threads);
  ~BackgroundLoad();
  BackgroundLoad(const BackgroundLoad&) = delete;
  BackgroundLoad& operator=(const BackgroundLoad&) = delete;

 private:
  std::atomic<bool> over_{false};
  std::vector<std::thread> threads_;
};

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_HARNESS_BACKGROUND_LOAD_H_
