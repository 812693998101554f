// SPDX-License-Identifier: Apache-2.0
// Windows between threads that really share the memory, so that the thread sanitizer sees every access.
#include "lib/engine/window_group.h"

#include "lib/transport/message_stamp.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace tutti {
namespace {

// The windows of one group, all at the same addresses for everyone. Made before the threads start.
struct Memory {
  static constexpr size_t kBytes = 4 << 20;
  explicit Memory(int ranks) : asleep(static_cast<size_t>(ranks)) {
    for (int r = 0; r < ranks; ++r) {
      windows.push_back(std::unique_ptr<std::byte, void (*)(std::byte*)>(
          static_cast<std::byte*>(::operator new (kBytes, std::align_val_t{64})),
          [](std::byte* p) { ::operator delete (p, std::align_val_t{64}); }));
      std::memset(windows.back().get(), 0, kBytes);
    }
  }
  std::vector<std::unique_ptr<std::byte, void (*)(std::byte*)>> windows;
  std::vector<std::atomic<uint32_t>> asleep;
};

class ThreadWindows : public WindowSource {
 public:
  ThreadWindows(Memory& memory, int rank) : memory_(memory), rank_(rank) {}
  absl::StatusOr<std::byte*> OpenWindow(uint32_t, size_t bytes, absl::Span<const int32_t>) override {
    EXPECT_LE(bytes, Memory::kBytes);
    return memory_.windows[static_cast<size_t>(rank_)].get();
  }
  PeerWindow FindWindow(uint32_t, int32_t peer) override {
    return {memory_.windows[static_cast<size_t>(peer)].get(), &memory_.asleep[static_cast<size_t>(peer)], false};
  }
  // Everybody can read everything: all is one region, whose offsets are addresses.
  RegionPlace PlaceOf(const void* data, uint64_t, absl::Span<const int32_t>) const override {
    return {1, reinterpret_cast<uint64_t>(data)};
  }
  const std::byte* ReadPlace(int32_t, const RegionPlace& place, uint64_t) const override {
    return reinterpret_cast<const std::byte*>(place.offset);
  }
  void CloseWindow(uint32_t) override {}
  std::string WhyGone(int32_t) const override { return ""; }
  void Wake(int32_t peer) override { ++woken[peer]; }

  std::map<int32_t, int> woken;

 private:
  Memory& memory_;
  const int rank_;
};

constexpr int kRanks = 3;
constexpr uint64_t kShort = 8;  // bytes of operations
constexpr uint64_t kLong = 1 << 20;

// Each rank on a thread of its own, with windows open to the others.
void OnThreeRanks(const std::function<void(WindowGroup& group, int rank)>& body) {
  Memory memory(kRanks);
  const auto run = [&](int rank) {
    ThreadWindows source(memory, rank);
    WindowGroup group(source, 7, {0, 1, 2}, rank);
    ASSERT_TRUE(group.Open().ok());
    ASSERT_TRUE(group.FindPeers());
    body(group, rank);
  };
  std::vector<std::thread> threads;
  for (int rank = 0; rank < kRanks; ++rank) threads.emplace_back(run, rank);
  for (std::thread& thread : threads) thread.join();
}

void PublishAndReadAll(WindowTrack& track, int rank, uint64_t number, uint64_t bytes) {
  const auto word_at = [&](int r, uint64_t at) {
    return number * 1000 + track.slot_bytes() + static_cast<uint64_t>(r) + at;
  };
  std::byte* to = nullptr;
  while ((to = track.BeginPublish(number, bytes)) == nullptr) std::this_thread::yield();
  for (uint64_t at = 0; at < bytes; at += 8) {
    const uint64_t word = word_at(rank, at);
    std::memcpy(to + at, &word, 8);
  }
  track.EndPublish(number, bytes, number, MessageStamp::kNobody, 0);
  for (int peer = 0; peer < kRanks; ++peer) {
    if (peer == rank) continue;
    const WindowTrack::Header* header = nullptr;
    while ((header = track.Find(peer, number)) == nullptr) std::this_thread::yield();
    ASSERT_EQ(header->signature, bytes);
    const std::byte* from = track.Payload(peer, number, bytes);
    for (uint64_t at = 0; at < bytes; at += 8) {
      uint64_t word = 0;
      std::memcpy(&word, from + at, 8);
      ASSERT_EQ(word, word_at(peer, at));
    }
  }
  track.Progress(number + 1);
}

TEST(WindowTrack, EveryPublishIsSeenWholeByEveryRank) {
  constexpr uint64_t kRounds = 3000;
  OnThreeRanks([](WindowGroup& group, int rank) {
    for (uint64_t number = 0; number < kRounds; ++number) {
      // Lengths on both sides of each limit of the layout.
      const uint64_t bytes = std::vector<uint64_t>{8, 40, 48, 216, 224, 4096, 65536}[number % 7];
      PublishAndReadAll(group.TrackFor(kLong), rank, number, bytes);
      PublishAndReadAll(group.TrackFor(kShort), rank, number, std::min(bytes, group.TrackFor(kShort).slot_bytes()));
    }
  });
}

// Ranks 0 and 1 of `ranks`, on one thread, with windows open to all.
struct TwoOf {
  explicit TwoOf(int ranks) : memory(ranks) {
    EXPECT_TRUE(first_group.Open().ok() && second_group.Open().ok());
    EXPECT_TRUE(first_group.FindPeers() && second_group.FindPeers());
  }
  std::vector<int32_t> Ranks() const {
    std::vector<int32_t> ranks(memory.windows.size());
    std::iota(ranks.begin(), ranks.end(), 0);
    return ranks;
  }

