// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/loop/region.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace tutti::peers {
namespace {

void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

Region::Region(const std::string& path, int rank, int ranks, size_t max_iterations, BarrierWait wait)
    : rank_(rank), ranks_(ranks), max_iterations_(max_iterations), wait_(wait) {
  // One more line than ranks, for what rank 0 decides.
  const size_t times_offset = (static_cast<size_t>(ranks) + 1) * sizeof(Line);
  bytes_ = times_offset + static_cast<size_t>(ranks) * max_iterations * sizeof(int64_t);
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  // All ranks set the same length; what is new in the file is zero.
  const bool ok = file >= 0 && ::ftruncate(file, static_cast<off_t>(bytes_)) == 0;
  if (ok) memory_ = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
  const int error = errno;
  if (file >= 0) ::close(file);
  if (!ok || memory_ == MAP_FAILED) throw std::runtime_error("cannot map " + path + ": " + std::strerror(error));
  lines_ = static_cast<Line*>(memory_);
  last_ = &lines_[ranks].value;
  times_ns_ = reinterpret_cast<int64_t*>(static_cast<char*>(memory_) + times_offset);
}

Region::~Region() { ::munmap(memory_, bytes_); }

void Region::Barrier() {
  const uint64_t round = ++barriers_;
  lines_[rank_].arrivals.store(round, std::memory_order_release);
  for (int other = 0; other < ranks_; ++other) {
    while (lines_[other].arrivals.load(std::memory_order_acquire) < round) {
      if (wait_ == BarrierWait::kSpin) {
        Pause();
      } else {
        ::sched_yield();
      }
    }
  }
}

uint64_t Region::Sum(uint64_t value) {
  lines_[rank_].value.store(value, std::memory_order_relaxed);
  Barrier();
  uint64_t sum = 0;
  for (int other = 0; other < ranks_; ++other) sum += lines_[other].value.load(std::memory_order_relaxed);
  Barrier();
  return sum;
}

}  // namespace tutti::peers
