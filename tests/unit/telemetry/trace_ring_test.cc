// SPDX-License-Identifier: Apache-2.0
#include "lib/telemetry/trace_ring.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace tutti {
namespace {

bool Put(TraceRing& ring, uint64_t sequence) {
  TraceRecord* record = ring.Begin();
  if (record == nullptr) return false;
  record->sequence = sequence;
  record->marks.finished_ns = static_cast<int64_t>(sequence) * 3;
  ring.End();
  return true;
}

std::vector<uint64_t> Take(TraceRing& ring) {
  std::vector<uint64_t> sequences;
  ring.Take([&](const TraceRecord& record) { sequences.push_back(record.sequence); });
  return sequences;
}

TEST(TraceRing, GivesWhatWasPutInInOrderAndOnce) {
  TraceRing ring(4);
  EXPECT_TRUE(Take(ring).empty());
  for (uint64_t i = 0; i < 3; ++i) EXPECT_TRUE(Put(ring, i));
  EXPECT_EQ(Take(ring), (std::vector<uint64_t>{0, 1, 2}));
  EXPECT_TRUE(Take(ring).empty());
}

TEST(TraceRing, CountsWhatFindsNoRoomAndKeepsWhatIsThere) {
  TraceRing ring(4);
  for (uint64_t i = 0; i < 7; ++i) EXPECT_EQ(Put(ring, i), i < 4);
  EXPECT_EQ(ring.lost(), 3u);
  EXPECT_EQ(Take(ring), (std::vector<uint64_t>{0, 1, 2, 3}));
  EXPECT_TRUE(Put(ring, 9));
  EXPECT_EQ(Take(ring), (std::vector<uint64_t>{9}));
  EXPECT_EQ(ring.lost(), 3u);
}

TEST(TraceRing, AReaderBesideTheWriterSeesWholeRecordsInOrder) {
  constexpr uint64_t kRecords = 200'000;
  TraceRing ring(64);
  uint64_t put = 0;
  std::thread writer([&] {
    for (uint64_t i = 1; i <= kRecords; ++i) put += Put(ring, i) ? 1 : 0;
  });
  uint64_t taken = 0;
  uint64_t before = 0;
  bool whole = true;
  const auto take = [&] {
    ring.Take([&](const TraceRecord& record) {
      whole &= record.sequence > before && record.marks.finished_ns == static_cast<int64_t>(record.sequence) * 3;
      before = record.sequence;
      ++taken;
    });
  };
  for (int i = 0; i < 1000; ++i) take();
  writer.join();
  take();
  EXPECT_TRUE(whole);
  EXPECT_EQ(taken, put);
  EXPECT_EQ(put + ring.lost(), kRecords);
}

}  // namespace
}  // namespace tutti
