// SPDX-License-Identifier: Apache-2.0
#include "lib/memory/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "gtest/gtest.h"

namespace tutti {
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

}  // namespace
}  // namespace tutti
