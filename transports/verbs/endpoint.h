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
  absl::StatusOr<MemoryRegistry::Handle> Register(void* data, uint64_t bytes) override;
  void Deregister(MemoryRegistry::Handle handle) override { context_.registrations.Release(handle); }

  static constexpr size_t kBatch = 16;  // completions that are taken at once

  struct Peer {
    std::unique_ptr<Link> link;  // from Connect on
    bool joined = false;
    bool ready = false;  // the peer has joined, too
    std::array<uint8_t, kHelloBytes> hello_out = {};
    std::array<uint8_t, kHelloBytes> hello_in = {};
    std::array<uint8_t, kGoodbyeBytes> goodbye_out = {};
    std::array<uint8_t, kGoodbyeBytes> goodbye_in = {};
  };

  Link* LinkOf(int32_t peer, uint64_t bytes) const;

  // endpoint_connect.cc
  void Introduce(int32_t peer);
  void PollControl();
  void OnControl(const Completion& completion);
  void OnHello(int32_t peer);
  void OnGoodbye(int32_t peer);
  void SayGoodbye();
  void CheckDevice();
  void OnPortChange(const char* event);

  // endpoint_poll.cc
  bool PollQueue(bool without_limit);
  void TakeAllCompletions();  // of a peer that goes: what it sent before lies in the completion queue
  void OnCompletion(const ibv_wc& completion);
  void OnFailedCompletion(const ibv_wc& completion);
  PairOwner* OwnerOf(const ibv_wc& completion);
  void RetryWaiters();
  void PumpDirty();

  VerbsOptions options_;
  Clock& clock_;
  TransportCapabilities capabilities_;
  std::string network_;  // of the device's port
  std::unique_ptr<Transport> control_;
  LinkContext context_;
  std::vector<Peer> peers_;  // by rank; destroyed before what their queue pairs are made from
  UniqueFd epoll_;
  std::vector<Link*> scratch_;

  // Completions that were found while going to sleep.
  std::array<ibv_wc, kBatch> found_;
  size_t num_found_ = 0;
  bool control_is_due_ = true;
  int polls_since_control_ = 0;
};

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_ENDPOINT_H_
