// SPDX-License-Identifier: Apache-2.0
// Where the engine's driver sleeps: one epoll over the transports' descriptors and a doorbell that other threads ring. The
// doorbell costs a system call only when the driver really sleeps.
#ifndef TUTTI_LIB_ENGINE_SLEEPER_H_
#define TUTTI_LIB_ENGINE_SLEEPER_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "lib/base/unique_fd.h"

namespace tutti {

class Sleeper {
 public:
  static absl::StatusOr<std::unique_ptr<Sleeper>> Create();

  // Wakes the driver when fd becomes readable. The fd must outlive the sleeper.
  absl::Status Watch(int fd);

  // DRIVER. Announce() first, then look once more for work, then Sleep() or Cancel(): a Ring() after Announce() ends the
  // sleep, so no wake-up is lost.
  void Announce() { sleeping_.store(true, std::memory_order_seq_cst); }
  void Cancel() { sleeping_.store(false, std::memory_order_relaxed); }
  void Sleep(int64_t timeout_ns);

  // ANY THREAD, after publishing work (a sequentially consistent store or read-modify-write).
  void Ring();

 private:
  Sleeper(UniqueFd epoll, UniqueFd doorbell) : epoll_(std::move(epoll)), doorbell_(std::move(doorbell)) {}

  UniqueFd epoll_;
  UniqueFd doorbell_;
  std::atomic<bool> sleeping_{false};
};

}  // namespace tutti

#endif  // TUTTI_LIB_ENGINE_SLEEPER_H_
