// SPDX-License-Identifier: Apache-2.0
#include "transports/sim/link.h"

#include <algorithm>
#include <bit>

#include "lib/base/clock.h"

namespace tutti::sim {
namespace {

// Exact integer arithmetic, so that every platform draws the same: a geometric number of equal steps, the last one cut
// at a uniform place. The density falls by half from step to step, as an exponential's does.
int64_t DrawExponential(Prng& prng, int64_t mean_ns) {
  const int64_t step_ns = mean_ns - mean_ns / 3;
  const int steps = std::countr_zero(prng.Next() | (uint64_t{1} << 40));
  return steps * step_ns + prng.Between(0, step_ns);
}

}  // namespace

int64_t Link::Leave(int64_t now_ns, uint64_t bytes) {
  int64_t busy_ns = model_.per_packet_ns;
  if (model_.bytes_per_second > 0) {
    // 128 bits: bytes * 10^9 overflows 64 from 18 GB on.
    __extension__ using Wide = unsigned __int128;
    busy_ns += static_cast<int64_t>(static_cast<Wide>(bytes) * kNsPerSecond / model_.bytes_per_second);
  }
  free_ns_ = std::max(now_ns, free_ns_) + busy_ns;
  return free_ns_;
}

int64_t Link::DrawLatencyNs() {
  int64_t latency_ns = model_.latency_ns;
  if (model_.jitter_ns > 0) {
    latency_ns += model_.jitter == Jitter::kUniform ? prng_.Between(0, model_.jitter_ns)
                                                    : DrawExponential(prng_, model_.jitter_ns);
  }
  if (model_.tail_probability > 0 && prng_.Chance(model_.tail_probability)) {
    latency_ns += prng_.Between(0, model_.tail_ns);
  }
  return latency_ns;
}

int64_t Link::Arrive(int64_t left_ns, int64_t not_before_ns) {
  int64_t arrival_ns = left_ns + DrawLatencyNs();
  if (model_.loss_probability > 0) {
    int64_t timeout_ns = model_.retransmit_timeout_ns;
    for (int lost = 0; prng_.Chance(model_.loss_probability); ++lost) {
      if (lost == model_.max_retransmits) return kForeverNs;
      arrival_ns = DeadlineAfterNs(arrival_ns, timeout_ns);
      timeout_ns = DeadlineAfterNs(timeout_ns, timeout_ns);
    }
  }
  arrival_ns = std::max(DelayWhileBlocked(arrival_ns), not_before_ns);
  if (model_.in_order) arrival_ns = std::max(arrival_ns, latest_arrival_ns_);
  latest_arrival_ns_ = std::max(latest_arrival_ns_, arrival_ns);
  return arrival_ns;
}

int64_t Link::ArriveLast(int64_t left_ns) {
  const int64_t arrival_ns = DelayWhileBlocked(left_ns + DrawLatencyNs());
  latest_arrival_ns_ = std::max(latest_arrival_ns_, arrival_ns);
  return latest_arrival_ns_;
}

void Link::Block(int64_t until_ns) { blocked_until_ns_ = std::max(blocked_until_ns_, until_ns); }

// Never decreases as arrival_ns grows, so what is held up stays in order.
int64_t Link::DelayWhileBlocked(int64_t arrival_ns) const { return std::max(arrival_ns, blocked_until_ns_); }

}  // namespace tutti::sim
