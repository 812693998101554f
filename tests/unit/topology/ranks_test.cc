// SPDX-License-Identifier: Apache-2.0
// Which CPUs ranks may have, and how that is drawn.
#include "tools/topology/ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/topology/draw.h"

namespace tutti::topology {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Place TwoSockets() {
  absl::StatusOr<Place> machine = ReadSyntheticMachine("pack:2 numa:1(memory=8589934592) core:4 pu:2");
  EXPECT_TRUE(machine.ok()) << machine.status();
  return machine.ok() ? *machine : Place();
}

TEST(LocalRanks, UnboundOnesMayRunAnywhereAndAreOfNoNode) {
  const Place machine = TwoSockets();
  const std::vector<LocalRank> ranks = UnboundRanks(machine, 3);
  ASSERT_EQ(ranks.size(), 3u);
  EXPECT_EQ(ranks[2].rank, 2);
  EXPECT_EQ(ranks[2].cpus, machine.cpus);
  EXPECT_EQ(ranks[2].node, -1);
  EXPECT_TRUE(ShareAllCpus(ranks));
  EXPECT_EQ(RanksText(machine, ranks), "  each may run on any of CPUs 0-15\n");
  std::vector<LocalRank> by_one = ranks;
  for (LocalRank& rank : by_one) rank.rails = {"eth0"};
  EXPECT_EQ(RanksText(machine, by_one), "  each may run on any of CPUs 0-15\n  each sends by eth0\n");
}

TEST(LocalRanks, EqualPartsAreWholeCoresAndKeepToANode) {
  const Place machine = TwoSockets();
  const std::vector<LocalRank> ranks = RanksInEqualParts(machine, 4);
  ASSERT_EQ(ranks.size(), 4u);
  EXPECT_THAT(ranks[0].cpus, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(ranks[3].cpus, ElementsAre(12, 13, 14, 15));
  EXPECT_EQ(ranks[1].node, 0);
  EXPECT_EQ(ranks[2].node, 1);
  EXPECT_EQ(PackageOf(machine, ranks[2].cpus), 1);
  EXPECT_FALSE(ShareAllCpus(ranks));
  EXPECT_THAT(RanksText(machine, ranks), HasSubstr("  rank 2: CPUs 8-11 of package 1, NUMA node 1\n"));
}

TEST(LocalRanks, AThirdOfTwoSocketsIsOfNeither) {
  const Place machine = TwoSockets();
  const std::vector<LocalRank> ranks = RanksInEqualParts(machine, 3);
  EXPECT_EQ(ranks[0].node, 0);
  EXPECT_EQ(ranks[1].node, -1);
  EXPECT_EQ(PackageOf(machine, ranks[1].cpus), -1);
  EXPECT_EQ(ranks[2].node, 1);
}

TEST(LocalRanks, MoreRanksThanCoresShareThem) {
  const std::vector<LocalRank> ranks = RanksInEqualParts(TwoSockets(), 16);
  ASSERT_EQ(ranks.size(), 16u);
  EXPECT_THAT(ranks[0].cpus, ElementsAre(0, 1));
  EXPECT_EQ(ranks[1].cpus, ranks[0].cpus);
  EXPECT_THAT(ranks[15].cpus, ElementsAre(14, 15));
}

TEST(LocalRanks, OnlyWhatThisProcessMayUseIsDealtOut) {
  Place machine;
  for (int core = 0; core < 3; ++core) {
    Place place;
    place.kind = PlaceKind::kCore;
    place.index = core;
    place.cpus = {core};
    if (core != 1) place.allowed = {core};
    machine.parts.push_back(place);
    machine.cpus.push_back(core);
  }
  const std::vector<LocalRank> ranks = RanksInEqualParts(machine, 2);
  EXPECT_THAT(ranks[0].cpus, ElementsAre(0));
  EXPECT_THAT(ranks[1].cpus, ElementsAre(2));
}

TEST(MachineSvg, HasABoxForEachPlaceAndTheRankOfEachCore) {
  absl::StatusOr<Place> machine = ReadSyntheticMachine("pack:2 core:2 pu:1");
  ASSERT_TRUE(machine.ok());
  const std::string bare = DrawSvg(*machine, {}, "");
  EXPECT_THAT(bare, testing::StartsWith("<svg xmlns="));
  EXPECT_THAT(bare, HasSubstr("package 1: CPUs 2-3"));
  EXPECT_THAT(bare, HasSubstr("core 1: CPU 1"));
  EXPECT_THAT(bare, Not(HasSubstr("rank")));
  std::vector<LocalRank> ranks = RanksInEqualParts(*machine, 4);
  EXPECT_THAT(DrawSvg(*machine, ranks, "four"), HasSubstr(">rank 3</text>"));
  EXPECT_THAT(DrawSvg(*machine, UnboundRanks(*machine, 4), "four"),
              HasSubstr(">each may run on any of CPUs 0-3</text>"));
}

TEST(MachineSvg, ADeviceNamesTheRanksThatSendByIt) {
  Place machine;
  machine.cpus = machine.allowed = {0};
  Place device;
  device.kind = PlaceKind::kDevice;
  device.name = "mlx5_0";
  device.is_rdma = true;
  machine.parts = {device};
  std::vector<LocalRank> ranks = UnboundRanks(machine, 3);
  ranks[0].rails = {"mlx5_0:1"};
  ranks[1].rails = {"mlx5_0:2", "mlx5_1:1"};
  ranks[2].rails = {"mlx5_1:1", "mlx5_0:1"};
  const std::string svg = DrawSvg(machine, ranks, "");
  EXPECT_THAT(svg, HasSubstr(">ranks 0-1</text>"));
  EXPECT_THAT(svg, HasSubstr(">also rank 2</text>"));
}

}  // namespace
}  // namespace tutti::topology
