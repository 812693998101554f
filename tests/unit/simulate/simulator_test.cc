// SPDX-License-Identifier: Apache-2.0
// Tiny schedules whose time can be added up by hand. Times are in ns here, and exact.
#include "collectives/simulate/simulator.h"

#include <vector>

#include <gtest/gtest.h>

#include "collectives/schedule/builder.h"
#include "collectives/simulate/critical_path.h"

namespace tutti::simulate {
namespace {

constexpr int64_t kNs = kPsPerNs;
constexpr uint64_t kBytes = 1000;

// One host per rank. Sending takes 10 ns, receiving 20, the port 5 and 1 ns for 10 bytes, the way 100; reducing a byte 2 ns
// and copying it 1.
ClusterSpec Simple() {
  ClusterSpec spec;
  PathCost path;
  path.send_ps = 10 * kNs;
  path.receive_ps = 20 * kNs;
  path.gap_ps = 5 * kNs;
  path.latency_ps = 100 * kNs;
  path.ps_per_byte = 100;
  spec.costs = Costs();
  spec.costs.paths.fill(path);
  spec.costs.reduce_ps_per_byte = 2000;
  spec.costs.copy_ps_per_byte = 1000;
  return spec;
}

constexpr int64_t kPort = 5 + 100;  // of kBytes

Shape Ranks(int ranks) {
  Shape shape;
  shape.num_ranks = ranks;
  shape.count = kBytes;
  shape.element_bytes = 1;
  return shape;
}

struct Ran {
  int64_t time_ns = 0;
  std::vector<int64_t> by_rank_ns;
  Trace trace;
  CriticalPath critical;
};

Ran Simulate(const ClusterSpec& spec, const Shape& shape, BuildSchedule build, uint64_t seed = 1) {
  const auto cluster = Cluster::Make(spec, shape.num_ranks);
  const auto workload = Workload::Make(shape, build);
  EXPECT_TRUE(cluster.ok()) << cluster.status();
  EXPECT_TRUE(workload.ok()) << workload.status();
  Ran ran;
  Simulator simulator(*workload, *cluster);
  const int64_t time_ps = simulator.Run(seed, 0, &ran.trace, &ran.by_rank_ns);
  EXPECT_EQ(time_ps % kNs, 0);
  ran.time_ns = time_ps / kNs;
  for (int64_t& end : ran.by_rank_ns) end /= kNs;
  ran.critical = FindCriticalPath(*workload, ran.trace);
  const CriticalPath& c = ran.critical;
  EXPECT_EQ(c.late_ps + c.processor_ps + c.noise_ps + c.queued_ps + c.way_ps, time_ps);
  return ran;
}

// Everybody but rank 0 sends its vector there.
Schedule AllToFirst(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const Region all = Input(0, shape.count);
  for (int r = 1; r < shape.num_ranks && rank == 0; ++r) builder.Recv(r, builder.Scratch(shape.count));
  if (rank != 0) builder.Send(0, all);
  return std::move(builder).Build();
}

// Rank 0 sends its vector to everybody.
Schedule FirstToAll(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  for (int r = 1; r < shape.num_ranks && rank == 0; ++r) builder.Send(r, Input(0, shape.count));
  if (rank != 0) builder.Recv(0, Output(0, shape.count));
  return std::move(builder).Build();
}

// Ranks 0 and 1 to 2 and 3.
Schedule Across(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  if (rank < 2) builder.Send(rank + 2, Input(0, shape.count));
  if (rank >= 2) builder.Recv(rank - 2, Output(0, shape.count));
  return std::move(builder).Build();
}

Schedule ExchangeAndReduce(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const Region all = Input(0, shape.count);
  builder.Send(1 - rank, all);
  builder.RecvReduce(1 - rank, Output(0, shape.count), all, ScheduleBuilder::Order::kMessageLast,
                     ScheduleBuilder::Completes::kYes);
  return std::move(builder).Build();
}

// Rank 0 sends the codes of its vector to rank 1.
Schedule CodesToSecond(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const Region slot = builder.Slot(shape.count);
  if (rank == 0) {
    builder.Encode(slot, Input(0, shape.count), {});
    builder.Send(1, slot);
  } else {
    builder.Recv(0, slot);
    builder.Decode(Output(0, shape.count), slot, {});
    builder.DecodeReduce(Output(0, shape.count), slot, {}, ScheduleBuilder::Completes::kYes);
  }
  return std::move(builder).Build();
}

// The receiver copies something first, into what it will receive.
Schedule BusyReceiver(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  if (rank == 0) builder.Send(1, Input(0, shape.count));
  if (rank == 1) {
    builder.CopyInputToOutput();
    builder.Recv(0, Output(0, shape.count));
  }
  return std::move(builder).Build();
}

// Each rank copies its vector; no messages.
Schedule CopyOnly(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  builder.CopyInputToOutput();
  return std::move(builder).Build();
}

TEST(Simulator, CodesAreFewerBytesAndCostTheirCodec) {
  ClusterSpec spec = Simple();
  spec.costs.codec = {
      .encode_ps_per_byte = 3000, .decode_ps_per_byte = 5000, .decode_reduce_ps_per_byte = 7000, .encoded_share = 0.25};
  const auto cluster = Cluster::Make(spec, 2);
  const auto workload = Workload::Make(Ranks(2), CodesToSecond, spec.costs.codec.encoded_share);
  ASSERT_TRUE(workload.ok()) << workload.status();
  const int64_t quarter_ns = kPort - 75;  // of kBytes
  const int64_t message_ns = 10 + quarter_ns + 100 + 20;
  EXPECT_EQ(Simulator(*workload, *cluster).Run(1, 0), (3000 + message_ns + 5000 + 7000) * kNs);
}

TEST(Simulator, AMessageTakesItsSendItsPortItsWayAndItsReceive) {
  const Ran ran = Simulate(Simple(), Ranks(2), FirstToAll);
  EXPECT_EQ(ran.time_ns, 10 + kPort + 100 + 20);
  EXPECT_EQ(ran.by_rank_ns, (std::vector<int64_t>{10 + kPort, ran.time_ns}));
  EXPECT_EQ(ran.critical.processor_ps, 30 * kNs);
  EXPECT_EQ(ran.critical.way_ps, (kPort + 100) * kNs);
  EXPECT_EQ(ran.critical.steps.size(), 2u);
}

TEST(Simulator, AnEmptyMessageTakesAllButItsBytes) {
  Shape shape = Ranks(2);
  shape.count = 0;
  EXPECT_EQ(Simulate(Simple(), shape, FirstToAll).time_ns, 10 + 5 + 100 + 20);
}

TEST(Simulator, MessagesOfOneRankPassItsPortOneAfterTheOther) {
  const Ran ran = Simulate(Simple(), Ranks(4), FirstToAll);
  EXPECT_EQ(ran.by_rank_ns[1], 10 + kPort + 100 + 20);
  EXPECT_EQ(ran.by_rank_ns[2], 10 + 2 * kPort + 100 + 20);
  EXPECT_EQ(ran.by_rank_ns[3], 10 + 3 * kPort + 100 + 20);
  // Two messages were ready before the port was: after 20 and 30 ns.
  EXPECT_EQ(ran.critical.queued_ps, (10 + 2 * kPort - 30) * kNs);
}

TEST(Simulator, AReceiversPortIsSharedByThoseWhoSendToIt) {
  const Ran ran = Simulate(Simple(), Ranks(4), AllToFirst);
  EXPECT_EQ(ran.by_rank_ns[1], 10 + kPort);
  EXPECT_EQ(ran.by_rank_ns[3], 10 + kPort);
  EXPECT_EQ(ran.time_ns, 10 + 3 * kPort + 100 + 20);
}

TEST(Simulator, ReducingTakesItsTimeOnTheProcessor) {
  EXPECT_EQ(Simulate(Simple(), Ranks(2), ExchangeAndReduce).time_ns, 10 + kPort + 100 + 20 + 2 * kBytes);
}

TEST(Simulator, AReceiveBeginsWhenBothItsMessageAndItsMemoryAreThere) {
  EXPECT_EQ(Simulate(Simple(), Ranks(2), BusyReceiver).time_ns, kBytes + 20);
}

TEST(Simulator, ALongMessageWaitsUntilItIsAskedFor) {
  ClusterSpec spec = Simple();
  for (PathCost& path : spec.costs.paths) path.eager_bytes = kBytes - 1;
  // Ready at once: the sender's word takes a way, and the answer another one.
  EXPECT_EQ(Simulate(spec, Ranks(2), FirstToAll).time_ns, 10 + 2 * 100 + kPort + 100 + 20);
  // Ready after its copy.
  EXPECT_EQ(Simulate(spec, Ranks(2), BusyReceiver).time_ns, kBytes + 100 + kPort + 100 + 20);
}

TEST(Simulator, AnOversubscribedRackMakesItsHostsWait) {
  ClusterSpec spec = Simple();
  spec.hosts_per_rack = 2;
  EXPECT_EQ(Simulate(spec, Ranks(4), Across).time_ns, 10 + 5 + 50 + kPort + 100 + 20)
      << "two hosts' worth between racks";
  spec.rack_oversubscription = 2;
  EXPECT_EQ(Simulate(spec, Ranks(4), Across).time_ns, 10 + 2 * kPort + 100 + 20);
}

TEST(Cluster, HasHostsRacksAndPodsAsLevels) {
  ClusterSpec spec;
  spec.hosts = {3, 5, 1, 3};
  spec.hosts_per_rack = 2;
  const std::vector<int> hosts = {0, 0, 0, 1, 1, 1, 1, 1, 2, 3, 3, 3};
  const Cluster uneven = Cluster::Make(spec, 12).value();
  EXPECT_EQ(uneven.levels().groups, hosts);
  EXPECT_EQ(uneven.levels().wider, (std::vector<std::vector<int>>{{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1}}));
  spec.hosts.clear();
  spec.racks_per_pod = 2;
  const Cluster one_each = Cluster::Make(spec, 8).value();
  EXPECT_TRUE(one_each.levels().groups.empty());
  EXPECT_EQ(one_each.levels().wider,
            (std::vector<std::vector<int>>{{0, 0, 1, 1, 2, 2, 3, 3}, {0, 0, 0, 0, 1, 1, 1, 1}}));
  EXPECT_TRUE(Cluster::Make(spec, 2)->levels().empty());
}

TEST(Simulator, RanksOfOneHostDoNotUseItsPort) {
  ClusterSpec spec = Simple();
  spec.ranks_per_host = 4;
  const Ran ran = Simulate(spec, Ranks(4), Across);
  EXPECT_EQ(ran.time_ns, 10 + kPort + 100 + 20);
  const auto cluster = Cluster::Make(spec, 4);
  for (size_t i = 0; i < cluster->links().size(); ++i) {
    if (cluster->links()[i].name.rfind("host", 0) == 0) {
      EXPECT_EQ(ran.trace.links[i].messages, 0u);
    }
  }
}

TEST(Simulator, RanksShareTheCoresOfTheirHost) {
  ClusterSpec spec = Simple();
  spec.ranks_per_host = 4;
  spec.cores_per_host = 2;
  EXPECT_EQ(Simulate(spec, Ranks(4), CopyOnly).time_ns, 2 * kBytes);
  spec.switch_ps = 7 * kNs;
  EXPECT_EQ(Simulate(spec, Ranks(4), CopyOnly).time_ns, 2 * kBytes + 7);
  spec.cores_per_host = 0;
  EXPECT_EQ(Simulate(spec, Ranks(4), CopyOnly).time_ns, kBytes);
}

// Four ranks of a host work on 8,000 bytes together: input and output.
TEST(Simulator, BytesThatDoNotFitTheCachesTakeLonger) {
  ClusterSpec spec = Simple();
  spec.ranks_per_host = 4;
  spec.costs.uncached.copy = 3.3;
  const auto copying_ns = [&](uint64_t cache_bytes) {
    spec.costs.uncached.cache_bytes = cache_bytes;
    return Simulate(spec, Ranks(4), CopyOnly).time_ns;
  };
  EXPECT_EQ(copying_ns(0), kBytes) << "not known";
  EXPECT_EQ(copying_ns(32'000), kBytes) << "a quarter of the caches";
  EXPECT_EQ(copying_ns(1000), 3300);
  EXPECT_EQ(copying_ns(16'000), 2 * kBytes) << "half of the caches: one of 2.3 doublings";
  spec.ranks_per_host = 1;
  EXPECT_EQ(copying_ns(8000), kBytes) << "each host has caches of its own";
}

TEST(Uncached, GrowsFromAQuarterOfTheCachesToALittleMoreThanAll) {
  Uncached uncached;
  EXPECT_EQ(uncached.ShareOf(1 << 30), 0);
  uncached.cache_bytes = 32 << 20;
  double before = 0;
  for (uint64_t bytes = 8 << 20; bytes < 64 << 20; bytes += 1 << 20) {
    const double share = uncached.ShareOf(bytes);
    EXPECT_GE(share, before);
    EXPECT_LE(share, before + 0.07) << "no jumps";
    before = share;
  }
  EXPECT_EQ(before, 1);
  EXPECT_NEAR(uncached.ShareOf(16 << 20), 0.43, 0.01);
}

TEST(Simulator, ALateRankMakesItsReceiverWait) {
  ClusterSpec spec = Simple();
  spec.late = {{0, 5000 * kNs}};
  const Ran ran = Simulate(spec, Ranks(2), FirstToAll);
  EXPECT_EQ(ran.time_ns, 5000 + 10 + kPort + 100 + 20);
  EXPECT_EQ(ran.critical.late_ps, 5000 * kNs);
}

TEST(Simulator, ASlowHostTakesLongerOnItsProcessorsOnly) {
  ClusterSpec spec = Simple();
  spec.slow = {{1, 3}};
  EXPECT_EQ(Simulate(spec, Ranks(2), FirstToAll).time_ns, 10 + kPort + 100 + 3 * 20);
}

TEST(Simulator, ALinkThatIsDownHoldsWhatIsOnIt) {
  ClusterSpec spec = Simple();
  LinkFault fault;
  fault.index = 1;
  fault.out = false;
  fault.down_from_ps = 50 * kNs;  // in the middle of the message
  fault.down_until_ps = 1050 * kNs;
  spec.faults = {fault};
  EXPECT_EQ(Simulate(spec, Ranks(2), FirstToAll).time_ns, 1000 + 10 + kPort + 100 + 20);
  spec.faults[0].down_from_ps = 0;  // before it
  EXPECT_EQ(Simulate(spec, Ranks(2), FirstToAll).time_ns, 1050 + kPort + 100 + 20);
  spec.faults[0] = LinkFault();
  spec.faults[0].bandwidth_factor = 0.25;
  EXPECT_EQ(Simulate(spec, Ranks(2), FirstToAll).time_ns, 10 + 5 + 400 + 100 + 20);
}

TEST(Simulator, WhatIsSaidOfThingsThatAreNotThereIsAnError) {
  ClusterSpec spec = Simple();
  spec.late = {{2, 0}};
  EXPECT_EQ(Cluster::Make(spec, 2).status().message(), "\"late\" names rank 2, but there are 2 (counted from 0)");
  spec = Simple();
  spec.hosts = {1, 2};
  EXPECT_TRUE(Cluster::Make(spec, 3).ok());
  EXPECT_EQ(Cluster::Make(spec, 4).status().message(), "\"hosts\" has places for 3 ranks, but the job has 4");
}

}  // namespace
}  // namespace tutti::simulate
