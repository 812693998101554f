// SPDX-License-Identifier: Apache-2.0
// One turn of the transport, and how it sleeps.
#include <endian.h>

#include <string>
#include <utility>

#include "transports/verbs/completion_errors.h"
#include "transports/verbs/endpoint.h"

namespace tutti::verbs {
namespace {

// A peer's end is told by the control transport; it costs system calls to ask, which whoever spins for a completion must
// not make all the time: on soft-RoCE the kernel moves the packets on the same cores.
constexpr int kPollsPerControl = 64;  // as looking at the clock costs something, too
constexpr int64_t kControlIntervalNs = kNsPerMs / 5;

// Soft-RoCE says IBV_WC_LOC_QP_OP_ERR where its network interface is down.
Link::Loss LossOf(ibv_wc_status status) {
  switch (status) {
    case IBV_WC_RETRY_EXC_ERR:
    case IBV_WC_RNR_RETRY_EXC_ERR:
    case IBV_WC_LOC_QP_OP_ERR:
    case IBV_WC_WR_FLUSH_ERR:
      return Link::Loss::kOfPackets;
    default:
      return Link::Loss::kLasting;
  }
}

}  // namespace

size_t Endpoint::Poll(absl::Span<Completion> out) {
  context_.completions.Begin(out);
  for (uint32_t rail = 0; rail < context_.rails.size(); ++rail) {
    context_.rails[rail]->queue.Disarm();
    while (PollQueue(rail, /*without_limit=*/false)) {
    }
  }
  const bool control_matters = control_is_due_ || context_.num_held > 0 || context_.num_leaving > 0 ||
                               context_.num_stalled > 0 || context_.num_over_control > 0 || !context_.upset.empty();
  if (control_matters || ControlIsDue()) PollControl();
  if (!context_.upset.empty()) SettleUpset();
  if (context_.retry_waiters) RetryWaiters();
  PumpDirty();
  return context_.completions.End();
}

bool Endpoint::ControlIsDue() {
  if (++polls_since_control_ < kPollsPerControl) return false;
  polls_since_control_ = 0;
  const int64_t now_ns = clock_.NowNs();
  if (now_ns - control_asked_ns_ < kControlIntervalNs) return false;
  control_asked_ns_ = now_ns;
  return true;
}

// Takes one batch of completions. False: there are no more now, or no more room for what they mean.
bool Endpoint::PollQueue(uint32_t rail, bool without_limit) {
  if (!without_limit && context_.completions.Full()) return false;
  int count = 0;
  if (num_found_ > 0 && found_rail_ == rail) {
    count = static_cast<int>(std::exchange(num_found_, 0));
  } else if (num_found_ == 0) {
    count = context_.rails[rail]->queue.Poll(absl::MakeSpan(found_));
  } else {
    while (PollQueue(found_rail_, true)) {
    }
    return PollQueue(rail, without_limit);
  }
  if (count < 0) {
    for (const auto& link : links_) {
      if (link == nullptr) continue;
      link->OnPairFailed({.rail = rail}, "the RDMA device's completion queue cannot be read", Link::Loss::kLasting);
    }
    return false;
  }
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) OnCompletion(rail, found_[i]);
  return count > 0;
}

void Endpoint::TakeAllCompletions() {
  for (uint32_t rail = 0; rail < context_.rails.size(); ++rail) {
    while (PollQueue(rail, /*without_limit=*/true)) {
    }
  }
}

void Endpoint::SettleUpset() {
  TakeAllCompletions();
  while (!context_.upset.empty()) {
    Link* link = context_.upset.back();
    context_.upset.pop_back();
    link->in_upset_list = false;
    link->Settle();
  }
}

// nullptr: of a queue pair that is gone; its late completions say nothing any more.
PairOwner* Endpoint::OwnerOf(uint32_t rail, const ibv_wc& completion) {
  if ((completion.wr_id & kTagMask) == kSendTag) return context_.pairs.Get(completion.wr_id & ~kTagMask);
  const auto found = context_.pair_of_key.find(LinkContext::PairKey(rail, completion.qp_num));
  return found == context_.pair_of_key.end() ? nullptr : context_.pairs.Get(found->second);
}

