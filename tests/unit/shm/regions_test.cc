// SPDX-License-Identifier: Apache-2.0
// Messages that are read where they lie in memory that peers have mapped.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "lib/base/clock.h"
#include "lib/memory/shared_memory.h"
#include "lib/transport/memory_registry.h"
#include "lib/transport/window_source.h"
#include "transports/shm/shared_regions.h"
#include "transports/shm/shm_transport.h"

namespace tutti::shm {
namespace {

TEST(SharedRegions, ARangeIsFoundByAnythingThatLiesWhollyInIt) {
  SharedRegions regions;
  auto memory = SharedMemory::Create("tutti-test", 8192);
  ASSERT_TRUE(memory.ok());
  std::byte* const begin = memory->data();
  EXPECT_EQ(regions.Find(begin, 1).region, 0u);
  const uint32_t number = regions.Add(begin, 8192, memory->fd());
  ASSERT_NE(number, 0u);
  EXPECT_EQ(regions.Find(begin, 8192).region, number);
  EXPECT_EQ(regions.Find(begin + 100, 8092).region, number);
  EXPECT_EQ(regions.Find(begin + 100, 8092).offset, 100u);
  EXPECT_EQ(regions.Find(begin + 100, 8093).region, 0u);
  EXPECT_EQ(regions.Find(begin - 1, 2).region, 0u);
  EXPECT_EQ(regions.Find(begin + 8193, 1).region, 0u);
  EXPECT_EQ(regions.Add(begin + 8191, 10, memory->fd()), 0u) << "overlaps";
  EXPECT_EQ(regions.Add(begin - 1, 2, memory->fd()), 0u) << "overlaps";
  regions.Remove(number);
  EXPECT_EQ(regions.Find(begin, 1).region, 0u);
  const uint32_t again = regions.Add(begin, 8192, memory->fd());
  EXPECT_GT(again, number) << "numbers are never used twice";
}

TEST(SharedRegions, APlaceIsGivenOnceAllWhoAreToReadItHaveMappedIt) {
  SharedRegions regions;
  auto memory = SharedMemory::Create("tutti-test", 8192);
  ASSERT_TRUE(memory.ok());
  const uint32_t number = regions.Add(memory->data(), 8192, memory->fd());
  const auto found = [&](std::vector<int32_t> peers) {
    return regions.FindMapped(memory->data() + 8, 100, peers).region == number;
  };
  EXPECT_FALSE(found({3}));
  regions.SetMapped(number, 3);
  EXPECT_TRUE(found({3}));
  EXPECT_FALSE(found({1, 3}));
  EXPECT_FALSE(found({3, 4}));
  regions.SetMapped(number + 1, 1);  // no such region
  EXPECT_FALSE(found({1, 3}));
  regions.SetMapped(number, 1);
  EXPECT_TRUE(found({1, 3}));
  regions.Remove(number);
  regions.SetMapped(number, 1);  // too late
  EXPECT_EQ(regions.FindMapped(memory->data(), 1, {1}).region, 0u);
}

class MappedMemoryTest : public testing::TestWithParam<bool> {
 protected:
  static constexpr uint64_t kBytes = 3'000'000;

  void SetUp() override {
    for (int32_t rank = 0; rank < 2; ++rank) {
      ShmOptions options;
      options.rank = rank;
      options.size = 2;
      options.secret = "the secret of a test";
      options.read_peer_memory = GetParam();
      auto endpoint = ShmTransport::Create(options);
      ASSERT_TRUE(endpoint.ok()) << endpoint.status();
      endpoints_.push_back(*std::move(endpoint));
    }
    ASSERT_TRUE(endpoints_[0]->Connect(1, endpoints_[1]->Address()).ok());
    ASSERT_TRUE(endpoints_[1]->Connect(0, endpoints_[0]->Address()).ok());
    auto memory = SharedMemory::Create("tutti-test", kBytes);
    ASSERT_TRUE(memory.ok());
    memory_ = *std::move(memory);
    for (uint64_t i = 0; i < kBytes; ++i) memory_.data()[i] = static_cast<std::byte>(i * 7 + (i >> 12));
  }

