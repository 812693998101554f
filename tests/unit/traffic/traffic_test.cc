// SPDX-License-Identifier: Apache-2.0
// What algorithms send across the borders of hosts, racks and pods, against what is known of them.
#include "tools/traffic/traffic.h"

#include <numeric>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectives/algorithms/registry.h"
#include "tools/traffic/report.h"

namespace tutti::traffic {
namespace {

using simulate::Cluster;
using simulate::PathClass;
using testing::HasSubstr;
using testing::Not;

Cluster ClusterOf(int ranks, int ranks_per_host, int hosts_per_rack = 0, int racks_per_pod = 0) {
  simulate::ClusterSpec spec;
  spec.ranks_per_host = ranks_per_host;
  spec.hosts_per_rack = hosts_per_rack;
  spec.racks_per_pod = racks_per_pod;
  absl::StatusOr<Cluster> cluster = Cluster::Make(spec, ranks);
  EXPECT_TRUE(cluster.ok()) << cluster.status();
  return *std::move(cluster);
}

// What tutti-info makes of a call.
Report ReportOf(Collective collective, const char* algorithm, uint64_t bytes, const Cluster& cluster, Unit unit) {
  Shape shape;
  shape.collective = collective;
  shape.num_ranks = cluster.num_ranks();
  shape.count = bytes / shape.element_bytes;
  if (HasBlockPerRank(collective)) shape.count /= static_cast<uint64_t>(shape.num_ranks);
  cluster.levels().SetIn(shape);
  const Algorithm* found = FindAlgorithm(collective, algorithm);
  EXPECT_NE(found, nullptr) << algorithm;
  if (found == nullptr) return {};
  absl::StatusOr<Traffic> traffic = TrafficOf(shape, found->build, cluster, unit);
  EXPECT_TRUE(traffic.ok()) << traffic.status();
  Report report = {CollectiveName(collective), bytes, algorithm, 0, *std::move(traffic), {}};
  if (unit == Unit::kRank) report.strands = StrandsOf(shape, found->build, 4);
  return report;
}

const std::vector<Border>& HostsOf(const Traffic& traffic) { return traffic.borders[static_cast<size_t>(Unit::kHost)]; }

// The least that any all_reduce sends is 2(h-1)/h x bytes out of each host, and as much into it.
TEST(Traffic, HierarchicalAllReduceSendsBetweenHostsWhatIsNeededAndNoMore) {
  constexpr uint64_t kBytes = 8 << 20;
  for (const int hosts : {2, 4, 8}) {
    for (const int ranks_per_host : {2, 4}) {
      const Cluster cluster = ClusterOf(hosts * ranks_per_host, ranks_per_host);
      const Traffic traffic = ReportOf(Collective::kAllReduce, "hierarchical", kBytes, cluster, Unit::kRank).traffic;
      const uint64_t least = 2 * kBytes * static_cast<uint64_t>(hosts - 1) / static_cast<uint64_t>(hosts);
      ASSERT_EQ(HostsOf(traffic).size(), static_cast<size_t>(hosts));
      for (const Border& host : HostsOf(traffic)) {
        EXPECT_EQ(host.out.bytes, least) << hosts << " hosts of " << ranks_per_host;
        EXPECT_EQ(host.in.bytes, least) << hosts << " hosts of " << ranks_per_host;
      }
    }
  }
}

// Each rank sends 2(n-1)/n x bytes to the next, so that each border is crossed by as much.
TEST(Traffic, ARingCrossesEachBorderOnce) {
  constexpr uint64_t kBytes = 1 << 20;
  const Cluster cluster = ClusterOf(16, 4, 1, 2);  // 4 hosts, each a rack, in 2 pods
  const Traffic traffic = ReportOf(Collective::kAllReduce, "ring", kBytes, cluster, Unit::kRank).traffic;
  constexpr uint64_t kEach = 2 * kBytes * 15 / 16;
  ASSERT_EQ(traffic.flows.size(), 16u);
  for (const Flow& flow : traffic.flows) {
    EXPECT_EQ(flow.to, (flow.from + 1) % 16);
    EXPECT_EQ(flow.amount.bytes, kEach);
  }
  EXPECT_EQ(traffic.by_path[static_cast<size_t>(PathClass::kHost)].bytes, 12 * kEach);
  EXPECT_EQ(traffic.by_path[static_cast<size_t>(PathClass::kRack)].bytes, 0u);
  EXPECT_EQ(traffic.by_path[static_cast<size_t>(PathClass::kPod)].bytes, 2 * kEach);
  EXPECT_EQ(traffic.by_path[static_cast<size_t>(PathClass::kFar)].bytes, 2 * kEach);
  for (const Unit unit : {Unit::kHost, Unit::kRack, Unit::kPod}) {
    for (const Border& border : traffic.borders[static_cast<size_t>(unit)]) {
      EXPECT_EQ(border.out.bytes, kEach) << UnitName(unit);
      EXPECT_EQ(border.in.bytes, kEach) << UnitName(unit);
    }
  }
}

// What is drawn of hosts is what their ranks send, added up.
TEST(Traffic, HostsSendWhatTheirRanksSend) {
  const Cluster cluster = ClusterOf(24, 4);
  for (const Algorithm& algorithm : Algorithms(Collective::kAllReduce)) {
    const Traffic ranks = ReportOf(Collective::kAllReduce, algorithm.name, 1 << 20, cluster, Unit::kRank).traffic;
    const Traffic hosts = ReportOf(Collective::kAllReduce, algorithm.name, 1 << 20, cluster, Unit::kHost).traffic;
    std::vector<uint64_t> sent(6, 0);
    for (const Flow& flow : ranks.flows) {
      const size_t host = static_cast<size_t>(cluster.HostOf(flow.from));
      if (flow.path != PathClass::kHost) sent[host] += flow.amount.bytes;
    }
    for (const Flow& flow : hosts.flows) {
      EXPECT_NE(flow.from, flow.to);
      sent[static_cast<size_t>(flow.from)] -= flow.amount.bytes;
    }
    for (const uint64_t left : sent) EXPECT_EQ(left, 0u) << algorithm.name;
  }
}

TEST(Traffic, TheSmallestUnitOfWhichThereAreFewEnoughIsTaken) {
  EXPECT_EQ(SmallestUnit(ClusterOf(64, 4), 64), Unit::kRank);
  EXPECT_EQ(SmallestUnit(ClusterOf(65, 4), 64), Unit::kHost);
  EXPECT_EQ(SmallestUnit(ClusterOf(1000, 4, 10), 64), Unit::kRack);
  EXPECT_EQ(SmallestUnit(ClusterOf(1000, 1, 2, 50), 64), Unit::kPod);
  EXPECT_EQ(SmallestUnit(ClusterOf(1000, 1, 2, 2), 64), Unit::kPod);
}

TEST(TrafficText, ARingIsALineAndSaysWhatGoesAround) {
  const Cluster cluster = ClusterOf(4, 2);
  const Report report = ReportOf(Collective::kAllReduce, "ring", 1 << 20, cluster, Unit::kRank);
  EXPECT_EQ(TitleOf(report, cluster), "all_reduce, 1 MiB, 4 ranks on 2 hosts: ring");
  const std::string text = TrafficText(report, cluster);
  EXPECT_THAT(text,
              HasSubstr("ring: 0 > 1 > 2 > 3 > 0\nfrom each rank to the next, each way that is used: 1.5 MiB in "));
  EXPECT_THAT(text, HasSubstr("most out of a host: 1.5 MiB in "));
  EXPECT_THAT(text, Not(HasSubstr("sends to")));
}

TEST(TrafficText, ATreeIsATree) {
  const Cluster cluster = ClusterOf(8, 8);
  const Report report = ReportOf(Collective::kBroadcast, "binomial", 1024, cluster, Unit::kRank);
  EXPECT_THAT(TrafficText(report, cluster),
              HasSubstr("tree, down from its root:\n  0\n    1\n    2 > 3\n    4\n      5\n      6 > 7\n"));
}

// Neither of its trees is seen in what both send together.
TEST(TrafficText, ADoubleTreeIsTwoTreesEachForItsHalf) {
  const Cluster cluster = ClusterOf(16, 4);
  const Report report = ReportOf(Collective::kBroadcast, "double_tree", 1 << 20, cluster, Unit::kRank);
  ASSERT_EQ(report.strands.size(), 2u);
  EXPECT_EQ(report.strands[0].end_byte, 1u << 19);
  EXPECT_EQ(report.strands[1].end_byte, 1u << 20);
  for (const Strand& strand : report.strands) {
    EXPECT_EQ(strand.pattern.kind, PatternKind::kTreesDown);
    ASSERT_EQ(strand.pattern.trees.size(), 1u);
    EXPECT_EQ(strand.pattern.trees[0].unit, 0);
    EXPECT_EQ(strand.ends.size(), 15u) << "each rank but the root hears of it once";
  }
  EXPECT_THAT(TrafficText(report, cluster),
              HasSubstr("bytes 524288 to 1048575 of the vector:\ntree, down from its root:\n"));
}

TEST(TrafficText, OthersAreListedAndEqualReceiversTogether) {
  const Cluster cluster = ClusterOf(4, 2);
  const Report report = ReportOf(Collective::kAllToAll, "spread", 16, cluster, Unit::kRank);
  const std::string text = TrafficText(report, cluster);
  EXPECT_THAT(text, HasSubstr("rank 1 (host 0): sends to 0,2-3 (4 B in 1 message each)\n"));
  EXPECT_THAT(text, HasSubstr("inside a host                      16 B            4\n"));
  EXPECT_THAT(text, HasSubstr("between hosts of a rack            32 B            8\n"));
}

TEST(TrafficText, OneRankSendsNothing) {
  const Cluster cluster = ClusterOf(1, 1);
  const Report report = ReportOf(Collective::kAllReduce, "ring", 1 << 20, cluster, Unit::kRank);
  EXPECT_EQ(TrafficText(report, cluster), "No rank sends to another.\n");
  EXPECT_THAT(TrafficSvg(report, cluster), HasSubstr("<title>rank 0</title>"));
}

TEST(TrafficText, ManyRanksAreTakenTogetherAndThatIsSaid) {
  const Cluster cluster = ClusterOf(128, 8);
  const Report report = ReportOf(Collective::kAllReduce, "ring", 1 << 20, cluster, Unit::kHost);
  EXPECT_THAT(TrafficText(report, cluster),
              HasSubstr("More than 64 ranks: hosts are listed, all ranks of one together.\n\nring: 0 > 1 >"));
  EXPECT_THAT(TrafficSvg(report, cluster), HasSubstr("more than 64 ranks: each box is a host with all its ranks"));
}

TEST(TrafficText, WhatCannotBeToldApartIsNotListedButSummed) {
  const Cluster pods = ClusterOf(200, 1, 1, 1);
  const Report many = ReportOf(Collective::kAllReduce, "ring", 1 << 20, pods, Unit::kPod);
  EXPECT_THAT(WhyNotDrawn(many, pods), HasSubstr("200 pods are more than the 64 that can be told apart"));
  EXPECT_THAT(TrafficText(many, pods), HasSubstr("most out of a pod: 2.0 MiB in "));
  EXPECT_THAT(TrafficText(many, pods), HasSubstr("Not listed: 200 pods"));
  const Cluster flat = ClusterOf(200, 1);
  const Report one = ReportOf(Collective::kAllReduce, "ring", 1 << 20, flat, Unit::kRack);
  EXPECT_THAT(WhyNotDrawn(one, flat),
              HasSubstr("200 ranks are more than the 64 that can be told apart, and all are in one rack"));
}

size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(TrafficSvg, HasABoxForEachPlaceAndAnArcForEachFlow) {
  const Cluster cluster = ClusterOf(16, 4, 1, 2);
  const Report report = ReportOf(Collective::kAllReduce, "hierarchical", 1 << 20, cluster, Unit::kRank);
  const std::string svg = TrafficSvg(report, cluster);
  EXPECT_THAT(svg, testing::StartsWith("<svg xmlns="));
  EXPECT_THAT(svg, HasSubstr(">all_reduce, 1 MiB, 16 ranks on 4 hosts in 4 racks of 2 pods: hierarchical</text>"));
  EXPECT_THAT(svg, HasSubstr("<title>rank 15</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>rack 3</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>pod 1</title>"));
  EXPECT_EQ(CountOf(svg, " to rank "), report.traffic.flows.size());
  EXPECT_THAT(svg, HasSubstr("between pods: "));
}

TEST(TrafficJson, FlowsAddUpToWhatCrosses) {
  const Cluster cluster = ClusterOf(12, 4);
  const Report report = ReportOf(Collective::kAllReduce, "hierarchical", 1 << 20, cluster, Unit::kRank);
  const nlohmann::ordered_json json = TrafficJson(report, cluster);
  uint64_t between = 0;
  for (const auto& flow : json["flows"]) {
    if (flow["path"] == "rack") between += flow["bytes"].get<uint64_t>();
  }
  EXPECT_GT(between, 0u);
  EXPECT_EQ(json["crossings"]["rack"]["bytes"], between);
  uint64_t out = 0;
  for (const auto& host : json["hosts"]) out += host["out"]["bytes"].get<uint64_t>();
  EXPECT_EQ(out, between);
  EXPECT_EQ(json["between"], "ranks");
}

}  // namespace
}  // namespace tutti::traffic
