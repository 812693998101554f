// SPDX-License-Identifier: Apache-2.0
// The measuring loop around a library that the test controls.
#include "bench/peers/loop/loop.h"

#include <gtest/gtest.h>

#include <barrier>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "bench/peers/loop/inputs.h"
#include "shared_file.h"

namespace tutti::peers {
namespace {

constexpr int kRanks = 2;
constexpr size_t kCount = 1500;  // more than a block of the reference

// Adds through memory that all threads see; `after` may then spoil the result or take time.
struct Job {
  std::barrier<> barrier{kRanks};
  std::vector<float*> sends = std::vector<float*>(kRanks);
  std::function<void(int rank, int call, float* recv)> after = [](int, int, float*) {};
};

class ThreadLibrary : public Library {
 public:
  ThreadLibrary(Job* job, int rank) : job_(*job), rank_(rank) {}
  int rank() const override { return rank_; }
  int ranks() const override { return kRanks; }
  std::string version() const override { return "threads"; }

  void AllReduce(float* send, float* recv, size_t count) override {
    job_.sends[static_cast<size_t>(rank_)] = send;
    job_.barrier.arrive_and_wait();
    for (size_t i = 0; i < count; ++i) recv[i] = job_.sends[0][i] + job_.sends[1][i];
    job_.barrier.arrive_and_wait();
    job_.after(rank_, calls_++, recv);
  }

 private:
  Job& job_;
  const int rank_;
  int calls_ = 0;
};

// What rank 0 reports.
SizeResult Measure(Job* job, const LoopSettings& settings) {
  const SharedFile file;
  std::vector<SizeResult> results(kRanks);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < kRanks; ++rank) {
    threads.emplace_back([&, rank] {
      Region region(file.path(), rank, kRanks, settings.max_iterations, BarrierWait::kYield);
      ThreadLibrary library(job, rank);
      float* const send = library.Allocate(kCount * sizeof(float));
      float* const recv = library.Allocate(kCount * sizeof(float));
      results[static_cast<size_t>(rank)] = MeasureSize(&library, &region, settings, send, recv, kCount * sizeof(float));
      std::free(send);
      std::free(recv);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(results[0].iterations, results[1].iterations);
  return results[0];
}

constexpr LoopSettings kManyIterations = {.max_iterations = 20, .min_iterations = 5, .budget_ns = 60'000'000'000};
constexpr LoopSettings kNoBudget = {.max_iterations = 1000, .min_iterations = 5, .budget_ns = 0};

TEST(PeersLoop, RightResultsAreCountedAsRight) {
  Job job;
  const SizeResult result = Measure(&job, kManyIterations);
  EXPECT_EQ(result.iterations, 20u);
  EXPECT_EQ(result.times.count(), 20u);
  EXPECT_GT(result.checked, 4u);
  EXPECT_EQ(result.wrong, 0u);
}

TEST(PeersLoop, OneWrongElementOnOneRankIsFound) {
  Job job;
  job.after = [](int rank, int call, float* recv) {
    if (rank == 1 && call == 1) recv[kCount - 1] += 1;
  };
  EXPECT_EQ(Measure(&job, kManyIterations).wrong, 1u);
}

TEST(PeersLoop, AResultOfTheIterationBeforeIsWrong) {
  Job job;
  std::vector<float> first;
  job.after = [&](int rank, int call, float* recv) {
    if (rank != 0) return;
    if (call == 0) first.assign(recv, recv + kCount);
    if (call == 1) std::copy(first.begin(), first.end(), recv);
  };
  EXPECT_GT(Measure(&job, kManyIterations).wrong, kCount * 9 / 10);
}

TEST(PeersLoop, TheSlowestRankMakesTheTime) {
  Job job;
  job.after = [](int rank, int, float*) {
    if (rank == 1) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  };
  EXPECT_GE(Measure(&job, kNoBudget).times.PercentileNs(0), 2'000'000);
}

TEST(PeersLoop, WithoutTimeLeftTheLeastIterationsAreMade) {
  Job job;
  EXPECT_EQ(Measure(&job, kNoBudget).iterations, 5u);
}

TEST(PeersInputs, DifferFromIterationToIterationAndRankToRank) {
  std::vector<float> a(kCount), b(kCount), c(kCount);
  FillInput(1, 0, a.data(), kCount);
  FillInput(2, 0, b.data(), kCount);
  FillInput(1, 1, c.data(), kCount);
  size_t same_iteration = 0;
  size_t same_rank = 0;
  for (size_t i = 0; i < kCount; ++i) {
    EXPECT_TRUE(a[i] >= 0 && a[i] <= 255 && a[i] == static_cast<float>(static_cast<int>(a[i])));
    same_iteration += a[i] == c[i];
    same_rank += a[i] == b[i];
  }
  EXPECT_LT(same_iteration, kCount / 10);
  EXPECT_LT(same_rank, kCount / 10);
}

}  // namespace
}  // namespace tutti::peers