  MemoryRegistry::Handle Share() {
    const auto handle = endpoints_[0]->memory()->Register({memory_.data(), kBytes, memory_.fd()});
    EXPECT_TRUE(handle.ok());
    return *handle;
  }

  // Polls both ends until `done`, and hands what the receiver is told to `on_completion`.
  bool Run(const std::function<bool()>& done, const std::function<void(const Completion&)>& on_completion) {
    const int64_t deadline_ns = MonotonicClock().NowNs() + 20 * kNsPerSecond;
    Completion completions[16];
    while (!done()) {
      if (MonotonicClock().NowNs() > deadline_ns) return false;
      sends_done_ += endpoints_[0]->Poll(completions);
      const size_t n = endpoints_[1]->Poll(completions);
      for (size_t i = 0; i < n; ++i) on_completion(completions[i]);
    }
    return true;
  }

  // So that whatever was told of the memory has reached the peer.
  void Settle() {
    int rounds = 0;
    ASSERT_TRUE(Run([&] { return ++rounds > 5000; }, [](const Completion&) {}));
  }

  void Post(uint64_t offset, uint64_t bytes, void* into) {
    const MessageId id{1, 0, ++sequence_};
    endpoints_[0]->PostSends({{{.peer = 1, .id = id, .data = memory_.data() + offset, .bytes = bytes}}});
    endpoints_[1]->PostRecvs({{{.peer = 0, .id = id, .data = into, .bytes = bytes}}});
  }

  // Sends part of the memory and looks at what arrives, placed or by view.
  void Exchange(uint64_t offset, uint64_t bytes, bool placed) {
    std::vector<std::byte> received(bytes);
    Post(offset, bytes, placed ? received.data() : nullptr);
    uint64_t seen = 0;
    const size_t sends_before = sends_done_;
    ASSERT_TRUE(Run([&] { return seen == bytes && sends_done_ > sends_before; },
                    [&](const Completion& completion) {
                      if (completion.kind == CompletionKind::kRecvDone) seen = completion.bytes;
                      if (completion.kind != CompletionKind::kRecvView) return;
                      ASSERT_EQ(completion.view_offset, seen);
                      std::memcpy(received.data() + seen, completion.view, completion.bytes);
                      seen += completion.bytes;
                    }));
    EXPECT_EQ(std::memcmp(received.data(), memory_.data() + offset, bytes), 0);
  }

