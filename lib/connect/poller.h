// SPDX-License-Identifier: Apache-2.0
// One epoll for all descriptors of a transport, and a timer in it, so that one descriptor tells a sleeper everything.
// It never knows what a descriptor is for: whoever adds one gets its tag back.
#ifndef TUTTI_LIB_CONNECT_POLLER_H_
#define TUTTI_LIB_CONNECT_POLLER_H_

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"

#include "lib/base/unique_fd.h"

namespace tutti::connect {

// Level-triggered. A descriptor that is closed leaves by itself.
class Poller {
 public:
  // Never given to a caller's descriptor.
  static constexpr uint64_t kTimerTag = UINT64_MAX;

  absl::Status Open();
  int fd() const { return epoll_.get(); }

  // `events` as for epoll_ctl. False if the kernel refuses (out of memory or watches).
  [[nodiscard]] bool Add(int fd, uint32_t events, uint64_t tag);
  void Modify(int fd, uint32_t events, uint64_t tag);
  void Remove(int fd);

  // Without waiting: how many events there are. Timer events are swallowed.
  size_t Check(absl::Span<epoll_event> events);

  // fd() becomes readable in `delay_ns`; never, if it is negative.
  void SetTimer(int64_t delay_ns);

 private:
  UniqueFd epoll_;
  UniqueFd timer_;
  bool timer_set_ = false;
};

}  // namespace tutti::connect

#endif  // TUTTI_LIB_CONNECT_POLLER_H_
