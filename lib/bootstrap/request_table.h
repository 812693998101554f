// SPDX-License-Identifier: Apache-2.0
// Requests that wait for the service's answer: callers wait, the watcher completes. All functions: any thread.
#ifndef TUTTI_LIB_BOOTSTRAP_REQUEST_TABLE_H_
#define TUTTI_LIB_BOOTSTRAP_REQUEST_TABLE_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/bootstrap/message.h"

namespace tutti {

class RequestTable {
 public:
  // The number for the next request. Each must be waited for once.
  uint64_t Open();

  // The answer; the error after FailAll; DeadlineExceeded.
  absl::StatusOr<Message> Wait(uint64_t request, int64_t deadline_ns);

  // An answer arrived. One that nobody waits for (any more) is dropped.
  void Complete(Message answer);

  // There will be no more answers: every waiting and every later request ends with this. The first call counts.
  void FailAll(const absl::Status& status);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t next_ = 1;
  absl::flat_hash_map<uint64_t, std::optional<Message>> open_;
  absl::Status failure_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_REQUEST_TABLE_H_
