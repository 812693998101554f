// SPDX-License-Identifier: Apache-2.0
#include "tools/cluster/cost_fit.h"

#include <algorithm>

#include "collectives/simulate/predict.h"

namespace tutti::cluster {
namespace {

using simulate::kPsPerNs;

constexpr double kMostOfSmall = 0.45;  // each processor's part of a small message
constexpr double kJump = 0.2;          // of a small message's time: what shows that longer ones are asked for
constexpr int kNoiseSamples = 200;
constexpr double kStepsOfExchange = 4;

}  // namespace

simulate::PathCost FitPath(const PathMeasurement& m) {
  simulate::PathCost cost;
  const int64_t small_ps = std::max<int64_t>(m.small_ns, 1) * kPsPerNs;
  const int64_t most = static_cast<int64_t>(static_cast<double>(small_ps) * kMostOfSmall);
  cost.send_ps = cost.receive_ps = std::clamp<int64_t>(m.burst_ns * kPsPerNs, 0, most);
  cost.latency_ps = small_ps - cost.send_ps - cost.receive_ps;
  const double more_bytes = static_cast<double>(m.long_bytes - m.middle_bytes);
  const double per_byte = std::max(0.0, static_cast<double>((m.long_ns - m.middle_ns) * kPsPerNs) / more_bytes);
  if (m.between_hosts) {
    cost.ps_per_byte = per_byte;
  } else {
    cost.send_ps_per_byte = cost.receive_ps_per_byte = per_byte / 2;
  }
  const double jump = static_cast<double>((m.above_limit_ns - m.at_limit_ns) * kPsPerNs);
  if (jump > kJump * static_cast<double>(small_ps)) cost.eager_bytes = m.limit_bytes;
  return cost;
}

simulate::Noise FitNoise(std::vector<int64_t> exchanges_ns) {
  std::sort(exchanges_ns.begin(), exchanges_ns.end());
  const int64_t median = simulate::Quantile(exchanges_ns, 0.5);
  simulate::Noise noise;
  noise.kind = simulate::Noise::Kind::kSamples;
  noise.chance = 1 / kStepsOfExchange;
  for (int i = 0; i < kNoiseSamples; ++i) {
    const int64_t time = simulate::Quantile(exchanges_ns, (i + 0.5) / kNoiseSamples);
    noise.samples.push_back(std::max<int64_t>(time - median, 0) * kPsPerNs);
  }
  return noise;
}

}  // namespace tutti::cluster
