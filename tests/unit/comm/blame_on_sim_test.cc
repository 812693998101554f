// SPDX-License-Identifier: Apache-2.0
// Who was late, by how much, and which path was slow: planted in virtual time, where the answer is known exactly, for every
// algorithm.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "collectives/algorithms/registry.h"
#include "lib/base/prng.h"
#include "lib/comm/comm_totals.h"
#include "sanitized.h"
#include "sim_job.h"

namespace tutti {
namespace {

struct BlameCase {
  Collective collective;
  int algorithm;  // place in the registry

  const Algorithm& get() const { return Algorithms(collective)[static_cast<size_t>(algorithm)]; }
};

std::string NameOfBlame(const ::testing::TestParamInfo<BlameCase>& info) {
  return absl::StrCat(CollectiveName(info.param.collective), "_", info.param.get().name);
}

std::vector<BlameCase> AllBlameCases() {
  std::vector<BlameCase> cases;
  for (int c = 0; c < kNumCollectives; ++c) {
    const auto collective = static_cast<Collective>(c);
    for (size_t a = 0; a < Algorithms(collective).size(); ++a) cases.push_back({collective, static_cast<int>(a)});
  }
  return cases;
}

// Whether every rank's result depends on every rank.
bool IsSymmetric(Collective collective) {
  return collective == Collective::kAllReduce || collective == Collective::kAllGather ||
         collective == Collective::kReduceScatter || collective == Collective::kAllToAll ||
         collective == Collective::kBarrier;
}

// Whether `rank` gets something that comes from `late`.
bool Depends(Collective collective, int rank, int late, int root) {
  if (rank == late) return false;
  if (IsSymmetric(collective)) return true;
  const bool from_root = collective == Collective::kBroadcast || collective == Collective::kScatter;
  return from_root ? late == root : rank == root;
}

class Calls {
 public:
  Calls(SimJob& job, const BlameCase& of, uint64_t count) : job_(job), case_(of), count_(count) {
    const size_t elements = static_cast<size_t>(job.size()) * count;
    buffers_.assign(static_cast<size_t>(job.size()), std::vector<double>(2 * elements + 1, 1.0));
  }

  Operation* Start(int rank, int root) {
    std::vector<double>& buffer = buffers_[static_cast<size_t>(rank)];
    CollectiveCall call;
    call.collective = case_.collective;
    call.send = buffer.data();
    call.recv = buffer.data() + buffer.size() / 2;
    call.count = case_.collective == Collective::kBarrier ? 0 : count_;
    call.type = DataType::kFloat64;
    call.root = root;
    call.algorithm = &case_.get();
    absl::StatusOr<Operation*> operation = job_.communicator(rank).Start(call);
    EXPECT_TRUE(operation.ok()) << operation.status();
    return operation.ok() ? *operation : nullptr;
  }