void Endpoint::OnCompletion(uint32_t rail, const ibv_wc& completion) {
  const uint64_t tag = completion.wr_id & kTagMask;
  if (tag == kImmediateTag) context_.rails[rail]->immediates.Consumed();
  if (completion.status != IBV_WC_SUCCESS) {
    OnFailedCompletion(rail, completion);
    return;
  }
  const PairOwner* owner = OwnerOf(rail, completion);
  if (tag == kSlotTag) {
    const auto slot = static_cast<uint32_t>(completion.wr_id & ~kTagMask);
    if (owner == nullptr) {
      context_.rails[rail]->slots.Free(slot);
    } else {
      owner->link->OnFrame(rail, slot, completion.byte_len);
    }
    return;
  }
  if (owner == nullptr) return;
  if (tag == kSendTag) {
    owner->link->OnSent(PairOwner(*owner));
    return;
  }
  // A peer can name any grant here: only the one that was given to this very queue pair counts.
  const uint32_t immediate = be32toh(completion.imm_data);
  const uint32_t index = (immediate & ~kAnnounced) >> 16;
  if (index >= context_.grant_of_index.size()) return;
  const SlotPool<IssuedGrant>::Handle handle = context_.grant_of_index[index];
  const IssuedGrant* grant = context_.grants.Get(handle);
  if (grant == nullptr || (handle >> 32 & 0xffff) != (immediate & 0xffff)) return;
  if (grant->pair_number != completion.qp_num || grant->rail != rail || grant->link != owner->link) return;
  const IssuedGrant taken = *grant;
  (void)context_.grants.Release(handle);
  if (!context_.waiters.empty()) context_.retry_waiters = true;
  taken.link->OnWritten(taken, completion.byte_len, immediate);
}

void Endpoint::OnFailedCompletion(uint32_t rail, const ibv_wc& completion) {
  const PairOwner* owner = OwnerOf(rail, completion);
  if ((completion.wr_id & kTagMask) == kSlotTag) {
    context_.rails[rail]->slots.Free(static_cast<uint32_t>(completion.wr_id & ~kTagMask));
  }
  if (owner == nullptr) return;
  const std::string sentence = CompletionSentence(completion, *context_.rails[rail]->device, options_.port);
  owner->link->OnPairFailed(PairOwner(*owner), sentence, LossOf(completion.status));
}

void Endpoint::RetryWaiters() {
  context_.retry_waiters = false;
  for (size_t left = context_.waiters.size(); left > 0; --left) {
    const Waiter waiter = context_.waiters.Pop();
    if (!waiter.link->RetryGrant(waiter.id)) (void)context_.waiters.Push(waiter);
  }
}

void Endpoint::PumpDirty() {
  // Send slots may be free again.
  scratch_.swap(context_.starved);
  context_.starved.clear();
  for (Link* link : scratch_) {
    link->in_starved_list = false;
    link->Pump();
  }
  scratch_.clear();
  scratch_.swap(context_.dirty);
  for (Link* link : scratch_) {
    link->in_dirty_list = false;
    link->Pump();
  }
  scratch_.clear();
}

bool Endpoint::PrepareToSleep() {
  if (!context_.dirty.empty() || context_.completions.HasQueued() || context_.retry_waiters) return false;
  if (!context_.upset.empty() || context_.num_leaving > 0 || num_found_ > 0) return false;
  if (context_.num_over_control > 0 && control_is_due_) return false;
  control_is_due_ = true;  // whatever wakes the sleeper, the next poll looks at everything
  if (!control_->PrepareToSleep()) return false;
  for (uint32_t rail = 0; rail < context_.rails.size(); ++rail) {
    CompletionQueue& queue = context_.rails[rail]->queue;
    queue.Arm();
    const int count = queue.Poll(absl::MakeSpan(found_));
    if (count == 0) continue;
    // An error is found again, and handled, by the next poll.
    num_found_ = count > 0 ? static_cast<size_t>(count) : 0;
    found_rail_ = rail;
    return false;
  }
  return true;
}

}  // namespace tutti::verbs
