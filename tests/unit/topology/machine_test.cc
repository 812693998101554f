// SPDX-License-Identifier: Apache-2.0
// Machines that this one is not, by hwloc's synthetic descriptions.
#include "tools/topology/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/topology/draw.h"

namespace tutti::topology {
namespace {

using testing::HasSubstr;

Place Synthetic(const std::string& description) {
  absl::StatusOr<Place> machine = ReadSyntheticMachine(description);
  EXPECT_TRUE(machine.ok()) << machine.status();
  return machine.ok() ? *machine : Place();
}

// How many places of a kind there are, at any depth.
int Count(const Place& place, PlaceKind kind) {
  int count = place.kind == kind ? 1 : 0;
  for (const Place& part : place.parts) count += Count(part, kind);
  return count;
}

TEST(Machine, ATwoSocketServerHasTwoPackagesWithTheirNodesCachesAndCores) {
  const Place machine = Synthetic("pack:2 numa:1(memory=8589934592) l3:2(size=33554432) core:4 pu:2");
  EXPECT_EQ(machine.cpus.size(), 32u);
  EXPECT_EQ(machine.allowed, machine.cpus);
  EXPECT_EQ(Count(machine, PlaceKind::kPackage), 2);
  EXPECT_EQ(Count(machine, PlaceKind::kNumaNode), 2);
  EXPECT_EQ(Count(machine, PlaceKind::kCache), 4);
  EXPECT_EQ(Count(machine, PlaceKind::kCore), 16);
  ASSERT_EQ(machine.parts.size(), 2u);
  const Place& second = machine.parts[1];
  EXPECT_EQ(second.kind, PlaceKind::kPackage);
  EXPECT_EQ(second.index, 1);
  EXPECT_EQ(second.cpus.front(), 16);
  ASSERT_FALSE(second.parts.empty());
  EXPECT_EQ(second.parts[0].kind, PlaceKind::kNumaNode);
  EXPECT_EQ(second.parts[0].bytes, uint64_t{8} << 30);
}

TEST(Machine, NodesInsideAPackageAreToldApart) {
  const Place machine = Synthetic("pack:2 group:2 numa:1 core:4 pu:1");
  EXPECT_EQ(Count(machine, PlaceKind::kNumaNode), 4);
  EXPECT_EQ(Count(machine.parts[0], PlaceKind::kNumaNode), 2);
}

TEST(Machine, TextHasALineForEachThatDiffers) {
  EXPECT_EQ(DrawText(Synthetic("pack:2 numa:1(memory=8589934592) l3:1(size=33554432) core:4 pu:2")),
            "machine: CPUs 0-15\n"
            "  package 0: CPUs 0-7\n"
            "    NUMA node 0: 8 GiB\n"
            "    L3 cache: 32 MiB\n"
            "      cores 0-3: CPUs 0-7\n"
            "  package 1: CPUs 8-15\n"
            "    NUMA node 1: 8 GiB\n"
            "    L3 cache: 32 MiB\n"
            "      cores 4-7: CPUs 8-15\n");
}

TEST(Machine, CpusThatMayNotBeUsedAreSaid) {
  Place core;
  core.kind = PlaceKind::kCore;
  core.cpus = {0, 1, 2, 5};
  core.allowed = {1, 2};
  EXPECT_EQ(PlaceText(core), "core 0: CPUs 0-2,5 (this process may use 1-2)");
  core.allowed = {};
  EXPECT_EQ(PlaceText(core), "core 0: CPUs 0-2,5 (this process may use none)");
}

TEST(Machine, TheLargestCachesAreCountedOnce) {
  EXPECT_EQ(LargestCacheBytes(Synthetic("pack:2 l3:2(size=16MB) l2:4(size=1MB) core:1 pu:1")), 64'000'000u);
  EXPECT_EQ(LargestCacheBytes(Synthetic("pack:2 l2:4(size=1MB) core:1 pu:1")), 8'000'000u);
  EXPECT_EQ(LargestCacheBytes(Synthetic("core:4 pu:1")), 0u);
}

TEST(Machine, WhatDescribesNoMachineIsRefused) {
  EXPECT_EQ(ReadSyntheticMachine("seven dwarfs").status().code(), absl::StatusCode::kInvalidArgument);
  const absl::Status no_file = ReadMachineFile("no/such/machine.xml").status();
  EXPECT_EQ(no_file.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(no_file.message()), HasSubstr("no/such/machine.xml is no machine"));
}

TEST(Machine, ThisMachineHasACpuThatMayBeUsed) {
  const absl::StatusOr<Place> machine = ReadMachine(Devices::kAll);
  ASSERT_TRUE(machine.ok()) << machine.status();
  const absl::StatusOr<Place> without = ReadMachine(Devices::kNone);
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_FALSE(machine->is_described);
  EXPECT_TRUE(Synthetic("core:4 pu:1").is_described);
  EXPECT_EQ(Count(*without, PlaceKind::kDevice), 0);
  EXPECT_EQ(Count(*without, PlaceKind::kCore), Count(*machine, PlaceKind::kCore));
  EXPECT_EQ(LargestCacheBytes(*without), LargestCacheBytes(*machine));
  EXPECT_FALSE(machine->allowed.empty());
  EXPECT_GE(Count(*machine, PlaceKind::kCore), 1);
}

}  // namespace
}  // namespace tutti::topology