 private:
  SimJob& job_;
  const BlameCase case_;
  const uint64_t count_;
  std::vector<std::vector<double>> buffers_;
};

// All that can happen before that time happens.
void RunTo(SimJob& job, int64_t time_ns) {
  for (;;) {
    bool moved = false;
    for (int rank = 0; rank < job.size(); ++rank) moved |= job.communicator(rank).job().engine().Poll();
    if (moved) continue;
    if (job.network().next_event_ns() >= time_ns) break;
    job.network().AdvanceToNextEvent();
  }
  job.network().AdvanceTo(time_ns);
}

void ExpectPartsAddUp(const OperationTiming& timing) {
  EXPECT_EQ(timing.total_ns,
            timing.queued_ns + timing.waited_ns + timing.reduced_ns + timing.coded_ns + timing.moved_ns);
}

class BlameOnSim : public ::testing::TestWithParam<BlameCase> {};

TEST_P(BlameOnSim, EveryRankNamesTheLateOneAndByHowMuch) {
  const BlameCase of = GetParam();
  for (int ranks : kThreadSanitized ? std::vector<int>{4} : std::vector<int>{2, 4, 7, 8}) {
    SimJob job(OptionsFor(ranks));
    for (uint64_t count : {uint64_t{1}, uint64_t{3000}}) {
      Calls calls(job, of, count);
      Prng random(static_cast<uint64_t>(ranks) + count);
      for (int round = 0; round < (kSanitized ? 1 : 6); ++round) {
        const int late = static_cast<int>(random.Between(0, ranks - 1));
        const int64_t delay_ns = random.Between(200'000, 50'000'000);
        const int root = static_cast<int>(random.Between(0, ranks - 1));
        const int64_t begin_ns = job.network().clock().now_ns();
        std::vector<Operation*> operations(static_cast<size_t>(ranks), nullptr);
        for (int rank = 0; rank < ranks; ++rank) {
          if (rank != late) operations[static_cast<size_t>(rank)] = calls.Start(rank, root);
        }
        RunTo(job, begin_ns + delay_ns);
        operations[static_cast<size_t>(late)] = calls.Start(late, root);
        for (Outcome outcome : job.Conclude(operations)) ASSERT_EQ(outcome, Outcome::kOk);

        for (int rank = 0; rank < ranks; ++rank) {
          const OperationTiming timing = operations[static_cast<size_t>(rank)]->Timing();
          const std::string what = absl::StrCat("rank ", rank, " of ", ranks, ", rank ", late, " late, root ", root);
          ExpectPartsAddUp(timing);
          const bool depends = Depends(of.collective, rank, late, root);
          EXPECT_EQ(timing.last_error_ns, 0) << what;
          if (depends || (rank == late && IsSymmetric(of.collective))) {
            EXPECT_EQ(timing.last_rank, late) << what;
            EXPECT_EQ(timing.last_by_ns, delay_ns) << what;
          }
          // Others may wait for it all the same, to be rid of what they send.
          if (depends || timing.waited_ns > 0) {
            EXPECT_EQ(timing.waited_ns, delay_ns) << what;
          }
          if (timing.waited_ns > 0) {
            EXPECT_EQ(timing.last_rank, late) << what;
          }
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, BlameOnSim, ::testing::ValuesIn(AllBlameCases()), NameOfBlame);

TEST(BlameOnSim, ASlowPathIsNotALateRank) {
  constexpr int kRanks = 8;
  constexpr int64_t kSlowNs = 5'000'000;
  const auto algorithms = Algorithms(Collective::kAllReduce);
  for (size_t a = 0; a < algorithms.size(); ++a) {
    sim::NetworkOptions options;
    options.size = kRanks;
    SimJob job(options);
    const BlameCase of{Collective::kAllReduce, static_cast<int>(a)};
    Calls calls(job, of, 100);
    for (int from = 0; from < kRanks; ++from) {
      const int to = (from + 1) % kRanks;
      sim::LinkModel slow = options.link;
      slow.latency_ns = kSlowNs;
      job.network().SetLink(from, to, slow);
      for (int warm = 0; warm < 2; ++warm) {
        std::vector<Operation*> operations;
        for (int rank = 0; rank < kRanks; ++rank) operations.push_back(calls.Start(rank, 0));
        for (Outcome outcome : job.Conclude(operations)) ASSERT_EQ(outcome, Outcome::kOk);
        if (warm == 0) continue;  // connecting takes its time, too
        for (int rank = 0; rank < kRanks; ++rank) {
          const OperationTiming timing = operations[static_cast<size_t>(rank)]->Timing();
          EXPECT_EQ(timing.waited_ns, 0) << algorithms[a].name << ": all came at once";
          EXPECT_EQ(timing.last_by_ns, 0);
          if (rank == to && timing.total_ns >= kSlowNs && timing.slowest.ns >= kSlowNs) {
            EXPECT_EQ(timing.slowest.peer, from) << algorithms[a].name;
          } else {
            // The slow message has passed on its way to others, but none of their own was slow.
            EXPECT_LT(timing.slowest.ns, kSlowNs)
                << algorithms[a].name << ": rank " << rank << " names rank " << timing.slowest.peer;
          }
        }
        if (from == 0 && absl::string_view(algorithms[a].name) == "ring") {
          EXPECT_EQ(operations[1]->Timing().slowest.peer, 0);
          EXPECT_GE(operations[1]->Timing().slowest.ns, kSlowNs);
          EXPECT_GE(job.communicator(1).telemetry().PathFrom(0).max_ns, static_cast<uint64_t>(kSlowNs));
        }
      }
      job.network().SetLink(from, to, options.link);
    }
  }
}

TEST(BlameOnSim, StepsAreCountedByPeerAndRail) {
  constexpr int kRanks = 4;
  constexpr int64_t kSlowNs = 7'000'000;
  const auto algorithms = Algorithms(Collective::kAllReduce);
  int ring = 0;
  while (absl::string_view(algorithms[static_cast<size_t>(ring)].name) != "ring") ++ring;
  sim::NetworkOptions options;
  options.size = kRanks;
  SimJob job(options);
  sim::LinkModel slow = options.link;
  slow.latency_ns = kSlowNs;
  job.network().SetLink(1, 2, slow);
  Calls calls(job, {Collective::kAllReduce, ring}, 40);
  for (int round = 0; round < 3; ++round) {
    std::vector<Operation*> operations;
    for (int rank = 0; rank < kRanks; ++rank) operations.push_back(calls.Start(rank, 0));
    for (Outcome outcome : job.Conclude(operations)) ASSERT_EQ(outcome, Outcome::kOk);
    if (round > 0) continue;  // connecting takes its time, too
    for (int rank = 0; rank < kRanks; ++rank) job.communicator(rank).telemetry().Mark();
  }
  for (int rank = 0; rank < kRanks; ++rank) {
    const CommTotals totals = TotalsOf(job.communicator(rank));
    uint64_t received = 0;
    uint64_t sent = 0;
    for (const StepTotals& step : totals.steps) {
      const std::string sort = step.sort;
      if (sort != "send" && sort != "receive") {
        EXPECT_EQ(step.peer, -1) << sort;
        EXPECT_STREQ(step.rail, "");
        continue;
      }
      EXPECT_STREQ(step.rail, "sim");
      EXPECT_EQ(step.peer, (rank + (sort == "send" ? 1 : kRanks - 1)) % kRanks) << sort;
      (sort == "send" ? sent : received) += step.times.count();
      if (sort == "send") continue;
      EXPECT_EQ(step.times.max_ns() >= uint64_t{kSlowNs}, rank == 2);
      EXPECT_EQ(step.bytes, job.communicator(rank).telemetry().PathFrom(step.peer).bytes);
    }
    // Two operations; a ring has 2 (n - 1) rounds.
    EXPECT_EQ(received, 2u * 2 * (kRanks - 1));
    EXPECT_EQ(sent, received);
  }
}

TEST(BlameOnSim, TotalsNameTheRankThatIsOftenLate) {
  sim::NetworkOptions options;
  options.size = 4;
  SimJob job(options);
  Calls calls(job, {Collective::kAllReduce, 0}, 10);
  for (int round = 0; round < 20; ++round) {
    const int late = round % 4 == 0 ? 1 : 2;
    std::vector<Operation*> operations(4, nullptr);
    for (int rank = 0; rank < 4; ++rank) {
      if (rank != late) operations[static_cast<size_t>(rank)] = calls.Start(rank, 0);
    }
    RunTo(job, job.network().clock().now_ns() + kNsPerMs);
    operations[static_cast<size_t>(late)] = calls.Start(late, 0);
    for (Outcome outcome : job.Conclude(operations)) ASSERT_EQ(outcome, Outcome::kOk);
  }
  for (int rank = 0; rank < 4; ++rank) {
    const CommTelemetry& telemetry = job.communicator(rank).telemetry();
    EXPECT_EQ(telemetry.BlameOf(1).times_last, 5u);
    EXPECT_EQ(telemetry.BlameOf(2).times_last, 15u);
    EXPECT_EQ(telemetry.BlameOf(2).late_ns, static_cast<uint64_t>(15 * kNsPerMs));
    int records = 0;
    telemetry.VisitRecords([&](const OperationRecord& record) {
      ++records;
      EXPECT_EQ(HistogramSnapshot(record.total()).count(), 20u);
    });
    EXPECT_EQ(records, 1);
  }
}

TEST(BlameOnSim, WithTelemetryOffNothingIsMeasuredAndOthersStillHearOfEachOther) {
  sim::NetworkOptions options;
  options.size = 4;
  SimJob job(options);
  job.communicator(3).telemetry().Enable(false);
  Calls calls(job, {Collective::kAllReduce, 0}, 1000);
  std::vector<Operation*> operations;
  for (int rank = 0; rank < 4; ++rank) operations.push_back(calls.Start(rank, 0));
  for (Outcome outcome : job.Conclude(operations)) ASSERT_EQ(outcome, Outcome::kOk);
  EXPECT_FALSE(operations[3]->timed);
  EXPECT_TRUE(operations[0]->timed);
  job.communicator(3).telemetry().VisitRecords([](const OperationRecord&) { ADD_FAILURE() << "it was to be off"; });
}

}  // namespace
}  // namespace tutti
