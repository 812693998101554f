// SPDX-License-Identifier: Apache-2.0
// Which port a rank takes, on hosts that this machine is not.
#include "transports/verbs/port_choice.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tutti::verbs {
namespace {

using ::testing::HasSubstr;

// Eight ports, four on each of two NUMA nodes.
std::vector<PortCandidate> BigHost() {
  std::vector<PortCandidate> ports;
  for (int i = 0; i < 8; ++i) ports.push_back({"mlx5_" + std::to_string(i) + ":1", false, i / 4});
  return ports;
}

PortOptions At(int local_rank, int numa_node, int local_size = 8) {
  PortOptions options;
  options.local_rank = local_rank;
  options.local_size = local_size;
  options.numa_node = numa_node;
  return options;
}

TEST(PortChoice, TheJobsAddressGoesBeforeAllElse) {
  std::vector<PortCandidate> ports = BigHost();
  ports[6].has_address = true;
  for (int rank = 0; rank < 8; ++rank) EXPECT_EQ(ChoosePort(ports, At(rank, 0)), 6u);
  EXPECT_THAT(ReasonOf(ports, At(0, 0), 6, 6), HasSubstr("it has the job's address"));
  EXPECT_THAT(ReasonOf(ports, At(0, 0), 6, 0), HasSubstr("mlx5_6:1 has the job's address"));
}

TEST(PortChoice, RanksOfAHostTakeEachAPortOfTheirOwnOnTheirNode) {
  const std::vector<PortCandidate> ports = BigHost();
  for (int rank = 0; rank < 8; ++rank) EXPECT_EQ(ChoosePort(ports, At(rank, rank / 4)), static_cast<size_t>(rank));
  EXPECT_THAT(ReasonOf(ports, At(5, 1), 5, 5), HasSubstr("NUMA node 1, and of 4 that are as good"));
  EXPECT_THAT(ReasonOf(ports, At(5, 1), 5, 0), HasSubstr("NUMA node 1, which this one is not"));
  EXPECT_THAT(ReasonOf(ports, At(5, 1), 5, 6), HasSubstr("turn by its local rank"));
}

// Of a node's ranks as many take each of its ports, whether nodes are filled one after the other or by turns; with four nodes of four
// ports, by turns, at least none is left out.
TEST(PortChoice, RanksDealtOutToNodesByTurnsUseAllPortsAlike) {
  for (const int nodes : {2, 4, 8}) {
    for (const int ports_of_node : {1, 2, 4}) {
      std::vector<PortCandidate> ports;
      for (int port = 0; port < nodes * ports_of_node; ++port) ports.push_back({"", false, port / ports_of_node});
      for (const bool by_turns : {false, true}) {
        std::vector<int> ranks_of_port(ports.size());
        const int ranks = 2 * nodes * ports_of_node;
        for (int rank = 0; rank < ranks; ++rank) {
          const int node = by_turns ? rank % nodes : rank / (2 * ports_of_node);
          const size_t port = ChoosePort(ports, At(rank, node, ranks));
          ++ranks_of_port[port];
        }
        const auto [least, most] = std::minmax_element(ranks_of_port.begin(), ranks_of_port.end());
        EXPECT_GE(*least, 1);
        if (by_turns && nodes == 4 && ports_of_node == 4) continue;
        EXPECT_EQ(*most, *least) << nodes << " nodes, ports of each: " << ports_of_node
                                 << (by_turns ? ", by turns" : "");
      }
    }
  }
}

TEST(PortChoice, RanksThatAreBoundToNoNodeTakeTurnsOverAllPorts) {
  std::set<size_t> taken;
  for (int rank = 0; rank < 16; ++rank) taken.insert(ChoosePort(BigHost(), At(rank, kAnywhere)));
  EXPECT_EQ(taken.size(), 8u);
}

TEST(PortChoice, WithoutALocalRankTheFirstIsTaken) {
  EXPECT_EQ(ChoosePort(BigHost(), At(-1, kAnywhere)), 0u);
  EXPECT_EQ(ChoosePort(BigHost(), At(-1, 1)), 4u);
  EXPECT_THAT(ReasonOf(BigHost(), At(-1, kAnywhere), 0, 0), HasSubstr("of 8 that are as good it is the first"));
}

TEST(PortChoice, APortWhosePlaceIsNotKnownIsNotNear) {
  const std::vector<PortCandidate> ports = {{"rxe0:1", false, kAnywhere}, {"mlx5_0:1", false, 1}};
  EXPECT_EQ(ChoosePort(ports, At(0, 1)), 1u);
  EXPECT_EQ(ChoosePort(ports, At(0, kAnywhere)), 0u);
}

TEST(PortChoice, RailsAreTheBestPortsTheChosenOneFirst) {
  std::vector<PortCandidate> ports = BigHost();
  EXPECT_EQ(ChooseRails(ports, At(5, 1), 2), (std::vector<size_t>{5, 6}));
  EXPECT_EQ(ChooseRails(ports, At(7, 1), 2), (std::vector<size_t>{7, 4}));  // not 0, which is on the other node
  EXPECT_EQ(ChooseRails(ports, At(1, kAnywhere), 3), (std::vector<size_t>{1, 2, 3}));
  ports[6].has_address = true;
  EXPECT_EQ(ChooseRails(ports, At(0, 0), 2), (std::vector<size_t>{6, 0}));
  ports.resize(1);
  EXPECT_EQ(ChooseRails(ports, At(0, 0), 4), (std::vector<size_t>{0}));
}

TEST(PortChoice, AListNamesDevicesOrPortsThatMayOrMayNotBeUsed) {
  EXPECT_TRUE(IsPortAllowed("", "mlx5_0", 1));
  EXPECT_TRUE(IsPortAllowed("mlx5_1, mlx5_0:2", "mlx5_0", 2));
  EXPECT_FALSE(IsPortAllowed("mlx5_1, mlx5_0:2", "mlx5_0", 1));
  EXPECT_FALSE(IsPortAllowed("^mlx5_0", "mlx5_0", 1));
  EXPECT_TRUE(IsPortAllowed("^mlx5_0:2", "mlx5_0", 1));
}

cpu_set_t Cpus(std::initializer_list<int> cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(static_cast<size_t>(cpu), &set);
  return set;
}

TEST(Locality, CpusAreLookedUpInTheKernelsLists) {
  EXPECT_TRUE(AreCpusIn(Cpus({0, 3, 9}), "0-3,8-11"));
  EXPECT_TRUE(AreCpusIn(Cpus({8}), "8"));
  EXPECT_FALSE(AreCpusIn(Cpus({0, 4}), "0-3,8-11"));
  EXPECT_FALSE(AreCpusIn(Cpus({}), "0-3"));
  for (const char* malformed : {"", "a-3", "0-b", "-3", "3-0"}) EXPECT_FALSE(AreCpusIn(Cpus({0}), malformed));
}

}  // namespace
}  // namespace tutti::verbs
