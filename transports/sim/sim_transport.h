// SPDX-License-Identifier: Apache-2.0
// One endpoint of a simulated network: matching, credits and views, in virtual time. It decides what to send; when that
// arrives is for the Network to say.
//
// How a message travels. A message of at most eager_bytes leaves at once if the receiver has room to keep it (credits);
// any other is announced. Its receiver pulls an announced message when the receive is posted, and it comes in segments.
#ifndef TUTTI_TRANSPORTS_SIM_SIM_TRANSPORT_H_
#define TUTTI_TRANSPORTS_SIM_SIM_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "lib/base/fixed_ring.h"
#include "lib/base/slot_pool.h"
#include "lib/transport/transport.h"
#include "transports/sim/packet.h"

namespace tutti::sim {

class Network;

// Made by Network, which must outlive it. All endpoints of a network, and the network, are used from one thread.
class SimTransport final : public Transport {
 public:
  SimTransport(Network& network, int32_t rank);
  // Peers get kPeerFailed once all that has left this endpoint has arrived.
  ~SimTransport() override;

  int32_t rank() const { return rank_; }

  const TransportCapabilities& capabilities() const override { return capabilities_; }
  const TransportCounters& counters() const override { return counters_; }

  std::string Address() const override;
  absl::Status Connect(int32_t peer, absl::string_view address) override;
  std::string PeerError(int32_t peer) const override;
  void CloseChannel(uint32_t channel) override;
  void ClosePeer(int32_t peer) override;

  void VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const override;
  void PostSends(absl::Span<const SendRequest> requests) override;
  void PostRecvs(absl::Span<const RecvRequest> requests) override;

  // Moves nothing itself: Network::AdvanceToNextEvent does. Overwrites the views of the Poll before, so that a reader
  // who comes too late sees rubbish and not, by luck, its data.
  size_t Poll(absl::Span<Completion> out) override;

  bool HasUnsentBytes() const override { return unsent_bytes_ > 0; }
  int wait_fd() const override { return -1; }
  bool PrepareToSleep() override { return false; }

  // Payload kept now for receives not yet posted, of all peers.
  uint64_t kept_bytes() const { return kept_bytes_; }

 private:
  friend class Network;

  enum class PeerState : uint8_t {
    kUnknown,
    kConnecting,
    kConnected,
    kLeft,    // it closed the connection while nothing was wanted of it; whole messages it left can be received
    kFailed,  // reported
    kClosed,  // by this end
  };

  struct Peer {
    PeerState state = PeerState::kUnknown;
    LossReason reason = LossReason::kNone;
    uint64_t credit_bytes = 0;         // what the peer has room to keep of ours
    std::vector<uint64_t> held_sends;  // posted before the connection stood
  };

  struct Send {
    SendRequest request;
    bool eager = false;
    uint64_t left_bytes = 0;
    uint64_t recv_handle = 0;
    int64_t last_arrival_ns = 0;  // no segment may arrive before the one in front of it
  };

  struct Recv {
    RecvRequest request;
    uint64_t received_bytes = 0;
  };

  struct MatchKey {
    int32_t peer;
    MessageId id;
    friend bool operator==(const MatchKey&, const MatchKey&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const MatchKey& key) {
      return H::combine(std::move(h), key.peer, key.id);
    }
  };

  // A completion that waits for Poll. The last view of a payload owns it.
  struct Ready {
    Completion completion;
    uint32_t channel = 0;
    PayloadPool::Payload payload;
  };

  Peer& PeerAt(int32_t peer) { return peers_[static_cast<size_t>(peer)]; }
  // Whether a request is to be carried out. False: it is dropped, and the peer reported if that is due.
  bool Accepts(int32_t peer, const MessageId& id, bool is_recv);
  bool HasKeptWhole(int32_t peer, const MessageId& id) const;

  // Sending (sim_transport.cc)
  void Start(uint64_t send_handle);
  void Announce(uint64_t send_handle);
  void OnSendLeaves(uint64_t send_handle);
  void OnPacketLeaves(const Packet& packet);
  void FinishSend(uint64_t send_handle, bool moved);

  // Receiving (sim_receive.cc)
  void OnArrival(Packet&& packet);
  void OnConnected(int32_t peer);
  void OnMessage(Packet&& packet);
  void OnPull(const Packet& packet);
  void OnSegment(Packet&& packet);
  void Match(const RecvRequest& request, Packet&& message);
  void Deliver(const RecvRequest& request, Packet&& piece, uint64_t offset, uint64_t bytes);
  void Refuse(const Packet& message);
  void ReturnCredit(const Packet& message);
  void PushReady(const Completion& completion, uint32_t channel, PayloadPool::Payload payload = {});

  // The end of things (sim_closing.cc)
  void OnPeerLost(int32_t peer, LossReason reason);
  void OnClose(int32_t peer);
  void Lose(int32_t peer, LossReason reason);
  void Die();
  void DropPeer(int32_t peer);
  template <typename Predicate>
  void DropRequests(Predicate&& concerns);  // bool(peer, channel)
  template <typename Predicate>
  void DropReady(Predicate&& concerns);  // bool(const Ready&)

  std::vector<std::pair<MatchKey, uint64_t>> KeptInOrder() const;
  Packet ReplyTo(const Packet& packet, PacketKind kind) const;

  Network& network_;
  const int32_t rank_;
  bool alive_ = true;
  TransportCapabilities capabilities_;
  TransportCounters counters_;

  std::vector<Peer> peers_;
  SlotPool<Send> sends_;
  SlotPool<Recv> recvs_;
  absl::flat_hash_map<MatchKey, uint64_t> posted_;  // receives without a message: handle of recvs_
  absl::flat_hash_map<MatchKey, uint64_t> kept_;    // messages without a receive: handle of the network's packets
  absl::flat_hash_set<uint32_t> closed_channels_;
  FixedRing<Ready> ready_;
  std::vector<absl::Span<std::byte>> lent_views_;  // shown by the last Poll
  std::vector<PayloadPool::Payload> lent_payloads_;
  uint64_t unsent_bytes_ = 0;
  uint64_t kept_bytes_ = 0;
};

}  // namespace tutti::sim

#endif  // TUTTI_TRANSPORTS_SIM_SIM_TRANSPORT_H_
