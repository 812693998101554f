// SPDX-License-Identifier: Apache-2.0
// An application's function wants aligned items that do not overlap, and writes over its second operand. Where that does not fit,
// a cache's worth at a time goes through memory of this thread's stack.
#include "lib/reduce/reducer.h"

#include <algorithm>
#include <cstring>

#include "lib/base/align.h"

namespace tutti {
namespace {

constexpr size_t kPieceBytes = 8192;
constexpr size_t kMostAlignment = 16;

const std::byte* At(const void* p, size_t bytes) { return static_cast<const std::byte*>(p) + bytes; }
std::byte* At(void* p, size_t bytes) { return static_cast<std::byte*>(p) + bytes; }

}  // namespace

bool Reducer::IsAligned(const void* p) const {
  return reinterpret_cast<uintptr_t>(p) % std::min(item_bytes_, kMostAlignment) == 0;
}

void Reducer::Apply(const void* in, void* inout, size_t count) const {
  user_->Apply(in, inout, count * user_->traits().item_elements, type_);
}

void Reducer::ReduceByUser(void* dst, const void* a, const void* b, size_t count) const {
  const bool commutes = user_->traits().commutes;
  if (dst == a && commutes) std::swap(a, b);
  if (dst != a && IsAligned(dst) && IsAligned(a)) {
    if (dst != b) std::memcpy(dst, b, count * item_bytes_);
    return Apply(a, dst, count);
  }
  const void* const sources[] = {a, b};
  ReduceManyByUser(dst, sources, 2, count);
}

void Reducer::ReduceManyByUser(void* dst, const void* const* sources, size_t num_sources, size_t count) const {
  alignas(kCacheLineBytes) std::byte sum[kPieceBytes];
  alignas(kCacheLineBytes) std::byte operand[kPieceBytes];
  const size_t piece_items = kPieceBytes / item_bytes_;
  for (size_t first = 0; first < count; first += piece_items) {
    const size_t items = std::min(piece_items, count - first);
    const size_t begin = first * item_bytes_;
    const size_t bytes = items * item_bytes_;
    // From the last to the first, because the function's right operand is the one that it writes over.
    std::memcpy(sum, At(sources[num_sources - 1], begin), bytes);
    for (size_t s = num_sources - 1; s-- > 0;) {
      const std::byte* in = At(sources[s], begin);
      if (!IsAligned(in)) {
        std::memcpy(operand, in, bytes);
        in = operand;
      }
      Apply(in, sum, items);
    }
    std::memcpy(At(dst, begin), sum, bytes);
  }
}

}  // namespace tutti
