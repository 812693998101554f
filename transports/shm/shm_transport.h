// SPDX-License-Identifier: Apache-2.0
// The shared-memory transport: one segment per pair of ranks of a host, made when both ends ask for it. See README.md
// for the protocol and lib/transport/transport.h for what it promises.
//
// The ranks meet over abstract Unix sockets and prove the job's secret as they do over TCP; then the lower rank of a pair
// makes the segment and hands it over. The sockets stay, to carry descriptors and to tell when a process is gone.
#ifndef TUTTI_TRANSPORTS_SHM_SHM_TRANSPORT_H_
#define TUTTI_TRANSPORTS_SHM_SHM_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

#include "lib/connect/acceptor.h"
#include "lib/connect/dialer.h"
#include "lib/connect/poller.h"
#include "lib/transport/memory_registry.h"
#include "lib/transport/transport.h"
#include "lib/transport/window_source.h"
#include "transports/shm/fd_channel.h"
#include "transports/shm/pair.h"
#include "transports/shm/shm_options.h"

namespace tutti::shm {

class ShmTransport final : public Transport, public WindowSource, private MemoryRegistry {
 public:
  // Begins to listen. Errors: an option out of range, no descriptors or memory left, memfd not allowed.
  static absl::StatusOr<std::unique_ptr<ShmTransport>> Create(const ShmOptions& options);
  ~ShmTransport() override;

  const TransportCapabilities& capabilities() const override { return capabilities_; }
  const TransportCounters& counters() const override { return context_.counters; }

  std::string Address() const override { return address_.Encode(); }
  absl::Status Connect(int32_t peer, absl::string_view address) override;
  std::string PeerError(int32_t peer) const override;
  void CloseChannel(uint32_t channel) override;
  void ClosePeer(int32_t peer) override;
  void VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const override;
  void PostSends(absl::Span<const SendRequest> requests) override;
  void PostRecvs(absl::Span<const RecvRequest> requests) override;
  size_t Poll(absl::Span<Completion> out) override;
  bool HasUnsentBytes() const override;
  WindowSource* windows() override { return this; }
  MemoryRegistry* memory() override { return this; }
  int wait_fd() const override { return poller_.fd(); }
  bool PrepareToSleep() override;

  // WindowSource (shm_windows.cc)
  absl::StatusOr<std::byte*> OpenWindow(uint32_t channel, size_t bytes, absl::Span<const int32_t> peers) override;
  PeerWindow FindWindow(uint32_t channel, int32_t peer) override;
  void CloseWindow(uint32_t channel) override;
  RegionPlace PlaceOf(const void* data, uint64_t bytes, absl::Span<const int32_t> peers) const override;
  const std::byte* ReadPlace(int32_t peer, const RegionPlace& place, uint64_t bytes) const override;
  std::string WhyGone(int32_t peer) const override;
  void Wake(int32_t peer) override;

  // For tests and tutti-info: whether large messages of the peer are read out of its memory.
  bool ReadsMemoryOf(int32_t peer) const { return peers_[static_cast<size_t>(peer)].reads_memory; }

 private:
  struct Peer {
    std::unique_ptr<Pair> pair;               // from Connect on
    std::unique_ptr<connect::Dialer> dialer;  // until the connection stands
    std::optional<connect::Admitted> early;   // it connected before this rank's Connect
    connect::EndpointAddress address;
    FdChannel channel;     // from the proof on
    SharedMemory segment;  // of the lower rank, until the peer has attached
    UniqueFd doorbell;     // the peer's
    bool barrier_needed = true;
    bool reads_memory = false;
  };
  struct Window {
    SharedMemory own;
    std::vector<int32_t> members;  // that are to see it
    absl::flat_hash_map<int32_t, SharedMemory> peers;
  };

  explicit ShmTransport(const ShmOptions& options);
  absl::Status Open();

  // MemoryRegistry (shm_regions.cc)
  absl::StatusOr<MemoryRegistry::Handle> Register(const MemoryRange& range) override;
  void Deregister(MemoryRegistry::Handle handle) override;
  void ShareRegion(const SharedRegions::Region& region, Peer& peer);
  void OnRegion(int32_t peer, ReceivedNote& received);
  void OnRegionEnd(int32_t peer, const Note& note);

  // shm_connect.cc
  void OnDial(int32_t peer, connect::Dialer::Outcome outcome);
  void OnAdmitted(connect::Admitted admitted);
  void Greet(int32_t peer, connect::Admitted admitted);
  void ReadNotes(int32_t peer);
  void OnAttach(int32_t peer, ReceivedNote& received);
  void OnWindow(int32_t peer, ReceivedNote& received);
  void OnEnd(int32_t peer, absl::string_view why);
  void StopDialing(int32_t peer);
  void KeepTime();
  void CheckEvents();
  void OnEvent(uint64_t tag, int64_t now_ns);

  void ShareWindow(uint32_t channel, Window& window, int32_t peer);
  void WakeIfAsleep(int32_t peer);
  void SetAsleep(bool asleep);

  const ShmOptions options_;
  Clock& clock_;
  TransportCapabilities capabilities_;
  connect::HandshakeIdentity self_;
  connect::EndpointAddress address_;
  PairContext context_;
  connect::Poller poller_;
  connect::Acceptor acceptor_;
  std::vector<Peer> peers_;      // by rank
  std::vector<int32_t> active_;  // ranks with a pair that is attached and has not failed
  absl::flat_hash_map<uint32_t, Window> windows_;

  UniqueFd doorbell_;       // this rank's: readable when a peer has rung
  uint64_t token_;          // what peers look for when they try to read this process's memory
  size_t num_joining_ = 0;  // pairs asked for and not attached yet
  bool asleep_ = false;
  int64_t next_time_ns_ = kForeverNs;
  int polls_since_check_ = 0;
};

}  // namespace tutti::shm

#endif  // TUTTI_TRANSPORTS_SHM_SHM_TRANSPORT_H_
