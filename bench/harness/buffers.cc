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

size_t WithGuard(size_t bytes) { return (bytes + kGuardBytes + kPageBytes - 1) / kPageBytes * kPageBytes; }

}  // namespace

Buffer::Buffer(size_t bytes) {
  const size_t total = WithGuard(bytes);
  plain_.reset(static_cast<unsigned char*>(std::aligned_alloc(kPageBytes, total)));
  if (!plain_) throw std::bad_alloc();
  data_ = plain_.get();
  std::memset(data_, kPoison, total);
}

Buffer::Buffer(const Comm& comm, size_t bytes) : allocated_(comm, WithGuard(bytes)), data_(allocated_.data()) {
  std::memset(data_, kPoison, allocated_.size());
}

void Buffer::Poison(size_t bytes) {
  std::memset(data_, kPoison, bytes);
  SetGuard(bytes);
}

void Buffer::SetGuard(size_t bytes) { std::memset(data_ + bytes, kGuard, kGuardBytes); }

bool Buffer::GuardIntact(size_t bytes) const {
  const unsigned char* guard = data_ + bytes;
  return std::all_of(guard, guard + kGuardBytes, [](unsigned char c) { return c == kGuard; });
}

}  // namespace tutti::bench
