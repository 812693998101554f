// SPDX-License-Identifier: Apache-2.0
// What comes over the control transport, the end of peers among it, and events of the devices.
#include <algorithm>

#include "absl/strings/str_cat.h"

#include "lib/base/log.h"
#include "transports/verbs/endpoint.h"

namespace tutti::verbs {
namespace {

constexpr int64_t kGoodbyeNs = 100 * kNsPerMs;  // for the kernel to take all goodbyes

}  // namespace

void Endpoint::PollControl() {
  // Messages may come this way, too, by view: these end with the next poll of the control transport, so there is one poll
  // of it in one of this transport, and no more of them than the caller takes at once.
  const bool carries_messages = context_.num_over_control > 0;
  std::array<Completion, kBatch> completions;
  const size_t room = carries_messages ? std::min(kBatch, context_.completions.Room()) : kBatch;
  control_is_due_ = carries_messages && room == 0;
  polls_since_control_ = 0;
  size_t count = 0;
  do {
    count = room == 0 ? 0 : control_->Poll(absl::MakeSpan(completions).first(room));
    for (size_t i = 0; i < count; ++i) OnControl(completions[i]);
  } while (count == kBatch && context_.num_over_control == 0);
  control_is_due_ |= count > 0 && count == room;
  for (uint32_t rail = 0; rail < context_.rails.size(); ++rail) CheckDevice(rail);
  if (context_.num_leaving + context_.num_stalled + context_.num_missing_rails == 0) return;
  const int64_t now_ns = clock_.NowNs();
  for (const auto& link : links_) {
    if (link == nullptr) continue;
    link->CheckLeaving(now_ns);
    link->CheckLostRails(now_ns);
  }
}

void Endpoint::OnControl(const Completion& completion) {
  Link* link = links_[static_cast<size_t>(completion.peer)].get();
  if (link == nullptr || link->state() == Link::State::kFailed) return;
  if (completion.kind == CompletionKind::kPeerFailed) {
    TakeAllCompletions();
    const std::string why = control_->PeerError(completion.peer);
    link->ControlLost(why.substr(0, why.find(" while ")), clock_.NowNs());
  } else if (completion.context == kNoticeSent) {
    link->OnNoticeSent();
  } else if (completion.context != kNoticeReceived) {
    PassOn(completion);
  } else if (completion.kind == CompletionKind::kMismatch) {
    link->Fail("the peer introduces itself in another way; do all ranks run the same tutti?");
  } else {
    TakeAllCompletions();
    link->OnNotice();
  }
}

// Of a message to or from a peer that RDMA does not reach.
void Endpoint::PassOn(Completion completion) {
  LentMemory::Buffer lent;
  if (completion.kind == CompletionKind::kRecvView && context_.completions.Room() == 0) {
    // Others came between; it must last until the next poll.
    lent.kind = LentMemory::Kind::kPooled;
    lent.pooled = context_.buffers.Allocate(completion.bytes);
    std::copy_n(static_cast<const uint8_t*>(completion.view), completion.bytes, lent.pooled.data);
    completion.view = lent.pooled.data;
  }
  context_.completions.Add(completion, kNoticeChannel, lent);
}

// This endpoint is about to go, and its queue pairs with it.
void Endpoint::SayGoodbye() {
  const auto is_there = [](const std::unique_ptr<Link>& link) {
    return link != nullptr && (link->state() == Link::State::kOpen || link->state() == Link::State::kOverControl);
  };
  if (std::none_of(links_.begin(), links_.end(), is_there)) return;
  TakeAllCompletions();
  for (const auto& link : links_) {
    if (is_there(link)) link->SayGoodbye();
  }
  std::array<Completion, kBatch> unneeded;
  const int64_t deadline_ns = clock_.NowNs() + kGoodbyeNs;
  while (control_->HasUnsentBytes() && clock_.NowNs() < deadline_ns) (void)control_->Poll(absl::MakeSpan(unneeded));
}

// Events of the device itself.
void Endpoint::CheckDevice(uint32_t rail) {
  ibv_async_event event = {};
  while (::ibv_get_async_event(context_.rails[rail]->device->context.get(), &event) == 0) {
    const bool names_pair = event.event_type <= IBV_EVENT_PATH_MIG_ERR && event.event_type != IBV_EVENT_CQ_ERR;
    const uint32_t number = names_pair ? event.element.qp->qp_num : 0;
    ::ibv_ack_async_event(&event);
    OnDeviceEvent(rail, event.event_type, number);
  }
}

void Endpoint::OnDeviceEvent(uint32_t rail, ibv_event_type type, uint32_t pair_number) {
  Rail& its = *context_.rails[rail];
  const char* name = ::ibv_event_type_str(type);
  const std::string sentence = absl::StrCat("RDMA device ", its.device->name, ": ", name);
  switch (type) {
    case IBV_EVENT_QP_FATAL:
    case IBV_EVENT_QP_REQ_ERR:
    case IBV_EVENT_QP_ACCESS_ERR: {
      const auto found = context_.pair_of_key.find(LinkContext::PairKey(rail, pair_number));
      const PairOwner* owner = found == context_.pair_of_key.end() ? nullptr : context_.pairs.Get(found->second);
      if (owner == nullptr) break;
      owner->link->OnPairFailed(PairOwner(*owner), absl::StrCat(name, " on ", its.device->name), Link::Loss::kLasting);
      break;
    }
    case IBV_EVENT_DEVICE_FATAL:
    case IBV_EVENT_CQ_ERR:
    case IBV_EVENT_SRQ_ERR:
      for (const auto& link : links_) {
        if (link != nullptr) link->OnPairFailed({.rail = rail}, sentence, Link::Loss::kLasting);
      }
      break;
    case IBV_EVENT_PORT_ACTIVE:
    case IBV_EVENT_LID_CHANGE:
    case IBV_EVENT_GID_CHANGE:
      OnPortChange(its, name);
      break;
    case IBV_EVENT_PORT_ERR:
      TUTTI_LOG(kWarn, "RDMA port ", its.device->name,
                " is down; peers that no other rail leads to are lost unless it "
                "comes back");
      for (const auto& link : links_) {
        if (link != nullptr) link->OnRailDown(rail, absl::StrCat("port ", its.device->name, " is down"));
      }
      break;
    default:
      break;
  }
}

// Queue pairs that stand keep the address they were made with; new ones, to other peers or for other channels, use this.
void Endpoint::OnPortChange(Rail& rail, const char* event) {
  const std::string before = rail.device->Describe();
  const absl::Status status = RefreshPort(options_.port, rail.device.get());
  if (!status.ok()) {
    TUTTI_LOG(kWarn, "RDMA port ", rail.device->name, " (", event, "): ", status.message(),
              "; new connections are tried with the old address");
  } else if (rail.device->Describe() != before) {
    TUTTI_LOG(kInfo, "RDMA port ", rail.device->name, ": ", rail.device->Describe(), " (", event, "), before ", before);
  }
}

}  // namespace tutti::verbs
