// SPDX-License-Identifier: Apache-2.0
#include "fork_generation.h"

#include <pthread.h>

#include <atomic>
#include <mutex>

namespace tutti_torch {
namespace {

std::atomic<int> generation{0};

}  // namespace

int ForkGeneration() {
  static std::once_flag once;
  std::call_once(once,
                 [] { pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1, std::memory_order_relaxed); }); });
  return generation.load(std::memory_order_relaxed);
}

}  // namespace tutti_torch
