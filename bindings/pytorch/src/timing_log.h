// SPDX-License-Identifier: Apache-2.0
// How long the latest operations of a group took, and what the time was spent on, as tutti measured it.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_TIMING_LOG_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_TIMING_LOG_H_

#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

#include <tutti/tutti.h>

namespace tutti_torch {

struct OperationTiming {
  const char* name = "";  // lives for ever
  tutti_timing_t timing = TUTTI_TIMING_INIT;
};

// Any thread.
class TimingLog {
 public:
  // Those before the latest kCapacity that nobody has taken are forgotten.
  static constexpr size_t kCapacity = 4096;

  // Of the request that this thread has just waited for.
  void AddLast(const char* name);

  // What was added since the last call.
  std::vector<OperationTiming> Take();

 private:
  std::mutex mutex_;
  std::deque<OperationTiming> entries_;
};

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_TIMING_LOG_H_
