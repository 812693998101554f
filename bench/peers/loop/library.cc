// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/loop/library.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace tutti::peers {

float* Library::Allocate(size_t bytes) {
  constexpr size_t kPage = 4096;
  void* const memory = std::aligned_alloc(kPage, std::max(bytes + kPage - 1, kPage) / kPage * kPage);
  if (memory == nullptr) throw std::bad_alloc();
  return static_cast<float*>(memory);
}

}  // namespace tutti::peers