  Memory memory;
  ThreadWindows first_source{memory, 0};
  ThreadWindows second_source{memory, 1};
  WindowGroup first_group{first_source, 1, Ranks(), 0};
  WindowGroup second_group{second_source, 1, Ranks(), 1};
  WindowTrack& first = first_group.TrackFor(kLong);
  WindowTrack& second = second_group.TrackFor(kLong);
};

TEST(WindowTrack, AFullTrackLeavesTheOtherFree) {
  Memory memory(2);
  ThreadWindows source(memory, 0);
  WindowGroup group(source, 1, {0, 1}, 0);
  ASSERT_TRUE(group.Open().ok() && group.FindPeers());
  WindowTrack& full = group.TrackFor(kLong);
  for (uint64_t number = 0; number < kWindowSlots; ++number) {
    ASSERT_NE(full.BeginPublish(number, 65536), nullptr);
    full.EndPublish(number, 0, 0, MessageStamp::kNobody, 0);
  }
  EXPECT_EQ(full.BeginPublish(kWindowSlots, 8), nullptr);
  EXPECT_NE(group.TrackFor(kShort).BeginPublish(0, 8), nullptr);
}

TEST(WindowTrack, ASlotIsNotOverwrittenWhileARankStillReadsIt) {
  TwoOf ranks(2);
  WindowTrack& track = ranks.first;
  for (uint64_t number = 0; number < kWindowSlots; ++number) {
    ASSERT_NE(track.BeginPublish(number, 8), nullptr);
    track.EndPublish(number, 0, 0, MessageStamp::kNobody, 0);
  }
  EXPECT_EQ(track.BeginPublish(kWindowSlots, 8), nullptr);
  ranks.second.Progress(1);
  EXPECT_NE(track.BeginPublish(kWindowSlots, 8), nullptr);
  EXPECT_EQ(track.BeginPublish(kWindowSlots + 1, 8), nullptr);
}

// To all, or to one rank alone.
TEST(WindowTrack, WhatWasLentMayBeWrittenAgainOnceItIsRead) {
  constexpr uint64_t kRounds = 400;
  constexpr uint64_t kWords = 512;
  OnThreeRanks([](WindowGroup& group, int rank) {
    WindowTrack& track = group.TrackFor(kLong);
    std::vector<uint64_t> own(kWords);
    for (uint64_t number = 0; number < kRounds; ++number) {
      const int only_reader = number % 2 == 0 ? -1 : (rank + 1) % kRanks;
      for (uint64_t i = 0; i < kWords; ++i) own[i] = number * 1000 + static_cast<uint64_t>(rank) + i;
      while (track.BeginPublish(number, 0) == nullptr) std::this_thread::yield();
      const auto* payload = reinterpret_cast<const std::byte*>(own.data());
      ASSERT_TRUE(track.Lend(number, payload, kWords * 8, only_reader));
      track.EndPublish(number, 3, number, MessageStamp::kNobody, 0);
      for (int peer = 0; peer < kRanks; ++peer) {
        if (peer == rank || (number % 2 == 1 && rank != (peer + 1) % kRanks)) continue;
        const WindowTrack::Header* header = nullptr;
        while ((header = track.Find(peer, number)) == nullptr) std::this_thread::yield();
        const RegionPlace place = header->place();
        ASSERT_EQ(place.region, 1u);
        const std::byte* from = track.LentPayload(peer, place, kWords * 8);
        for (uint64_t i = 0; i < kWords; ++i) {
          uint64_t word = 0;
          std::memcpy(&word, from + i * 8, 8);
          ASSERT_EQ(word, number * 1000 + static_cast<uint64_t>(peer) + i);
        }
        ASSERT_TRUE(track.StillLent(peer, number));
      }
      track.Progress(number + 1);
      while (!track.IsRead()) std::this_thread::yield();
    }
  });
}

TEST(WindowTrack, OnlyWhomItWasLentToMustHaveReadIt) {
  TwoOf ranks(3);
  WindowTrack& track = ranks.first;
  EXPECT_TRUE(track.IsRead());
  const std::byte payload[8] = {};
  ASSERT_NE(track.BeginPublish(0, 0), nullptr);
  ASSERT_TRUE(track.Lend(0, payload, 8, /*only_reader=*/1));
  track.EndPublish(0, 0, 0, MessageStamp::kNobody, 0);
  EXPECT_FALSE(track.IsRead());
  EXPECT_EQ(track.holder(), 1);
  ranks.second.Progress(1);
  EXPECT_TRUE(track.IsRead());
}

TEST(WindowTrack, AReaderNoticesThatWhatItReadWasWithdrawn) {
  TwoOf ranks(2);
  WindowTrack& track = ranks.first;
  const std::byte payload[8] = {};
  ASSERT_NE(track.BeginPublish(0, 0), nullptr);
  ASSERT_TRUE(track.Lend(0, payload, 8, -1));
  track.EndPublish(0, 0, 0, MessageStamp::kNobody, 0);
  ASSERT_NE(track.BeginPublish(1, 8), nullptr);
  track.EndPublish(1, 0, 0, MessageStamp::kNobody, 0);
  ASSERT_NE(ranks.second.Find(0, 0), nullptr);
  EXPECT_TRUE(ranks.second.StillLent(0, 0));
  ranks.first_group.Forget();
  EXPECT_FALSE(ranks.second.StillLent(0, 0));
  EXPECT_EQ(ranks.second.Find(0, 0), nullptr);
  const WindowTrack::Header* copied = ranks.second.Find(0, 1);
  ASSERT_NE(copied, nullptr) << "what was copied can be read as before";
  EXPECT_EQ(copied->place().region, 0u);
}

TEST(WindowTrack, OnlySleepersAreWoken) {
  Memory memory(3);
  ThreadWindows source(memory, 0);
  WindowGroup group(source, 1, {0, 1, 2}, 0);
  ASSERT_TRUE(group.Open().ok());
  ASSERT_TRUE(group.FindPeers());
  WindowTrack& track = group.TrackFor(kShort);
  memory.asleep[2].store(1);
  ASSERT_NE(track.BeginPublish(0, 8), nullptr);
  track.EndPublish(0, 0, 0, MessageStamp::kNobody, 0);
  EXPECT_EQ(source.woken, (std::map<int32_t, int>{{2, 1}}));
}

}  // namespace
}  // namespace tutti
