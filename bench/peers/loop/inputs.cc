// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/loop/inputs.h"

#include <algorithm>

namespace tutti::peers {
namespace {

// Where a rank's sequence starts; steps of an odd constant then visit all 2^32 numbers.
uint32_t Start(uint32_t iteration, int rank) {
  return (iteration * 64 + static_cast<uint32_t>(rank) + 1) * 0x85EBCA6Bu;
}

// The upper byte of a multiplicative sequence: cheap enough that refilling a buffer costs little more than writing it.
float Value(uint32_t start, size_t i) {
  const uint32_t mixed = start + static_cast<uint32_t>(i) * 0x9E3779B1u;
  return static_cast<float>(static_cast<int32_t>(mixed >> 24));
}

}  // namespace

void FillInput(uint32_t iteration, int rank, float* data, size_t count) {
  const uint32_t start = Start(iteration, rank);
  for (size_t i = 0; i < count; ++i) data[i] = Value(start, i);
}

size_t CountWrong(uint32_t iteration, int ranks, const float* result, size_t count) {
  constexpr size_t kBlock = 1024;  // sums that stay in the first-level cache
  float sums[kBlock];
  size_t wrong = 0;
  for (size_t begin = 0; begin < count; begin += kBlock) {
    const size_t length = std::min(kBlock, count - begin);
    std::fill_n(sums, length, 0.0f);
    for (int rank = 0; rank < ranks; ++rank) {
      const uint32_t start = Start(iteration, rank);
      for (size_t i = 0; i < length; ++i) sums[i] += Value(start, begin + i);
    }
    for (size_t i = 0; i < length; ++i) wrong += result[begin + i] != sums[i];
  }
  return wrong;
}

}  // namespace tutti::peers
