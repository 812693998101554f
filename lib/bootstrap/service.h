// SPDX-License-Identifier: Apache-2.0
// The control service in rank 0's process: one thread, one epoll, non-blocking connections to all ranks. It moves bytes
// between the connections and the core (service_core.h), which decides everything.
//
// It listens only until all ranks have joined. So a second job can meet at the same address afterwards, and strangers
// can knock during start-up only; then they are dropped unless they prove within a short time that they belong to the
// job.
#ifndef TUTTI_LIB_BOOTSTRAP_SERVICE_H_
#define TUTTI_LIB_BOOTSTRAP_SERVICE_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/unique_fd.h"
#include "lib/bootstrap/auth.h"
#include "lib/bootstrap/control_thread.h"

namespace tutti {

class ServiceLoop;

struct ServiceOptions {
  // Generous: on a crowded host an honest rank may be kept from its core for seconds, and a stranger costs only a
  // descriptor.
  int64_t handshake_timeout_ns = 15 * kNsPerSecond;
  // Called on the service's thread when nobody needs to find it any more: when all ranks have joined, before any of
  // them is told, and when it stops. Must not block; may be called twice.
  std::function<void()> on_all_joined;
};

class Service {
 public:
  // Takes over the listening socket and begins to serve a job of `size` ranks. ResourceExhausted if this process may
  // not open a descriptor for each rank.
  static absl::StatusOr<std::unique_ptr<Service>> Start(UniqueFd listener, const Mac& job_key, int size,
                                                        ServiceOptions options);
  ~Service();  // stops

  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Tells all ranks that rank 0 leaves in good order, closes everything and ends the thread. Waits for no rank. Any
  // thread, but not the service's; repeated calls do nothing.
  void Stop();

 private:
  explicit Service(std::unique_ptr<ServiceLoop> loop);

  const std::unique_ptr<ServiceLoop> loop_;
  ControlThread thread_;  // behind loop_: joined before it goes
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_SERVICE_H_
