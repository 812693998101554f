// SPDX-License-Identifier: Apache-2.0
// Memory that all ranks of a run share, independent of the library under test: the barrier before each iteration, the
// iterations' times, and rank 0's decision when to stop. The driver hands every rank the same fresh, empty file.
#ifndef TUTTI_BENCH_PEERS_LOOP_REGION_H_
#define TUTTI_BENCH_PEERS_LOOP_REGION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace tutti::peers {

// How a rank waits at the barrier: with a core of its own it spins; else it offers the core to the others.
enum class BarrierWait { kSpin, kYield };

class Region {
 public:
  // Throws std::runtime_error if the file cannot be mapped.
  Region(const std::string& path, int rank, int ranks, size_t max_iterations, BarrierWait wait);
  ~Region();
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  // Returns when all ranks have called it equally often. Every rank writes a cache line of its own and reads those of
  // the others, so that all leave within about one line's flight time.
  void Barrier();

  // Rank 0 declares the coming barrier to be the last of a series; every rank can ask for it until the next barrier.
  void DeclareLast() { last_->store(barriers_ + 1, std::memory_order_relaxed); }
  bool was_last() const { return last_->load(std::memory_order_relaxed) == barriers_; }

  // A rank's own times, by iteration. After a barrier the others may read them.
  int64_t* times_ns(int rank) const { return times_ns_ + static_cast<size_t>(rank) * max_iterations_; }

  // Sums up: each rank brings a number, each gets the sum. Contains barriers.
  uint64_t Sum(uint64_t value);

 private:
  struct alignas(128) Line {
    std::atomic<uint64_t> arrivals;
    std::atomic<uint64_t> value;
  };
  static_assert(std::atomic<uint64_t>::is_always_lock_free, "shared between processes");

  const int rank_;
  const int ranks_;
  const size_t max_iterations_;
  const BarrierWait wait_;
  size_t bytes_ = 0;
  void* memory_ = nullptr;
  Line* lines_ = nullptr;
  std::atomic<uint64_t>* last_ = nullptr;
  int64_t* times_ns_ = nullptr;
  uint64_t barriers_ = 0;  // that this rank has called
};

}  // namespace tutti::peers

#endif  // TUTTI_BENCH_PEERS_LOOP_REGION_H_
