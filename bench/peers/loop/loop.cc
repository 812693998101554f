// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/loop/loop.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "bench/peers/loop/inputs.h"

namespace tutti::peers {
namespace {

// CLOCK_MONOTONIC, by the standard library's name.
int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Checked are the first iterations and every power of two: few, but with every kind of history behind them.
bool IsChecked(size_t iteration) { return iteration < 2 || (iteration & (iteration - 1)) == 0; }

class Iterations {
 public:
  Iterations(Library* library, Region* region, float* send, float* recv, size_t count)
      : library_(*library), region_(*region), rank_(library->rank()), send_(send), recv_(recv), count_(count) {}

  // Iterates until rank 0 finds that the budget is used or the most iterations are done; returns their number.
  size_t Run(size_t min_iterations, size_t max_iterations, int64_t budget_ns) {
    int64_t* const times_ns = region_.times_ns(rank_);
    region_.Barrier();
    const int64_t begin_ns = NowNs();
    for (size_t i = 0;; ++i) {
      if (rank_ == 0 && (i == max_iterations || (i >= min_iterations && NowNs() - begin_ns >= budget_ns))) {
        region_.DeclareLast();
      }
      FillInput(seed_, rank_, send_, count_);
      region_.Barrier();
      if (region_.was_last()) return i;
      const int64_t start_ns = NowNs();
      library_.AllReduce(send_, recv_, count_);
      times_ns[i] = NowNs() - start_ns;
      if (IsChecked(i)) {
        wrong_ += CountWrong(seed_, library_.ranks(), recv_, count_);
        ++checked_;
      }
      ++seed_;
    }
  }

  uint64_t wrong() const { return wrong_; }
  size_t checked() const { return checked_; }

 private:
  Library& library_;
  Region& region_;
  const int rank_;
  float* const send_;
  float* const recv_;
  const size_t count_;
  uint32_t seed_ = 1;  // counts alike on all ranks
  uint64_t wrong_ = 0;
  size_t checked_ = 0;
};

std::vector<int64_t> SlowestPerIteration(const Region& region, int ranks, size_t iterations) {
  std::vector<int64_t> slowest_ns(region.times_ns(0), region.times_ns(0) + iterations);
  for (int rank = 1; rank < ranks; ++rank) {
    const int64_t* const times_ns = region.times_ns(rank);
    for (size_t i = 0; i < iterations; ++i) slowest_ns[i] = std::max(slowest_ns[i], times_ns[i]);
  }
  return slowest_ns;
}

}  // namespace

SizeResult MeasureSize(Library* library, Region* region, const LoopSettings& settings, float* send, float* recv,
                       size_t bytes) {
  const size_t count = bytes / sizeof(float);
  library->Prepare(send, recv, count);
  Iterations iterations(library, region, send, recv, count);
  // Warm-up: connections, registrations and caches get a tenth of the time.
  iterations.Run(2, std::min<size_t>(1'000, settings.max_iterations), settings.budget_ns / 10);

  SizeResult result;
  result.bytes = bytes;
  result.iterations = iterations.Run(settings.min_iterations, settings.max_iterations, settings.budget_ns);
  result.checked = iterations.checked();
  result.wrong = region->Sum(iterations.wrong());
  if (library->rank() == 0) {
    result.times = bench::Samples(SlowestPerIteration(*region, library->ranks(), result.iterations));
  }
  region->Barrier();  // before the times are overwritten
  return result;
}

}  // namespace tutti::peers
