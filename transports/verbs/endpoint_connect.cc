// SPDX-License-Identifier: Apache-2.0
// Peers come and go over the control transport: an introduction each way, then, when an end has joined its queue pair
// with the other's, the word that it has. The third message is a goodbye. Waiting for it is also what makes the control
// transport notice that a peer is gone that could say none.
#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

#include "lib/base/log.h"
#include "transports/verbs/endpoint.h"

namespace tutti::verbs {
namespace {

constexpr uint64_t kSignature = 0x7665726273;
constexpr int64_t kGoodbyeNs = 100 * kNsPerMs;  // for the kernel to take all goodbyes
enum Part : uint32_t { kHelloPart = 0, kReadyPart = 1, kGoodbyePart = 2 };

RecvRequest Await(int32_t peer, Part part, void* data, uint64_t bytes) {
  RecvRequest request;
  request.peer = peer;
  request.id.index = part;
  request.signature = kSignature;
  request.data = data;
  request.bytes = bytes;
  request.context = part;
  return request;
}

SendRequest Tell(int32_t peer, Part part, const void* data, uint64_t bytes) {
  SendRequest request;
  request.peer = peer;
  request.id.index = part;
  request.signature = kSignature;
  request.data = data;
  request.bytes = bytes;
  return request;
}

}  // namespace

void Endpoint::Introduce(int32_t peer) {
  Peer& entry = peers_[static_cast<size_t>(peer)];
  const absl::Status status = entry.link->Prepare();
  if (!status.ok()) {
    entry.link->Fail(status.message());
    return;
  }
  EncodeHello(entry.link->Introduction(), entry.hello_out.data());
  const RecvRequest awaited[] = {Await(peer, kHelloPart, entry.hello_in.data(), kHelloBytes),
                                 Await(peer, kReadyPart, nullptr, 0),
                                 Await(peer, kGoodbyePart, entry.goodbye_in.data(), kGoodbyeBytes)};
  control_->PostRecvs(awaited);
  const SendRequest hello = Tell(peer, kHelloPart, entry.hello_out.data(), kHelloBytes);
  control_->PostSends({&hello, 1});
}

void Endpoint::PollControl() {
  control_is_due_ = false;
  polls_since_control_ = 0;
  std::array<Completion, kBatch> completions;
  size_t count = 0;
  do {
    count = control_->Poll(absl::MakeSpan(completions));
    for (size_t i = 0; i < count; ++i) OnControl(completions[i]);
  } while (count == completions.size());
  CheckDevice();
  if (context_.num_leaving == 0) return;
  const int64_t now_ns = clock_.NowNs();
  for (Peer& peer : peers_) {
    if (peer.link != nullptr) peer.link->CheckLeaving(now_ns);
  }
}

void Endpoint::OnControl(const Completion& completion) {
  Peer& entry = peers_[static_cast<size_t>(completion.peer)];
  if (entry.link == nullptr || entry.link->state() == Link::State::kFailed) return;
  switch (completion.kind) {
    case CompletionKind::kSendDone:
    case CompletionKind::kRecvView:
      return;
    case CompletionKind::kRecvDone:
      if (completion.context == kHelloPart) {
        OnHello(completion.peer);
      } else if (completion.context == kGoodbyePart) {
        OnGoodbye(completion.peer);
      } else {
        entry.ready = true;
        if (entry.joined) entry.link->Open();
      }
      return;
    case CompletionKind::kMismatch:
      entry.link->Fail("the peer introduces itself in another way; do all ranks run the same tutti?");
      return;
    case CompletionKind::kPeerFailed: {
      TakeAllCompletions();
      const std::string why = control_->PeerError(completion.peer);
      entry.link->ControlLost(why.substr(0, why.find(" while ")), clock_.NowNs());
      return;
    }
  }
}

void Endpoint::OnHello(int32_t peer) {
  Peer& entry = peers_[static_cast<size_t>(peer)];
  Hello hello;
  const char* wrong = DecodeHello(entry.hello_in.data(), &hello);
  if (wrong != nullptr) {
    entry.link->Fail(absl::StrCat("the peer broke the protocol: it sent ", wrong));
    return;
  }
  const absl::Status status = entry.link->Join(hello);
  if (!status.ok()) {
    entry.link->Fail(status.message());
    return;
  }
  entry.joined = true;
  const SendRequest ready = Tell(peer, kReadyPart, nullptr, 0);
  control_->PostSends({&ready, 1});
  if (entry.ready) entry.link->Open();
}

void Endpoint::OnGoodbye(int32_t peer) {
  Peer& entry = peers_[static_cast<size_t>(peer)];
  TakeAllCompletions();
  uint64_t writes_received = 0;
  std::memcpy(&writes_received, entry.goodbye_in.data(), kGoodbyeBytes);
  entry.link->PeerLeft(writes_received, clock_.NowNs());
}

// This endpoint is about to go, and its queue pairs with it.
void Endpoint::SayGoodbye() {
  const auto is_open = [](const Peer& peer) {
    return peer.link != nullptr && peer.link->state() == Link::State::kOpen;
  };
  if (std::none_of(peers_.begin(), peers_.end(), is_open)) return;
  TakeAllCompletions();
  for (Peer& entry : peers_) {
    if (!is_open(entry)) continue;
    const uint64_t writes_received = entry.link->writes_received();
    std::memcpy(entry.goodbye_out.data(), &writes_received, kGoodbyeBytes);
    const SendRequest goodbye = Tell(entry.link->peer(), kGoodbyePart, entry.goodbye_out.data(), kGoodbyeBytes);
    control_->PostSends({&goodbye, 1});
  }
  std::array<Completion, kBatch> unneeded;
  const int64_t deadline_ns = clock_.NowNs() + kGoodbyeNs;
  while (control_->HasUnsentBytes() && clock_.NowNs() < deadline_ns) (void)control_->Poll(absl::MakeSpan(unneeded));
}

// Events of the device itself.
void Endpoint::CheckDevice() {
  ibv_async_event event = {};
  while (::ibv_get_async_event(context_.device->context.get(), &event) == 0) {
    const char* name = ::ibv_event_type_str(event.event_type);
    const uint32_t number = event.event_type <= IBV_EVENT_PATH_MIG_ERR && event.event_type != IBV_EVENT_CQ_ERR
                                ? event.element.qp->qp_num
                                : 0;
    ::ibv_ack_async_event(&event);
    switch (event.event_type) {
      case IBV_EVENT_QP_FATAL:
      case IBV_EVENT_QP_REQ_ERR:
      case IBV_EVENT_QP_ACCESS_ERR: {
        const auto found = context_.pair_of_number.find(number);
        const PairOwner* owner = found == context_.pair_of_number.end() ? nullptr : context_.pairs.Get(found->second);
        if (owner != nullptr) owner->link->OnPairFailed(*owner, absl::StrCat(name, " on ", context_.device->name));
        break;
      }
      case IBV_EVENT_DEVICE_FATAL:
      case IBV_EVENT_CQ_ERR:
      case IBV_EVENT_SRQ_ERR:
        for (Peer& peer : peers_) {
          if (peer.link != nullptr) peer.link->Fail(absl::StrCat("RDMA device ", context_.device->name, ": ", name));
        }
        break;
      case IBV_EVENT_PORT_ACTIVE:
      case IBV_EVENT_LID_CHANGE:
      case IBV_EVENT_GID_CHANGE:
        OnPortChange(name);
        break;
      case IBV_EVENT_PORT_ERR:
        TUTTI_LOG(kWarn, "RDMA port ", context_.device->name, " is down; peers are lost unless it comes back");
        break;
      default:
        break;
    }
  }
}

// Queue pairs that stand keep the address they were made with; new ones, to other peers or for other channels, use this.
void Endpoint::OnPortChange(const char* event) {
  const std::string before = DescribeDevice();
  const absl::Status status = RefreshPort(options_.port, context_.device.get());
  if (!status.ok()) {
    TUTTI_LOG(kWarn, "RDMA port ", context_.device->name, " (", event, "): ", status.message(),
              "; new connections are tried with the old address");
  } else if (DescribeDevice() != before) {
    TUTTI_LOG(kInfo, "RDMA port ", DescribeDevice(), " (", event, "), before ", before);
  }
}

}  // namespace tutti::verbs
