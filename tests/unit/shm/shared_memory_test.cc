// SPDX-License-Identifier: Apache-2.0
#include "transports/shm/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "gtest/gtest.h"

#include "transports/shm/fd_channel.h"
#include "transports/shm/peer_memory.h"

#include <sys/socket.h>

namespace tutti::shm {
namespace {

TEST(SharedMemory, WhatOneMappingWritesTheOtherReads) {
  auto made = SharedMemory::Create("tutti-test", 10'000);
  ASSERT_TRUE(made.ok()) << made.status();
  auto mapped = SharedMemory::Map(UniqueFd(::dup(made->fd())), 10'000);
  ASSERT_TRUE(mapped.ok()) << mapped.status();
  EXPECT_NE(made->data(), mapped->data());
  std::memcpy(made->data() + 9'990, "0123456789", 10);
  EXPECT_EQ(std::memcmp(mapped->data() + 9'990, "0123456789", 10), 0);
}

TEST(SharedMemory, MemoryThatIsTooShortOrCouldShrinkIsRefused) {
  auto made = SharedMemory::Create("tutti-test", 4096);
  ASSERT_TRUE(made.ok());
  EXPECT_FALSE(SharedMemory::Map(UniqueFd(::dup(made->fd())), 4097).ok());
  UniqueFd unsealed(::memfd_create("tutti-test", MFD_CLOEXEC));
  ASSERT_EQ(::ftruncate(unsealed.get(), 4096), 0);
  const auto refused = SharedMemory::Map(std::move(unsealed), 4096);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.status().message().find("cut short"), absl::string_view::npos);
}

TEST(PeerMemory, IsReadableOnlyWhereTheTokenIsFound) {
  const uint64_t token = 0x1234567890abcdef;
  const auto address = reinterpret_cast<uint64_t>(&token);
  EXPECT_FALSE(PeerMemory(::getpid(), address, token + 1).readable());
  EXPECT_FALSE(PeerMemory(-1, address, token).readable());
  EXPECT_FALSE(PeerMemory(::getpid(), 8, token).readable());
}

TEST(FdChannel, NotesArriveWithTheirDescriptorsAlsoWhenTheSocketWasFull) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  FdChannel from{UniqueFd(ends[0])}, to{UniqueFd(ends[1])};
  EXPECT_EQ(from.PeerPid(), ::getpid());
  auto memory = SharedMemory::Create("tutti-test", 4096);
  ASSERT_TRUE(memory.ok());
  constexpr uint32_t kNotes = 3000;
  for (uint32_t i = 0; i < kNotes; ++i) {
    Note note;
    note.kind = NoteKind::kWindow;
    note.channel = i;
    from.Send(note, {i % 2 == 0 ? memory->fd() : -1, -1});
  }
  EXPECT_TRUE(from.has_unsent());
  for (uint32_t i = 0; i < kNotes; ++i) {
    ReceivedNote received;
    FdChannel::Result result = FdChannel::Result::kNothing;
    for (int tries = 0; tries < 1000 && result == FdChannel::Result::kNothing; ++tries) {
      from.Flush();
      result = to.Receive(&received);
    }
    ASSERT_EQ(result, FdChannel::Result::kNote);
    ASSERT_EQ(received.note.channel, i);
    ASSERT_EQ(received.fds[0].valid(), i % 2 == 0);
  }
  from.Close();
  ReceivedNote none;
  EXPECT_EQ(to.Receive(&none), FdChannel::Result::kEnd);
}

TEST(FdChannel, ANoteOfAnotherShapeIsBroken) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  UniqueFd raw(ends[0]);
  FdChannel to{UniqueFd(ends[1])};
  ASSERT_EQ(::send(raw.get(), "rubbish", 7, 0), 7);
  ReceivedNote received;
  EXPECT_EQ(to.Receive(&received), FdChannel::Result::kBroken);
}

}  // namespace
}  // namespace tutti::shm
