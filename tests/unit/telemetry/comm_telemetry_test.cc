// SPDX-License-Identifier: Apache-2.0
#include "lib/telemetry/comm_telemetry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

namespace tutti {
namespace {

// Of rank 0, which came at 1,000,000; `last_rank` came last_by_ns later.
OperationMarks Timing(int64_t total_ns, int32_t last_rank = 0, int64_t last_by_ns = 0) {
  OperationMarks marks;
  marks.arrivals.Begin(0, 1'000'000);
  if (last_by_ns > 0) marks.arrivals.Hear(last_rank, 1'000'000 + last_by_ns);
  marks.begun_ns = 1'000'000;
  marks.finished_ns = 1'000'000 + total_ns;
  return marks;
}

uint64_t CountOf(const OperationRecord& record) { return HistogramSnapshot(record.total()).count(); }

std::vector<const OperationRecord*> RecordsOf(const CommTelemetry& telemetry) {
  std::vector<const OperationRecord*> records;
  telemetry.VisitRecords([&](const OperationRecord& record) { records.push_back(&record); });
  return records;
}

TEST(CommTelemetry, KeepsARecordForEachKindOfCall) {
  CommTelemetry telemetry(4);
  OperationRecord* small = telemetry.RecordFor({1, 2, 4});
  OperationRecord* large = telemetry.RecordFor({1, 2, 20});
  EXPECT_NE(small, large);
  EXPECT_EQ(small, telemetry.RecordFor({1, 2, 4}));
  EXPECT_TRUE(RecordsOf(telemetry).empty());  // nothing was measured
  telemetry.Add(*small, Timing(500));
  telemetry.Add(*small, Timing(700));
  telemetry.Add(*large, Timing(90'000));
  ASSERT_EQ(RecordsOf(telemetry).size(), 2u);
  EXPECT_EQ(CountOf(*small), 2u);
  EXPECT_EQ(small->moved_ns(), 1200u);
  EXPECT_EQ(CountOf(*large), 1u);
}

TEST(CommTelemetry, TooManyKindsShareTheLastRecord) {
  CommTelemetry telemetry(2);
  std::set<OperationRecord*> records;
  for (int i = 0; i < 200; ++i) records.insert(telemetry.RecordFor({static_cast<uint8_t>(i), 0, 0}));
  EXPECT_EQ(records.size(), CommTelemetry::kMaxRecords + 1);
  OperationRecord* shared = telemetry.RecordFor({199, 0, 0});
  EXPECT_EQ(shared->key().collective, RecordKey::kShared);
  EXPECT_EQ(telemetry.RecordFor({0, 0, 0})->key().collective, 0);
}

TEST(CommTelemetry, BlamesTheLastRank) {
  CommTelemetry telemetry(3);
  OperationRecord* record = telemetry.RecordFor({});
  telemetry.Add(*record, Timing(100, 2, 60));
  telemetry.Add(*record, Timing(100, 2, 90));
  telemetry.Add(*record, Timing(100));
  telemetry.Add(*record, Timing(100, 3, 5));  // no rank of this communicator
  EXPECT_EQ(telemetry.BlameOf(2).times_last, 2u);
  EXPECT_EQ(telemetry.BlameOf(2).late_ns, 150u);
  EXPECT_EQ(telemetry.BlameOf(2).max_late_ns, 90u);
  EXPECT_EQ(telemetry.BlameOf(0).times_last, 1u);
  EXPECT_EQ(telemetry.BlameOf(1).times_last, 0u);
}

TEST(CommTelemetry, AMarkForgetsWhatWasMeasuredBefore) {
  CommTelemetry telemetry(2);
  OperationRecord* record = telemetry.RecordFor({});
  telemetry.Add(*record, Timing(1'000'000, 1, 60));
  telemetry.AddPath(1, 64, 500);
  telemetry.Mark();
  EXPECT_TRUE(RecordsOf(telemetry).empty());
  EXPECT_EQ(telemetry.BlameOf(1).times_last, 0u);
  EXPECT_EQ(telemetry.PathFrom(1).messages, 0u);
  telemetry.Add(*record, Timing(10, 1, 6));
  telemetry.AddPath(1, 8, 40);
  telemetry.AddPath(1, 8, 30);
  telemetry.AddPath(7, 8, 30);  // no rank of this communicator
  ASSERT_EQ(RecordsOf(telemetry).size(), 1u);
  EXPECT_EQ(HistogramSnapshot(record->total()).max_ns(), 10u);
  EXPECT_EQ(telemetry.BlameOf(1).late_ns, 6u);
  EXPECT_EQ(telemetry.PathFrom(1).messages, 2u);
  EXPECT_EQ(telemetry.PathFrom(1).ns, 70u);
  EXPECT_EQ(telemetry.PathFrom(1).max_ns, 40u);
}

TEST(CommTelemetry, AQuickOperationStandsForThoseThatWereNotClocked) {
  CommTelemetry telemetry(2);
  OperationRecord* record = telemetry.RecordFor({});
  constexpr uint64_t kRun = CommTelemetry::kQuickRun;
  EXPECT_FALSE(telemetry.MayGoUnclocked(kRun + 20));  // not before one was quick
  telemetry.AddQuick(*record, Timing(200), kRun + 20);
  for (uint64_t sequence = kRun + 21; sequence < 2 * kRun; ++sequence) {
    EXPECT_TRUE(telemetry.MayGoUnclocked(sequence));
    telemetry.AddUnclocked(*record);
  }
  // All ranks clock the first one of a run, wherever they began.
  EXPECT_FALSE(telemetry.MayGoUnclocked(2 * kRun));
  EXPECT_FALSE(telemetry.MayGoUnclocked(2 * kRun + 1));
  EXPECT_EQ(CountOf(*record), 1u);
  EXPECT_EQ(record->unclocked(), kRun - 21);
  telemetry.AddQuick(*record, Timing(300), 2 * kRun);
  EXPECT_TRUE(telemetry.MayGoUnclocked(2 * kRun + 1));
  EXPECT_EQ(CountOf(*record), kRun - 19);
  EXPECT_EQ(record->quick_ns(), 300);
  EXPECT_EQ(record->unclocked(), 0u);
  telemetry.NotQuick();
  EXPECT_FALSE(telemetry.MayGoUnclocked(2 * kRun + 1));
  telemetry.AddLate(*record, Timing(0));
  EXPECT_EQ(record->unclocked(), 1u);
  EXPECT_EQ(telemetry.BlameOf(0).times_last, 3u);
  telemetry.Mark();
  telemetry.AddUnclocked(*record);
  EXPECT_EQ(CountOf(*record), 0u);
  EXPECT_EQ(record->unclocked(), 1u);
}

TEST(CommTelemetry, CanBeReadAndMarkedWhileItIsWritten) {
  CommTelemetry telemetry(4);
  std::atomic<bool> over{false};
  std::thread reader([&] {
    while (!over.load()) {
      telemetry.Mark();
      for (const OperationRecord* record : RecordsOf(telemetry)) EXPECT_LE(CountOf(*record), 100'000u);
      (void)telemetry.BlameOf(1);
    }
  });
  for (int i = 0; i < 100'000; ++i)
    telemetry.Add(*telemetry.RecordFor({static_cast<uint8_t>(i % 3), 0, 0}), Timing(i, 1));
  over.store(true);
  reader.join();
  telemetry.Mark();
  telemetry.Add(*telemetry.RecordFor({0, 0, 0}), Timing(7));
  EXPECT_EQ(CountOf(*telemetry.RecordFor({0, 0, 0})), 1u);
}

TEST(CommTelemetry, StepsOfManySortsShareTheLastRecordAndAMarkForgetsThem) {
  CommTelemetry telemetry(4);
  const uint8_t receive = telemetry.StepRecordFor({StepSort::kReceive, 2, 1});
  EXPECT_EQ(telemetry.StepRecordFor({StepSort::kReceive, 2, 1}), receive);
  EXPECT_NE(telemetry.StepRecordFor({StepSort::kReceive, 2, 0}), receive);
  EXPECT_NE(telemetry.StepRecordFor({StepSort::kSend, 2, 1}), receive);
  telemetry.AddStep(receive, 100, 5'000);
  telemetry.AddStep(receive, 50, 7'000);
  telemetry.AddStep(CommTelemetry::kNoStepRecord, 1, 1);
  int visited = 0;
  telemetry.VisitSteps([&](const StepRecord& record) {
    ++visited;
    EXPECT_EQ(record.key(), (StepKey{StepSort::kReceive, 2, 1}));
    EXPECT_EQ(record.bytes(), 150u);
    EXPECT_EQ(HistogramSnapshot(record.times()).count(), 2u);
    EXPECT_EQ(record.times().max_ns(), 7'000u);
  });
  EXPECT_EQ(visited, 1);
  telemetry.Mark();
  telemetry.VisitSteps([](const StepRecord&) { ADD_FAILURE() << "it was forgotten"; });
  telemetry.AddStep(receive, 1, 2'000);
  telemetry.VisitSteps([](const StepRecord& record) { EXPECT_EQ(record.bytes(), 1u); });

  uint8_t last = 0;
  for (int32_t peer = 0; peer < 1000; ++peer) last = telemetry.StepRecordFor({StepSort::kCopy, peer, 0});
  EXPECT_EQ(last, CommTelemetry::kMaxStepRecords);
  EXPECT_EQ(telemetry.StepRecordFor({StepSort::kPublish, 3, 0}), last);
  EXPECT_EQ(telemetry.StepRecordFor({StepSort::kReceive, 2, 1}), receive);
  telemetry.AddStep(last, 10, 10);
  int shared = 0;
  telemetry.VisitSteps([&](const StepRecord& record) { shared += record.key().sort == StepSort::kOther; });
  EXPECT_EQ(shared, 1);
}

TEST(CommTelemetry, StepsThatAreCountedTogetherAreCountedAsOneByOne) {
  CommTelemetry together(2);
  CommTelemetry one_by_one(2);
  const StepKey key{StepSort::kReduce, -1, 0};
  const StepGroup group{together.StepRecordFor(key), true, 300, {1, 3, 4}};
  const int64_t took_ns[] = {0, 7'000, 0, -5, 90'000};
  EXPECT_EQ(together.AddSteps(group, [&](uint32_t step) { return took_ns[step]; }), 97'000u);
  for (const uint32_t step : group.steps) one_by_one.AddStep(one_by_one.StepRecordFor(key), 100, took_ns[step]);

  const auto content = [](const CommTelemetry& telemetry) {
    std::vector<uint64_t> numbers;
    telemetry.VisitSteps([&](const StepRecord& record) {
      const HistogramSnapshot times(record.times());
      numbers = {record.bytes(),
                 times.count(),
                 times.min_ns(),
                 times.max_ns(),
                 record.times().sum_ns(),
                 times.CountIn(0),
                 times.CountIn(Histogram::BucketOf(7'000)),
                 times.CountIn(Histogram::BucketOf(90'000))};
    });
    return numbers;
  };
  EXPECT_EQ(content(together), content(one_by_one));
  EXPECT_EQ(content(together).at(1), 3u);
  together.Mark();
  together.AddSteps({group.record, true, 8, {0}}, [](uint32_t) { return 1; });
  EXPECT_EQ(content(together).at(0), 8u) << "a mark forgets these, too";
}

}  // namespace
}  // namespace tutti
