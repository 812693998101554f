// SPDX-License-Identifier: Apache-2.0
// What a communicator does about operations that took longer than their budget: it calls whoever asked for it, and writes a
// line to the log, at most one a second. A budget is soft: nothing fails.
//
// THREADS. Any.
#ifndef TUTTI_LIB_COMM_BUDGET_WATCH_H_
#define TUTTI_LIB_COMM_BUDGET_WATCH_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "absl/functional/function_ref.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/telemetry/operation_timing.h"

namespace tutti {

struct Overrun {
  OperationTiming timing;
  int64_t budget_ns = 0;
  int32_t culprit = -1;  // rank in the communicator; -1: this one, or nobody
  const std::string& sentence;
};

class BudgetWatch {
 public:
  using Callback = std::function<void(const Overrun&)>;

  // Of operations without one of their own; kForeverNs: none.
  int64_t budget_ns() const { return budget_ns_.load(std::memory_order_relaxed); }
  void SetBudget(int64_t budget_ns) { budget_ns_.store(budget_ns, std::memory_order_relaxed); }
  // nullptr: nobody. When it returns, the former callback is not running any more, and will not be called again.
  void SetCallback(Callback callback);

  // `describe` is called only if somebody will read the sentence.
  void Tell(const OperationTiming& timing, int64_t budget_ns, int64_t now_ns,
            absl::FunctionRef<std::string()> describe);

 private:
  std::atomic<int64_t> budget_ns_{kForeverNs};
  std::mutex mutex_;  // held while the callback runs
  Callback callback_;
  LogLimiter limiter_{kNsPerSecond};
};

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_BUDGET_WATCH_H_
