// SPDX-License-Identifier: Apache-2.0
// The memory that operations work on: one send and one receive buffer, used again by every measurement. Behind the used part of
// each lies a guard, so that a write beyond the end is seen.
#ifndef TUTTI_BENCH_HARNESS_BUFFERS_H_
#define TUTTI_BENCH_HARNESS_BUFFERS_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "tutti/tutti.hpp"

namespace tutti::bench {

class Buffer {
 public:
  // Page-aligned, every page touched. Throws std::bad_alloc.
  explicit Buffer(size_t bytes);
  // The same, from tutti_mem_alloc. Throws tutti::Error. Must not outlive comm.
  Buffer(const Comm& comm, size_t bytes);

  unsigned char* data() { return data_; }

  // Overwrites the first `bytes` with a pattern that no result equals by chance, and sets the guard behind them.
  void Poison(size_t bytes);
  void SetGuard(size_t bytes);
  bool GuardIntact(size_t bytes) const;

 private:
  struct Free {
    void operator()(unsigned char* memory) const { std::free(memory); }
  };
  std::unique_ptr<unsigned char, Free> plain_;
  tutti::Buffer<unsigned char> allocated_;
  unsigned char* data_ = nullptr;  // of whichever it is
};

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_HARNESS_BUFFERS_H_
