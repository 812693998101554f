// SPDX-License-Identifier: Apache-2.0
#include "transports/sim/options.h"

#include "lib/base/prng.h"

namespace tutti::sim {
namespace {

// Apart from the streams of the links, which are numbered by pair.
constexpr uint64_t kOptionsStream = UINT64_MAX;

}  // namespace

NetworkOptions RandomNetworkOptions(int32_t size, uint64_t seed) {
  Prng prng(seed, kOptionsStream);
  NetworkOptions options;
  options.size = size;
  options.seed = seed;

  LinkModel& link = options.link;
  link.latency_ns = prng.Between(0, 50'000);
  link.jitter = prng.Chance(0.5) ? Jitter::kUniform : Jitter::kExponential;
  link.jitter_ns = prng.Between(0, 100'000);
  link.tail_probability = prng.Chance(0.5) ? 0.02 : 0.0;
  link.tail_ns = prng.Between(100'000, 5'000'000);
  link.bytes_per_second = prng.Chance(0.2) ? 0 : static_cast<uint64_t>(prng.Between(10'000'000, 50'000'000'000));
  link.per_packet_ns = prng.Between(0, 2'000);
  link.loss_probability = prng.Chance(0.5) ? 0.0 : prng.Unit() * 0.2;
  link.in_order = prng.Chance(0.3);

  options.eager_bytes = uint64_t{64} << prng.Below(9);
  options.unexpected_bytes = options.eager_bytes * (1 + prng.Below(16));
  options.segment_bytes = uint64_t{64} << prng.Below(11);
  options.split_views = prng.Chance(0.7);
  options.complete_sends_early = prng.Chance(0.5);
  options.detection_ns = prng.Between(10'000, 10'000'000);
  return options;
}

}  // namespace tutti::sim
