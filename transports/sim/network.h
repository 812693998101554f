// SPDX-License-Identifier: Apache-2.0
// A whole network in one thread: N endpoints, one virtual clock, everything random drawn from one seed. The same seed
// and the same calls give the same history, bit for bit. It moves packets and time; what a packet means is for the
// endpoints.
//
//   sim::Network network({.size = 4, .seed = 7});
//   network.ConnectAll();
//   for (;;) {
//     bool moved = false;
//     for (int rank = 0; rank < 4; ++rank) {
//       if (network.Runs(rank)) moved |= engines[rank]->Poll();
//     }
//     if (done()) break;
//     if (!moved && !network.AdvanceToNextEvent()) ...  // nothing will ever happen again: a deadlock
//   }
#ifndef TUTTI_TRANSPORTS_SIM_NETWORK_H_
#define TUTTI_TRANSPORTS_SIM_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "lib/base/slot_pool.h"
#include "transports/sim/link.h"
#include "transports/sim/options.h"
#include "transports/sim/packet.h"
#include "transports/sim/sim_transport.h"
#include "transports/sim/virtual_clock.h"

namespace tutti::sim {

// Not thread-safe; one thread for the network, its clock and its endpoints.
class Network {
 public:
  explicit Network(const NetworkOptions& options);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  int32_t size() const { return options_.size; }
  const NetworkOptions& options() const { return options_; }
  VirtualClock& clock() { return clock_; }

  SimTransport& endpoint(int32_t rank) { return *endpoints_[static_cast<size_t>(rank)]; }

  // Gives the endpoint to the caller, who must destroy it before the network; at most once per rank. endpoint(rank) is
  // valid until then.
  std::unique_ptr<SimTransport> TakeEndpoint(int32_t rank);

  // Connects every pair, for tests that are not about connecting. Takes no virtual time until the clock is advanced.
  void ConnectAll();

  // Changes one direction, for what leaves from now on.
  void SetLink(int32_t from, int32_t to, const LinkModel& model);

  // TIME. Moves the clock to the next event and carries out all that happens then. False: nothing will ever happen
  // again unless an endpoint posts something.
  bool AdvanceToNextEvent();
  // Carries out all events up to time_ns and leaves the clock there.
  void AdvanceTo(int64_t time_ns);
  // When the next event is; kForeverNs if there is none.
  int64_t next_event_ns() const;

  // FAULTS, from now on.
  // The endpoint stands still: it sends and takes nothing, and its Poll returns 0. The caller must stop its engine too.
  void Stall(int32_t rank, int64_t duration_ns);
  // It never sends, takes or returns anything again. Peers are told after NetworkOptions::detection_ns.
  void Crash(int32_t rank);
  // Nothing passes, in both directions. If that lasts for NetworkOptions::detection_ns, both ends are told that the
  // path is lost; otherwise it is only late.
  void CutLink(int32_t a, int32_t b, int64_t duration_ns = kForeverNs);
  // False while the rank stands still, and once it has crashed or left.
  bool Runs(int32_t rank) const;

  // HISTORY. A hash over all that has happened: events with their times, packets, completions handed out. Equal for
  // equal histories, on every machine.
  uint64_t trace_hash() const { return trace_hash_; }
  uint64_t num_events() const { return num_events_; }

 private:
  friend class SimTransport;

  struct Endpoint {
    bool alive = true;
    int64_t stalled_until_ns = 0;
  };

  // FOR ENDPOINTS
  // Sends a packet that has left at left_ns; returns when it will arrive.
  int64_t Transmit(Packet&& packet, int64_t left_ns, int64_t not_before_ns = 0);
  void TransmitLast(Packet&& packet);
  // Takes `bytes` onto the link; when they have left, the endpoint is told with the handle.
  void ScheduleLeave(EventKind kind, int32_t from, int32_t to, uint64_t bytes, uint64_t handle);
  void SchedulePeerLost(int32_t rank, int32_t peer, LossReason reason);
  Link& LinkBetween(int32_t from, int32_t to);
  PayloadPool::Payload TakePayload(int32_t from, int32_t to, uint64_t bytes);
  void Leave(int32_t rank);  // the endpoint is being destroyed
  void Trace(std::initializer_list<uint64_t> words);

  void Schedule(int64_t time_ns, EventKind kind, int32_t owner, int32_t peer, uint64_t handle);
  void Push(const Event& event);
  Event PopEvent();
  void Handle(Event event);
  // Where an event must wait, or be dropped, because of its owner's or its link's state: true, it is dealt with.
  bool Intercept(Event& event);
  void Apply(const Fault& fault);
  void TraceEvent(const Event& event);

  const NetworkOptions options_;
  VirtualClock clock_;
  PayloadPool payloads_;  // before everything that may hold a payload
  SlotPool<Packet> packets_;
  std::vector<Event> events_;  // a heap
  uint64_t next_order_ = 0;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Link>> links_;  // by from * size + to; made when first used
  std::vector<Endpoint> states_;
  std::vector<SimTransport*> endpoints_;  // nullptr once destroyed
  std::vector<std::unique_ptr<SimTransport>> owned_;
  uint64_t trace_hash_ = 0;
  uint64_t num_events_ = 0;
};

}  // namespace tutti::sim

#endif  // TUTTI_TRANSPORTS_SIM_NETWORK_H_