  std::vector<std::unique_ptr<ShmTransport>> endpoints_;
  SharedMemory memory_;
  uint64_t sequence_ = 0;
  size_t sends_done_ = 0;
};

TEST_P(MappedMemoryTest, MessagesArriveWholeFromAnyPlaceInIt) {
  Share();
  for (const bool placed : {true, false}) {
    for (const uint64_t bytes : {16'385, 65'536, 65'537, 131'072, 1'500'001, 2'999'000}) {
      Exchange(0, bytes, placed);
      Exchange(kBytes - bytes, bytes, placed);
      Exchange(24, bytes, placed);
    }
  }
}

TEST_P(MappedMemoryTest, NoSystemCallReadsIt) {
  Share();
  Settle();
  // Where the kernel is asked, a message of this length takes several calls; polls look at sockets now and then.
  const uint64_t calls_before = endpoints_[1]->counters().system_calls;
  int polls = 0;
  std::vector<std::byte> received(kBytes);
  Post(0, kBytes, received.data());
  bool arrived = false;
  ASSERT_TRUE(Run([&] { return ++polls > 0 && arrived; },
                  [&](const Completion& completion) { arrived = completion.kind == CompletionKind::kRecvDone; }));
  EXPECT_LE(endpoints_[1]->counters().system_calls - calls_before, static_cast<uint64_t>(polls) / 1024 + 1);
  EXPECT_EQ(std::memcmp(received.data(), memory_.data(), kBytes), 0);
}

TEST_P(MappedMemoryTest, MessagesArriveAlsoWhenTheMemoryIsTakenBack) {
  const MemoryRegistry::Handle handle = Share();
  Exchange(0, 1'000'000, false);
  endpoints_[0]->memory()->Deregister(handle);
  Exchange(0, 1'000'000, false);
  Exchange(0, 1'000'000, true);
  Settle();
  Exchange(100, 1'000'000, false);
}

// The sender has given up, and may write to its memory again: what was seen by then must never become a whole message.
TEST_P(MappedMemoryTest, AMessageThatWasDroppedWhileItWasReadNeverEnds) {
  Share();
  Settle();
  Post(0, kBytes, nullptr);
  uint64_t seen = 0;
  ASSERT_TRUE(Run([&] { return seen > 0; }, [&](const Completion& completion) { seen += completion.bytes; }));
  ASSERT_LT(seen, kBytes);
  endpoints_[0]->CloseChannel(1);
  int rounds = 0;
  ASSERT_TRUE(Run([&] { return ++rounds > 5000; }, [&](const Completion& completion) { seen += completion.bytes; }));
  EXPECT_LT(seen, kBytes);
}

TEST_P(MappedMemoryTest, WhatTheOwnerSharesCannotBeWrittenByOthers) {
  ASSERT_TRUE(memory_.ForbidOthersToWrite());
  memory_.data()[0] = std::byte{42};  // the owner still can
  auto writable = SharedMemory::Map(UniqueFd(::dup(memory_.fd())), kBytes);
  EXPECT_FALSE(writable.ok());
  auto readable = SharedMemory::MapToRead(UniqueFd(::dup(memory_.fd())), kBytes);
  ASSERT_TRUE(readable.ok()) << readable.status();
  EXPECT_EQ(readable->data()[0], std::byte{42});
}

TEST_P(MappedMemoryTest, ThePeerSaysThatItCanReadItAndReadsAnyPlaceInIt) {
  const MemoryRegistry::Handle handle = Share();
  WindowSource& owner = *endpoints_[0]->windows();
  WindowSource& reader = *endpoints_[1]->windows();
  const auto mapped = [&] { return owner.PlaceOf(memory_.data(), kBytes, {1}).region != 0; };
  EXPECT_FALSE(mapped()) << "nobody has answered yet";
  ASSERT_TRUE(Run(mapped, [](const Completion&) {}));
  const RegionPlace place = owner.PlaceOf(memory_.data() + 1000, 5000, {1});
  const std::byte* read = reader.ReadPlace(0, place, 5000);
  ASSERT_NE(read, nullptr);
  EXPECT_NE(read, memory_.data() + 1000) << "a mapping of its own";
  EXPECT_EQ(std::memcmp(read, memory_.data() + 1000, 5000), 0);
  EXPECT_NE(reader.ReadPlace(0, {place.region, 0}, kBytes), nullptr);

  // What a peer may say that is not so.
  EXPECT_EQ(reader.ReadPlace(0, {place.region, 1}, kBytes), nullptr);
  EXPECT_EQ(reader.ReadPlace(0, {place.region, UINT64_MAX - 10}, 100), nullptr);
  EXPECT_EQ(reader.ReadPlace(0, {place.region + 1, 0}, 1), nullptr);
  EXPECT_EQ(reader.ReadPlace(0, {0, 0}, 1), nullptr);
  EXPECT_EQ(owner.ReadPlace(1, place, 1), nullptr) << "it is not the other one's";

  endpoints_[0]->memory()->Deregister(handle);
  EXPECT_EQ(owner.PlaceOf(memory_.data(), 1, {1}).region, 0u);
  ASSERT_TRUE(Run([&] { return reader.ReadPlace(0, place, 1) == nullptr; }, [](const Completion&) {}));
}

INSTANTIATE_TEST_SUITE_P(, MappedMemoryTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "KernelMayRead" : "KernelMayNot"; });

}  // namespace
}  // namespace tutti::shm
