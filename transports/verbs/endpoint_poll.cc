// SPDX-License-Identifier: Apache-2.0
// One turn of the transport, and how it sleeps.
#include <endian.h>

#include "transports/verbs/completion_errors.h"
#include "transports/verbs/endpoint.h"

namespace tutti::verbs {
namespace {

// A peer's end is told by the control transport; it costs system calls to ask.
constexpr int kPollsPerControl = 64;

}  // namespace

size_t Endpoint::Poll(absl::Span<Completion> out) {
  context_.completions.Begin(out);
  context_.queue.Disarm();
  while (PollQueue(/*without_limit=*/false)) {
  }
  const bool control_matters = control_is_due_ || context_.num_held > 0 || context_.num_leaving > 0;
  if (control_matters || ++polls_since_control_ >= kPollsPerControl) PollControl();
  if (context_.retry_waiters) RetryWaiters();
  PumpDirty();
  return context_.completions.End();
}

// Takes one batch of completions. False: there are no more now, or no more room for what they mean.
bool Endpoint::PollQueue(bool without_limit) {
  if (!without_limit && context_.completions.Full()) return false;
  int count = static_cast<int>(num_found_);
  if (num_found_ == 0) count = context_.queue.Poll(absl::MakeSpan(found_));
  num_found_ = 0;
  if (count < 0) {
    for (Peer& peer : peers_) {
      if (peer.link != nullptr) peer.link->Fail("the RDMA device's completion queue cannot be read");
    }
    return false;
  }
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) OnCompletion(found_[i]);
  return count > 0;
}

void Endpoint::TakeAllCompletions() {
  while (PollQueue(/*without_limit=*/true)) {
  }
}

// nullptr: of a queue pair that is gone; its late completions say nothing any more.
PairOwner* Endpoint::OwnerOf(const ibv_wc& completion) {
  if ((completion.wr_id & kTagMask) == kSendTag) return context_.pairs.Get(completion.wr_id & ~kTagMask);
  const auto found = context_.pair_of_number.find(completion.qp_num);
  return found == context_.pair_of_number.end() ? nullptr : context_.pairs.Get(found->second);
}

void Endpoint::OnCompletion(const ibv_wc& completion) {
  const uint64_t tag = completion.wr_id & kTagMask;
  if (tag == kImmediateTag) context_.immediates.Consumed();
  if (completion.status != IBV_WC_SUCCESS) {
    OnFailedCompletion(completion);
    return;
  }
  const PairOwner* owner = OwnerOf(completion);
  if (tag == kSlotTag) {
    const auto slot = static_cast<uint32_t>(completion.wr_id & ~kTagMask);
    if (owner == nullptr) {
      context_.slots.Free(slot);
    } else {
      owner->link->OnFrame(slot, completion.byte_len);
    }
    return;
  }
  if (owner == nullptr) return;
  if (tag == kSendTag) {
    owner->link->OnSent(*owner);
    return;
  }
  // A peer can name any grant here: only the one that was given to this very queue pair counts.
  const uint32_t immediate = be32toh(completion.imm_data);
  const uint32_t index = (immediate & ~kAnnounced) >> 16;
  if (index >= context_.grant_of_index.size()) return;
  const SlotPool<IssuedGrant>::Handle handle = context_.grant_of_index[index];
  const IssuedGrant* grant = context_.grants.Get(handle);
  if (grant == nullptr || (handle >> 32 & 0xffff) != (immediate & 0xffff)) return;
  if (grant->pair_number != completion.qp_num || grant->link != owner->link) return;
  const IssuedGrant taken = *grant;
  (void)context_.grants.Release(handle);
  if (!context_.waiters.empty()) context_.retry_waiters = true;
  taken.link->OnWritten(taken, completion.byte_len, immediate);
}

void Endpoint::OnFailedCompletion(const ibv_wc& completion) {
  const PairOwner* owner = OwnerOf(completion);
  if ((completion.wr_id & kTagMask) == kSlotTag) {
    context_.slots.Free(static_cast<uint32_t>(completion.wr_id & ~kTagMask));
  }
  if (owner == nullptr) return;
  owner->link->OnPairFailed(*owner, CompletionSentence(completion, *context_.device, options_.port));
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
  if (context_.num_leaving > 0 || num_found_ > 0) return false;
  control_is_due_ = true;  // whatever wakes the sleeper, the next poll looks at everything
  if (!control_->PrepareToSleep()) return false;
  context_.queue.Arm();
  const int count = context_.queue.Poll(absl::MakeSpan(found_));
  if (count == 0) return true;
  // An error is found again, and handled, by the next poll.
  num_found_ = count > 0 ? static_cast<size_t>(count) : 0;
  return false;
}

}  // namespace tutti::verbs
