// SPDX-License-Identifier: Apache-2.0
#include "lib/base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <type_traits>

namespace tutti {
namespace {

static_assert(!std::is_copy_constructible_v<UniqueFd> && !std::is_copy_assignable_v<UniqueFd>);

int OpenSomething() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(UniqueFd, ClosesWhenDestroyed) {
  const int fd = OpenSomething();
  ASSERT_GE(fd, 0);
  {
    UniqueFd owner(fd);
    EXPECT_TRUE(owner.valid());
    EXPECT_TRUE(IsOpen(fd));
  }
  EXPECT_FALSE(IsOpen(fd));
}

TEST(UniqueFd, MovesOwnership) {
  const int fd = OpenSomething();
  const int other_fd = OpenSomething();
  UniqueFd first(fd);
  UniqueFd second(std::move(first));
  EXPECT_EQ(second.get(), fd);
  UniqueFd third(other_fd);
  third = std::move(second);
  EXPECT_EQ(third.get(), fd);
  EXPECT_FALSE(IsOpen(other_fd)) << "what the target owned is closed";
  EXPECT_TRUE(IsOpen(fd));
}

TEST(UniqueFd, ReleaseLeavesTheDescriptorOpen) {
  UniqueFd owner(OpenSomething());
  const int fd = owner.Release();
  EXPECT_FALSE(owner.valid());
  EXPECT_TRUE(IsOpen(fd));
  owner.Reset(fd);
  owner.Reset();
  EXPECT_FALSE(IsOpen(fd));
}

TEST(UniqueFd, ClosingKeepsErrno) {
  UniqueFd owner(OpenSomething());
  ASSERT_EQ(::close(owner.get()), 0);  // so that the owner's close fails
  errno = ECONNRESET;
  owner.Reset();
  EXPECT_EQ(errno, ECONNRESET);
}

}  // namespace
}  // namespace tutti
