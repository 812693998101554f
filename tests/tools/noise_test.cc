// SPDX-License-Identifier: Apache-2.0
// How noise is found in times, and what is advised about it. What a machine really does is not demanded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tools/cpus/cpus.h"
#include "tools/noise/advice.h"
#include "tools/noise/core_noise.h"
#include "tools/noise/core_time.h"

namespace tutti::noise {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(CoreNoiseTest, FindsDetoursAndTheWorstOfThem) {
  // A thousand pieces of 10 us; three take longer.
  std::vector<int64_t> ends;
  int64_t now = 500;
  for (int i = 0; i < 1000; ++i) {
    now += 10'000 + (i == 100 ? 5'000 : i == 200 ? 3'000'000 : i == 300 ? 40'000 : i == 400 ? 999 : 0);
    ends.push_back(now);
  }
  const CoreNoise noise = Digest(3, ends, 500);
  EXPECT_EQ(noise.core, 3);
  EXPECT_EQ(noise.quanta, 1000u);
  EXPECT_EQ(noise.quickest_ns, 10'000);
  EXPECT_EQ(noise.elapsed_ns, 10'000'000 + 3'045'999);
  EXPECT_EQ(noise.stolen_ns, 3'045'999);
  EXPECT_EQ(noise.detours, 3u) << "999 ns is none";
  EXPECT_THAT(noise.by_class, ElementsAre(1, 1, 0, 1, 0));
  ASSERT_EQ(noise.worst.size(), 3u);
  EXPECT_EQ(noise.worst[0].ns, 3'000'000);
  EXPECT_EQ(noise.worst[0].at_ns, 200 * 10'000 + 5'000);
  EXPECT_EQ(noise.worst[2].ns, 5'000);
  EXPECT_EQ(noise.detour_ns.count(), 1000u);
  EXPECT_EQ(noise.detour_ns.Quantile(0.5), 0u);
  EXPECT_EQ(noise.detour_ns.max_ns(), 3'000'000u);
  EXPECT_NEAR(noise.stolen_share(), 0.2335, 0.001);
  EXPECT_NEAR(noise.detours_per_second(), 229.9, 0.1);
}

TEST(CoreNoiseTest, OfNothingIsNothing) {
  const CoreNoise noise = Digest(0, {}, 5);
  EXPECT_EQ(noise.quanta, 0u);
  EXPECT_EQ(noise.stolen_share(), 0);
  EXPECT_EQ(noise.detours_per_second(), 0);
}

TEST(CoreNoiseTest, ClassesAreDecades) {
  EXPECT_EQ(ClassOf(1000), 0u);
  EXPECT_EQ(ClassOf(9'999), 0u);
  EXPECT_EQ(ClassOf(10'000), 1u);
  EXPECT_EQ(ClassOf(99'999'999'999), 4u);
}

TEST(CoreNoiseTest, MeasuresEveryAllowedCore) {
  const std::vector<int> cores = AllowedCpus();
  ASSERT_FALSE(cores.empty());
  const auto measured = MeasureCores(cores, 100'000'000);
  ASSERT_TRUE(measured.ok()) << measured.status();
  ASSERT_EQ(measured->size(), cores.size());
  for (size_t i = 0; i < cores.size(); ++i) {
    EXPECT_EQ((*measured)[i].core, cores[i]);
    EXPECT_GE((*measured)[i].elapsed_ns, 100'000'000);
    EXPECT_GT((*measured)[i].quanta, 1u);
    EXPECT_GT((*measured)[i].quickest_ns, 0);
    EXPECT_GE((*measured)[i].stolen_ns, 0);
  }
}

TEST(CoreNoiseTest, ACoreThatDoesNotExistIsASentence) {
  EXPECT_THAT(MeasureCores({1023}, 1'000'000).status().message(), HasSubstr("core 1023"));
}

TEST(CoreTimeTest, ReadsStealAndInterruptsOfItsCores) {
  const std::string stat =
      "cpu  1 2 3 4 5 6 7 8 9 10\n"
      "cpu0 100 0 50 800 10 3 4 33 0 0\n"
      "cpu1 1 1 1 1 1 1 1 1 0 0\n"
      "cpu10 7 broken\n"
      "intr 12345\n";
  const std::vector<CoreTime> times = ParseCoreTimes(stat, {1, 0, 10, 5});
  ASSERT_EQ(times.size(), 4u);
  EXPECT_EQ(times[0].all_ticks, 8);
  EXPECT_EQ(times[1].all_ticks, 1000);
  EXPECT_EQ(times[1].steal_ticks, 33);
  EXPECT_EQ(times[1].interrupt_ticks, 7);
  EXPECT_EQ(times[2].all_ticks, 0);
  EXPECT_EQ(times[3].all_ticks, 0);
}

// One second on a core.
CoreNoise Quiet(int core) {
  CoreNoise noise;
  noise.core = core;
  noise.quanta = 100'000;
  noise.elapsed_ns = 1'000'000'000;
  noise.stolen_ns = 1'000'000;
  noise.clock_ticks = 1000;
  return noise;
}

template <typename... Cores>
std::vector<CoreNoise> Of(Cores... cores) {
  std::vector<CoreNoise> all;
  (all.push_back(std::move(cores)), ...);
  return all;
}

HostFacts Facts(size_t cores) {
  HostFacts facts;
  facts.governors.assign(cores, "");
  facts.online = 8;
  return facts;
}

TEST(Advice, SaysThatAllIsWell) { EXPECT_THAT(Advise(Of(Quiet(0)), Facts(1)), ElementsAre(HasSubstr("Quiet"))); }

TEST(Advice, NamesTheCoresThatTheHypervisorTookTimeFrom) {
  CoreNoise stolen = Quiet(5);
  stolen.steal_ticks = 40;
  stolen.stolen_ns = 40'000'000;
  const auto advice = Advise(Of(Quiet(4), std::move(stolen)), Facts(2));
  EXPECT_THAT(advice.front(), HasSubstr("core 5: the hypervisor gave up to 4.0 %"));
  EXPECT_THAT(advice, Not(Contains(HasSubstr("Quiet"))));
}

TEST(Advice, KnowsPreemptionGovernorsInterruptsQuotasAndTicks) {
  const auto noisy = [] {
    CoreNoise core = Quiet(2);
    core.stolen_ns = 100'000'000;
    core.preemptions = 50;
    core.interrupt_ticks = 30;
    core.detours = 300;
    return Of(std::move(core));
  };
  HostFacts facts = Facts(1);
  facts.governors = {"powersave"};
  facts.cpu_quota = "200000 100000";
  facts.load = 9.5;
  const auto advice = Advise(noisy(), facts);
  EXPECT_THAT(advice, Contains(HasSubstr("core 2: other threads were given the core (load 9.5 on 8 cores)")));
  EXPECT_THAT(advice, Contains(HasSubstr("governor")));
  EXPECT_THAT(advice, Contains(HasSubstr("smp_affinity_list")));
  EXPECT_THAT(advice, Contains(HasSubstr("cpu.max of the control group: 200000 100000")));
  EXPECT_THAT(advice, Contains(HasSubstr("nohz_full")));
  facts.governors = {"performance"};
  facts.nohz_full = "2";
  EXPECT_THAT(Advise(noisy(), facts), Not(Contains(testing::AnyOf(HasSubstr("governor"), HasSubstr("nohz_full")))));
}

TEST(Advice, RanksThatMayMoveAreToBeBound) {
  EXPECT_THAT(Advise(Of(Quiet(0), Quiet(1)), Facts(2)), Contains(HasSubstr("2 of 8 cores")));
}

TEST(Advice, IsNeverSilent) {
  CoreNoise noisy = Quiet(0);
  noisy.stolen_ns = 100'000'000;
  EXPECT_THAT(Advise(Of(std::move(noisy)), Facts(1)), ElementsAre(HasSubstr("the kernel does not say to whom")));
}

}  // namespace
}  // namespace tutti::noise
