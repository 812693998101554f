// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/budget_watch.h"

#include <utility>

#include "lib/telemetry/overrun.h"

namespace tutti {

void BudgetWatch::SetCallback(Callback callback) {
  std::lock_guard<std::mutex> lock(mutex_);
  callback_ = std::move(callback);
}

void BudgetWatch::Tell(const OperationTiming& timing, int64_t budget_ns, int64_t now_ns,
                       absl::FunctionRef<std::string()> describe) {
  uint64_t held_back = 0;
  const bool log = LogEnabled(LogLevel::kWarn) && limiter_.Allow(now_ns, &held_back);
  std::lock_guard<std::mutex> lock(mutex_);
  if (!log && callback_ == nullptr) return;
  const std::string sentence = describe();
  if (callback_ != nullptr) callback_({timing, budget_ns, CulpritOf(timing), sentence});
  if (!log) return;
  TUTTI_LOG(kWarn, sentence, held_back > 0 ? absl::StrCat(" (", held_back, " more since the last such line)") : "");
}

}  // namespace tutti
