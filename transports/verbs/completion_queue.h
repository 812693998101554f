// SPDX-License-Identifier: Apache-2.0
// The completion queue of a transport, and how it wakes a sleeper. Its users say how many completions they can cause, so
// that it never overflows.
#ifndef TUTTI_TRANSPORTS_VERBS_COMPLETION_QUEUE_H_
#define TUTTI_TRANSPORTS_VERBS_COMPLETION_QUEUE_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"

#include "transports/verbs/device.h"
#include "transports/verbs/handles.h"

namespace tutti::verbs {

class CompletionQueue {
 public:
  ~CompletionQueue();

  absl::Status Open(const Device& device, uint32_t entries);
  ibv_cq* get() const { return queue_.get(); }
  int fd() const { return channel_->fd; }

  // Makes room for more completions at once.
  absl::Status Reserve(uint32_t entries);
  void Release(uint32_t entries) { reserved_ -= entries; }

  // How many there were; negative: the device is broken.
  int Poll(absl::Span<ibv_wc> out) { return ::ibv_poll_cq(queue_.get(), static_cast<int>(out.size()), out.data()); }

  // fd() becomes readable at the next completion. Those that are there already do not count: look for them after this.
  void Arm();
  // Takes what made fd() readable.
  void Disarm();

 private:
  ChannelHandle channel_;
  QueueHandle queue_;
  uint32_t capacity_ = 0;
  uint32_t reserved_ = 0;
  unsigned int unacknowledged_ = 0;  // events
  bool armed_ = false;
};

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_COMPLETION_QUEUE_H_
