// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/completion_queue.h"

#include <fcntl.h>

#include <algorithm>
#include <bit>
#include <cerrno>

#include "absl/strings/str_cat.h"

namespace tutti::verbs {
namespace {

// Acknowledging takes a lock.
constexpr unsigned int kEventsPerAcknowledgement = 64;

}  // namespace

CompletionQueue::~CompletionQueue() {
  if (queue_ != nullptr && unacknowledged_ > 0) ::ibv_ack_cq_events(queue_.get(), unacknowledged_);
}

absl::Status CompletionQueue::Open(const Device& device, uint32_t entries) {
  channel_.reset(::ibv_create_comp_channel(device.context.get()));
  if (channel_ == nullptr) {
    return absl::UnavailableError(absl::StrCat("no completion channel on ", device.name, ": ", VerbsErrorName(errno)));
  }
  const int flags = ::fcntl(channel_->fd, F_GETFL);
  if (flags < 0 || ::fcntl(channel_->fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return absl::UnavailableError("a completion channel cannot be made non-blocking");
  }
  capacity_ = std::min(entries, static_cast<uint32_t>(device.attributes.max_cqe));
  queue_.reset(::ibv_create_cq(device.context.get(), static_cast<int>(capacity_), nullptr, channel_.get(), 0));
  if (queue_ != nullptr) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("no completion queue for ", capacity_, " entries on ", device.name, ": ", VerbsErrorName(errno)));
}

absl::Status CompletionQueue::Reserve(uint32_t entries) {
  if (reserved_ + entries > capacity_) {
    const uint32_t wanted = std::bit_ceil(reserved_ + entries);
    const int error = ::ibv_resize_cq(queue_.get(), static_cast<int>(wanted));
    if (error != 0) {
      return absl::ResourceExhaustedError(absl::StrCat("the completion queue cannot grow from ", capacity_, " to ",
                                                       wanted, " entries: ", VerbsErrorName(error)));
    }
    capacity_ = wanted;
  }
  reserved_ += entries;
  return absl::OkStatus();
}

void CompletionQueue::Arm() {
  Disarm();
  (void)::ibv_req_notify_cq(queue_.get(), 0);
  armed_ = true;
}

void CompletionQueue::Disarm() {
  if (!armed_) return;
  armed_ = false;
  ibv_cq* queue = nullptr;
  void* context = nullptr;
  while (::ibv_get_cq_event(channel_.get(), &queue, &context) == 0) ++unacknowledged_;
  if (unacknowledged_ < kEventsPerAcknowledgement) return;
  ::ibv_ack_cq_events(queue_.get(), unacknowledged_);
  unacknowledged_ = 0;
}

}  // namespace tutti::verbs
