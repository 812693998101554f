// SPDX-License-Identifier: Apache-2.0
// How long the latest operations of a group took, and what the time was spent on, as tutti measured it.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_TIMING_LOG_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_TIMING_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include <tutti/tutti.h>

namespace tutti_torch {

struct OperationTiming {
  const char* name = "";  // lives for ever
  int64_t begun_ns = 0;   // when it was started, since 1970
  tutti_timing_t timing = TUTTI_TIMING_INIT;
};

// The time since 1970, by the host's clock.
int64_t WallClockNs();

// Any thread.
class TimingLog {
 public:
  // Those before the latest kCapacity that nobody has taken are forgotten.
  static constexpr size_t kCapacity = 4096;

  // Of the request that this thread has just waited for.
  void AddLast(const char* name, int64_t begun_ns);

  // What was added since the last call.
  std::vector<OperationTiming> Take();

  // Beside that, a recording keeps what is added from its start to its end, at most the first kLongestRecording. One at a time:
  // false if there is one already.
  static constexpr size_t kLongestRecording = size_t{1} << 20;
  bool StartRecording();
  std::vector<OperationTiming> StopRecording();

 private:
  std::mutex mutex_;
  std::deque<OperationTiming> entries_;
  bool recording_ = false;
  std::vector<OperationTiming> recorded_;
};

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_TIMING_LOG_H_
