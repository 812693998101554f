// SPDX-License-Identifier: Apache-2.0
// What is fitted to measured times gives these times back.
#include "tools/cluster/cost_fit.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "collectives/simulate/predict.h"

namespace tutti::cluster {
namespace {

using simulate::kPsPerNs;

PathMeasurement Measured() {
  PathMeasurement m;
  m.small_ns = 10'000;
  m.burst_ns = 2'000;
  m.limit_bytes = 16384;
  m.at_limit_ns = 20'000;
  m.above_limit_ns = 21'000;
  m.middle_bytes = 1 << 20;
  m.middle_ns = 1'000'000;
  m.long_bytes = 4 << 20;
  m.long_ns = 1'000'000 + 3 * (1 << 20);
  return m;
}

// What the model takes for one message, without the ports of both ends.
int64_t OneWayPs(const simulate::PathCost& c, uint64_t bytes) {
  const double per_byte = c.send_ps_per_byte + c.receive_ps_per_byte + c.ps_per_byte;
  return c.send_ps + c.gap_ps + c.latency_ps + c.receive_ps +
         static_cast<int64_t>(static_cast<double>(bytes) * per_byte);
}

TEST(CostFit, ASmallMessageTakesWhatWasMeasured) {
  const simulate::PathCost cost = FitPath(Measured());
  EXPECT_EQ(OneWayPs(cost, 0), 10'000 * kPsPerNs);
  EXPECT_EQ(cost.send_ps, 2'000 * kPsPerNs);
  EXPECT_EQ(cost.eager_bytes, simulate::PathCost().eager_bytes);
}

TEST(CostFit, BytesCostProcessorsInsideAHostAndPortsBetweenHosts) {
  PathMeasurement m = Measured();
  simulate::PathCost cost = FitPath(m);
  EXPECT_DOUBLE_EQ(cost.send_ps_per_byte, 500);
  EXPECT_DOUBLE_EQ(cost.receive_ps_per_byte, 500);
  EXPECT_EQ(cost.ps_per_byte, 0);
  m.between_hosts = true;
  cost = FitPath(m);
  EXPECT_EQ(cost.send_ps_per_byte, 0);
  EXPECT_DOUBLE_EQ(cost.ps_per_byte, 1000);
}

TEST(CostFit, AJumpAboveTheLimitShowsThatLongerMessagesAreAskedFor) {
  PathMeasurement m = Measured();
  m.above_limit_ns = m.at_limit_ns + 8'000;
  EXPECT_EQ(FitPath(m).eager_bytes, 16384u);
}

TEST(CostFit, NonsenseGivesNoNegativeCosts) {
  PathMeasurement m = Measured();
  m.small_ns = 100;
  m.burst_ns = 1'000'000;
  m.long_ns = 0;
  const simulate::PathCost cost = FitPath(m);
  EXPECT_GT(cost.latency_ps, 0);
  EXPECT_GE(cost.send_ps, 0);
  EXPECT_EQ(cost.send_ps_per_byte, 0);
}

TEST(CostFit, NoiseIsWhatExchangesTookBeyondTheirMedian) {
  std::vector<int64_t> times(90, 1000);
  for (int i = 0; i < 10; ++i) times.push_back(5000);
  const simulate::Noise noise = FitNoise(times);
  EXPECT_EQ(noise.chance, 0.25);
  const auto delayed = std::count(noise.samples.begin(), noise.samples.end(), 4000 * kPsPerNs);
  const auto prompt = std::count(noise.samples.begin(), noise.samples.end(), 0);
  EXPECT_EQ(delayed, 20);
  EXPECT_EQ(prompt, 180);
}

}  // namespace
}  // namespace tutti::cluster
