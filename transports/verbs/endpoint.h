// SPDX-License-Identifier: Apache-2.0
// The transport itself, behind verbs_transport.h, which shows no verbs types.
//
// One class told over three files: endpoint.cc (making, requests), endpoint_connect.cc (peers come and go, over the
// control transport), endpoint_poll.cc (completions and sleeping).
#ifndef TUTTI_TRANSPORTS_VERBS_ENDPOINT_H_
#define TUTTI_TRANSPORTS_VERBS_ENDPOINT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/unique_fd.h"
#include "lib/transport/memory_registry.h"
#include "transports/verbs/link.h"
#include "transports/verbs/link_context.h"
#include "transports/verbs/verbs_transport.h"

namespace tutti::verbs {

class Endpoint final : public VerbsTransport, private MemoryRegistry {
 public:
  Endpoint(const VerbsOptions& options, std::unique_ptr<Transport> control, Clock& clock);
  ~Endpoint() override;
  absl::Status Open();

  const TransportCapabilities& capabilities() const override { return capabilities_; }
  const TransportCounters& counters() const override { return context_.counters; }
  std::string DescribeDevice() const override;

  std::string Address() const override;
  bool Reaches(absl::string_view address) const override;
  absl::Status Connect(int32_t peer, absl::string_view address) override;
  std::string PeerError(int32_t peer) const override;
  void CloseChannel(uint32_t channel) override;
  void ClosePeer(int32_t peer) override;
  void VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const override;
  void PostSends(absl::Span<const SendRequest> requests) override;
  void PostRecvs(absl::Span<const RecvRequest> requests) override;
  size_t Poll(absl::Span<Completion> out) override;
  bool HasUnsentBytes() const override;
  MemoryRegistry* memory() override { return this; }
  int wait_fd() const override { return epoll_.get(); }
  bool PrepareToSleep() override;

 private:
  absl::StatusOr<MemoryRegistry::Handle> Register(const MemoryRange& range) override;
  absl::Status OpenRail(std::unique_ptr<Device> device, uint64_t slot_bytes);
  absl::Status Watch();
  void Deregister(MemoryRegistry::Handle handle) override { context_.registrations.Release(handle); }

  static constexpr size_t kBatch = 16;  // completions that are taken at once

  Link* LinkOf(int32_t peer, uint64_t bytes) const;

  // endpoint_connect.cc
  void PollControl();
  void OnControl(const Completion& completion);
  void PassOn(Completion completion);
  void SayGoodbye();
  void CheckDevice(uint32_t rail);
  void OnDeviceEvent(uint32_t rail, ibv_event_type type, uint32_t pair_number);
  void OnPortChange(Rail& rail, const char* event);

  // endpoint_poll.cc
  bool PollQueue(uint32_t rail, bool without_limit);
  void TakeAllCompletions();  // of a peer that goes: what it sent before lies in the completion queues
  void OnCompletion(uint32_t rail, const ibv_wc& completion);
  void OnFailedCompletion(uint32_t rail, const ibv_wc& completion);
  PairOwner* OwnerOf(uint32_t rail, const ibv_wc& completion);
  void SettleUpset();
  bool ControlIsDue();
  void RetryWaiters();
  void PumpDirty();

  VerbsOptions options_;
  Clock& clock_;
  TransportCapabilities capabilities_;
  std::string network_;  // of the rails' ports
  std::unique_ptr<Transport> control_;
  LinkContext context_;
  std::vector<std::unique_ptr<Link>> links_;  // by rank, from Connect on; destroyed before what they are made from
  UniqueFd epoll_;
  std::vector<Link*> scratch_;

  // Completions that were found while going to sleep.
  std::array<ibv_wc, kBatch> found_;
  size_t num_found_ = 0;
  uint32_t found_rail_ = 0;
  bool control_is_due_ = true;
  int polls_since_control_ = 0;
  int64_t control_asked_ns_ = 0;
};

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_ENDPOINT_H_
