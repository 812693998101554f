// SPDX-License-Identifier: Apache-2.0
// The list of transports. A new one is a fixture of its own and a line here (README.md).
#include "fixture.h"
#include "shm_fixture.h"
#include "sim_fixture.h"
#include "tcp_fixture.h"

namespace tutti::conformance {
namespace {

// A network that loses, delays and reorders, in small pieces: for every message, all that can happen to it.
sim::NetworkOptions RoughNetwork() {
  sim::NetworkOptions options;
  options.seed = 42;
  options.link.jitter = sim::Jitter::kExponential;
  options.link.jitter_ns = 20'000;
  options.link.tail_probability = 0.01;
  options.link.tail_ns = 2'000'000;
  options.link.loss_probability = 0.05;
  options.link.per_packet_ns = 300;
  options.eager_bytes = 1000;
  options.unexpected_bytes = 10'000;
  options.segment_bytes = 4096;
  options.complete_sends_early = true;
  return options;
}

// Sizes at which every message is cut, every buffer fills up and every budget runs out.
tcp::TcpOptions NarrowTcp() {
  tcp::TcpOptions options;
  options.eager_bytes = 1000;
  options.unexpected_bytes_per_peer = 20'000;
  options.segment_bytes = 4096;
  options.receive_buffer_bytes = 16 << 10;
  options.burst_bytes = 16 << 10;
  options.socket_send_bytes = 8192;
  options.socket_receive_bytes = 8192;
  return options;
}

// Rings and budgets that are always full.
shm::ShmOptions NarrowShm() {
  shm::ShmOptions options;
  options.eager_bytes = 1000;
  options.unexpected_bytes_per_peer = 20'000;
  options.ring_bytes = 4096;
  options.piece_bytes = 4096;
  options.burst_bytes = 5000;
  return options;
}

// As where the kernel does not let a process read another's memory: large messages go through the ring.
shm::ShmOptions ThroughTheRing(shm::ShmOptions options) {
  options.read_peer_memory = false;
  return options;
}

}  // namespace

const std::vector<TransportUnderTest>& TransportsUnderTest() {
  static const std::vector<TransportUnderTest> transports = {
      {"sim", [](int32_t size) { return MakeSimFixture(size, sim::NetworkOptions()); }},
      {"sim_rough", [](int32_t size) { return MakeSimFixture(size, RoughNetwork()); }},
      {"shm", [](int32_t size) { return MakeShmFixture(size, shm::ShmOptions()); }},
      {"shm_narrow", [](int32_t size) { return MakeShmFixture(size, NarrowShm()); }},
      {"shm_ring", [](int32_t size) { return MakeShmFixture(size, ThroughTheRing(shm::ShmOptions())); }},
      {"shm_ring_narrow", [](int32_t size) { return MakeShmFixture(size, ThroughTheRing(NarrowShm())); }},
      {"tcp", [](int32_t size) { return MakeTcpFixture(size, tcp::TcpOptions()); }},
      {"tcp_narrow", [](int32_t size) { return MakeTcpFixture(size, NarrowTcp()); }},
  };
  return transports;
}

}  // namespace tutti::conformance
