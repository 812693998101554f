// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/buffers.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace tutti::bench {
namespace {

constexpr size_t kPageBytes = 4096;
constexpr size_t kGuardBytes = 64;
constexpr unsigned char kGuard = 0xa5;
constexpr unsigned char kPoison = 0xee;

}  // namespace

Buffer::Buffer(size_t bytes) {
  const size_t total = (bytes + kGuardBytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  memory_.reset(static_cast<unsigned char*>(std::aligned_alloc(kPageBytes, total)));
  if (!memory_) throw std::bad_alloc();
  std::memset(memory_.get(), kPoison, total);
}

void Buffer::Poison(size_t bytes) {
  std::memset(memory_.get(), kPoison, bytes);
  SetGuard(bytes);
}

void Buffer::SetGuard(size_t bytes) { std::memset(memory_.get() + bytes, kGuard, kGuardBytes); }

bool Buffer::GuardIntact(size_t bytes) const {
  const unsigned char* guard = memory_.get() + bytes;
  return std::all_of(guard, guard + kGuardBytes, [](unsigned char c) { return c == kGuard; });
}

}  // namespace tutti::bench
