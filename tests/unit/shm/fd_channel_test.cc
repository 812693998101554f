// SPDX-License-Identifier: Apache-2.0
#include "transports/shm/fd_channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include "gtest/gtest.h"

#include "lib/memory/shared_memory.h"
#include "transports/shm/peer_memory.h"

namespace tutti::shm {
namespace {

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
