// SPDX-License-Identifier: Apache-2.0
// Which devices ranks would take on a server of two sockets with four RDMA devices each, whatever this machine is.
#include "tools/placement/rails.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace tutti::placement {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using topology::LocalRank;
using topology::Place;

Place Server() {
  absl::StatusOr<Place> machine = topology::ReadMachineFile(absl::StrCat(MACHINES, "/two_sockets_eight_nics.xml"));
  EXPECT_TRUE(machine.ok()) << machine.status();
  return machine.ok() ? *machine : Place();
}

// The package that a device is drawn in.
int PackageOfDevice(const Place& machine, const std::string& name) {
  for (const Place& package : machine.parts) {
    for (const Place& part : package.parts) {
      if (part.kind == topology::PlaceKind::kDevice && part.name == name) return package.index;
    }
  }
  return -1;
}

std::string DeviceOf(const std::string& port) { return port.substr(0, port.find(':')); }

std::vector<LocalRank> WithRails(const Place& machine, std::vector<LocalRank> ranks, size_t rails) {
  GiveRails(PortsOf(machine, ""), {}, rails, &ranks);
  return ranks;
}

TEST(Rails, EachBoundRankTakesADeviceOfItsOwnOnItsOwnPackage) {
  const Place machine = Server();
  for (const int count : {2, 4, 8}) {
    std::set<std::string> taken;
    for (const LocalRank& rank : WithRails(machine, RanksInEqualParts(machine, count), 2)) {
      const int package = PackageOf(machine, rank.cpus);
      ASSERT_GE(package, 0);
      ASSERT_THAT(rank.rails, SizeIs(2));
      for (const std::string& rail : rank.rails) EXPECT_EQ(PackageOfDevice(machine, DeviceOf(rail)), package) << rail;
      taken.insert(rank.rails[0]);
      EXPECT_THAT(rank.reason, HasSubstr(absl::StrCat("it is of this process's NUMA node ", rank.node)));
    }
    EXPECT_THAT(taken, SizeIs(static_cast<size_t>(count)));
  }
}

TEST(Rails, UnboundRanksTakeTurnsOverAllDevices) {
  const Place machine = Server();
  const std::vector<LocalRank> ranks = WithRails(machine, UnboundRanks(machine, 8), 1);
  for (int rank = 0; rank < 8; ++rank) {
    EXPECT_THAT(ranks[static_cast<size_t>(rank)].rails, ElementsAre(absl::StrCat("mlx5_", rank, ":1")));
  }
}

TEST(Rails, ARankThatMayRunOnBothSocketsIsNearToNone) {
  const Place machine = Server();
  const std::vector<LocalRank> ranks = WithRails(machine, RanksInEqualParts(machine, 3), 1);
  EXPECT_EQ(ranks[1].node, -1);
  EXPECT_THAT(ranks[1].reason, HasSubstr("this process's turn by its local rank"));
}

TEST(Rails, ADescriptionTellsPortsAndTheirNodes) {
  const std::vector<verbs::PortCandidate> ports = PortsOf(Server(), "");
  ASSERT_THAT(ports, SizeIs(8));
  for (size_t i = 0; i < ports.size(); ++i) {
    EXPECT_EQ(ports[i].name, absl::StrCat("mlx5_", i, ":1"));
    EXPECT_EQ(ports[i].numa_node, static_cast<int>(i / 4));
    EXPECT_FALSE(ports[i].has_address);
  }
  EXPECT_THAT(PortsOf(Server(), "^mlx5_0,mlx5_3"), SizeIs(6));
}

TEST(Rails, WithoutAPortRanksHaveNone) {
  absl::StatusOr<Place> machine = topology::ReadSyntheticMachine("pack:2 numa:1 core:4 pu:1");
  ASSERT_TRUE(machine.ok());
  for (const LocalRank& rank : WithRails(*machine, RanksInEqualParts(*machine, 2), 2))
    EXPECT_THAT(rank.rails, SizeIs(0));
}

}  // namespace
}  // namespace tutti::placement
