// SPDX-License-Identifier: Apache-2.0
// Numbers for new communicators that no other communicator of the job has, or had. Each rank mints them without asking
// anybody: it has a part of all numbers to itself, and goes through it in order. 0 is the whole job's own number.
//
// THREADS. Any.
#ifndef TUTTI_LIB_COMM_CHANNEL_NUMBERS_H_
#define TUTTI_LIB_COMM_CHANNEL_NUMBERS_H_

#include <atomic>
#include <cstdint>
#include <limits>

namespace tutti {

class ChannelNumbers {
 public:
  ChannelNumbers(int rank, int size)
      : next_(1 + static_cast<uint64_t>(rank) * PerRank(size)), end_(next_.load() + PerRank(size)) {}

  // The next number, or 0 if this rank has used up its part.
  uint32_t Take() {
    uint64_t next = next_.load(std::memory_order_relaxed);
    do {
      if (next == end_) return 0;
    } while (!next_.compare_exchange_weak(next, next + 1, std::memory_order_relaxed));
    return static_cast<uint32_t>(next);
  }

  // Takes back a number that was not used, unless a later one was taken since: then it stays unused.
  void Return(uint32_t number) {
    uint64_t after = uint64_t{number} + 1;
    if (number != 0) next_.compare_exchange_strong(after, number, std::memory_order_relaxed);
  }

 private:
  static uint64_t PerRank(int size) { return std::numeric_limits<uint32_t>::max() / static_cast<uint64_t>(size); }

  std::atomic<uint64_t> next_;
  const uint64_t end_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_CHANNEL_NUMBERS_H_
