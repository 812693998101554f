// SPDX-License-Identifier: Apache-2.0
// The ring between two threads that really share the memory, so that the thread sanitizer sees every access.
#include "transports/shm/ring.h"

#include <cstring>
#include <new>
#include <thread>

#include "gtest/gtest.h"

#include "lib/base/prng.h"

namespace tutti::shm {
namespace {

constexpr uint64_t kRingBytes = 4096;

struct SharedRing {
  alignas(64) std::byte data[kRingBytes] = {};
  ReaderState reader = {};
};

uint64_t LengthOf(uint64_t i) { return Prng(i).Below(4) == 0 ? Prng(i).Below(900) : Prng(i).Below(20); }

TEST(ShmRing, RecordsOfEveryLengthArriveInOrderWhateverTheLap) {
  constexpr uint64_t kRecords = 20'000;
  auto shared = std::make_unique<SharedRing>();
  std::thread writing([&shared] {
    RingWriter writer(shared->data, kRingBytes, &shared->reader);
    for (uint64_t i = 0; i < kRecords; ++i) {
      const uint64_t bytes = LengthOf(i);
      Record* record = nullptr;
      while ((record = writer.Reserve(bytes)) == nullptr) std::this_thread::yield();
      record->kind = RecordKind::kMessage;
      record->sequence = i;
      record->message_bytes = bytes;
      std::memset(record->payload(bytes), static_cast<int>(i & 0xff), bytes);
      writer.Commit();
    }
  });
  RingReader reader(shared->data, kRingBytes, &shared->reader);
  uint64_t bad = 0;
  for (uint64_t i = 0; i < kRecords; ++i) {
    const Record* record = nullptr;
    while ((record = reader.Peek()) == nullptr) std::this_thread::yield();
    const uint64_t bytes = record->message_bytes;
    ASSERT_EQ(record->sequence, i);
    ASSERT_EQ(bytes, LengthOf(i));
    ASSERT_TRUE(reader.Fits(bytes));
    for (uint64_t at = 0; at < bytes; ++at) bad += record->payload(bytes)[at] != static_cast<std::byte>(i & 0xff);
    reader.Advance(bytes);
    if (i % 3 == 0) {
      EXPECT_TRUE(reader.Release());
    }
  }
  writing.join();
  EXPECT_EQ(bad, 0u);
}

TEST(ShmRing, NothingIsOverwrittenBeforeItIsReleased) {
  auto shared = std::make_unique<SharedRing>();
  RingWriter writer(shared->data, kRingBytes, &shared->reader);
  RingReader reader(shared->data, kRingBytes, &shared->reader);
  int written = 0;
  while (Record* record = writer.Reserve(0)) {
    record->kind = RecordKind::kDone;
    writer.Commit();
    ++written;
  }
  EXPECT_EQ(written, static_cast<int>(kRingBytes / 64) - 1);
  EXPECT_FALSE(writer.RoomHasGrown());
  ASSERT_NE(reader.Peek(), nullptr);
  reader.Advance(0);
  EXPECT_EQ(writer.Reserve(0), nullptr);
  EXPECT_TRUE(reader.Release());
  EXPECT_FALSE(reader.Release());
  EXPECT_TRUE(writer.RoomHasGrown());
  EXPECT_NE(writer.Reserve(0), nullptr);
}

TEST(ShmRing, ARecordThatReachesBeyondTheRingIsRefused) {
  auto shared = std::make_unique<SharedRing>();
  RingReader reader(shared->data, kRingBytes, &shared->reader);
  EXPECT_TRUE(reader.Fits(kRingBytes - 64));
  EXPECT_FALSE(reader.Fits(kRingBytes - 63));
  EXPECT_FALSE(reader.Fits(UINT64_MAX));
}

}  // namespace
}  // namespace tutti::shm
