// SPDX-License-Identifier: Apache-2.0
// How long the caller's memory stays registered, and who shares a registration.
#include "transports/verbs/registrations.h"

#include <sys/mman.h>

#include <vector>

#include <gtest/gtest.h>

namespace tutti::verbs {
namespace {

class RegistrationsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto device = OpenDevice({});
    ASSERT_TRUE(device.ok()) << device.status();
    device_ = *std::move(device);
    memory_.resize(1 << 20);
  }
  Registrations::Handle Acquire(size_t begin, size_t end, bool writable) {
    return registrations_.Acquire(memory_.data() + begin, end - begin, writable);
  }

  std::unique_ptr<Device> device_;
  std::vector<uint8_t> memory_;
  Registrations registrations_;
};

TEST_F(RegistrationsTest, LastAsLongAsTheirMessages) {
  registrations_.Open({device_.get()}, /*idle_bytes=*/0);
  const auto first = Acquire(0, 1000, true);
  const auto second = Acquire(0, 1000, true);
  ASSERT_NE(first, Registrations::kNone);
  EXPECT_EQ(registrations_.size(), 1u);
  registrations_.Release(first);
  EXPECT_EQ(registrations_.size(), 1u);
  registrations_.Release(second);
  EXPECT_EQ(registrations_.size(), 0u);
}

TEST_F(RegistrationsTest, AreSharedByWhatTheyCoverAndMayServe) {
  registrations_.Open({device_.get()}, 0);
  const auto whole = Acquire(0, 100'000, true);
  EXPECT_EQ(Acquire(5000, 6000, true), whole);
  EXPECT_EQ(Acquire(0, 100'000, false), whole);
  EXPECT_EQ(Acquire(99'999, 100'000, true), whole);
  EXPECT_NE(Acquire(99'999, 100'001, true), whole);
  const auto to_read = Acquire(200'000, 300'000, false);
  EXPECT_NE(Acquire(200'000, 200'001, true), to_read);
  EXPECT_EQ(registrations_.size(), 4u);
}

TEST_F(RegistrationsTest, AFreedAddressThatComesBackIsRegisteredAnew) {
  registrations_.Open({device_.get()}, 0);
  constexpr size_t kBytes = 64 << 10;
  void* where = nullptr;
  for (int round = 0; round < 3; ++round) {
    const int fixed = where != nullptr ? MAP_FIXED_NOREPLACE : 0;
    void* memory = ::mmap(where, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    where = memory;
    const auto handle = registrations_.Acquire(memory, kBytes, true);
    ASSERT_NE(handle, Registrations::kNone);
    registrations_.Release(handle);
    EXPECT_EQ(registrations_.size(), 0u) << "old pages would be reached under the same address";
    ASSERT_EQ(::munmap(memory, kBytes), 0);
  }
}

TEST_F(RegistrationsTest, IdleOnesAreKeptUpToTheirBoundAndTheOldestGoesFirst) {
  registrations_.Open({device_.get()}, /*idle_bytes=*/3000);
  const auto first = Acquire(0, 1000, true);
  const auto second = Acquire(10'000, 11'000, true);
  const auto third = Acquire(20'000, 21'500, true);
  registrations_.Release(second);
  registrations_.Release(first);
  EXPECT_EQ(registrations_.idle_bytes(), 2000u);
  const auto again = Acquire(10'000, 11'000, true);
  EXPECT_EQ(again, second);
  EXPECT_EQ(registrations_.idle_bytes(), 1000u);
  registrations_.Release(again);
  registrations_.Release(third);  // too much: `first` was used longest ago, and goes
  EXPECT_EQ(registrations_.idle_bytes(), 2500u);
  EXPECT_EQ(registrations_.size(), 2u);
  EXPECT_EQ(Acquire(20'000, 21'500, true), third);
  EXPECT_NE(Acquire(0, 1000, true), first);
}

TEST_F(RegistrationsTest, MemoryThatIsNotThereIsRefused) {
  registrations_.Open({device_.get()}, 0);
  EXPECT_EQ(registrations_.Acquire(reinterpret_cast<void*>(4096), 4096, true), Registrations::kNone);
  EXPECT_NE(registrations_.error(), 0);
  EXPECT_EQ(registrations_.size(), 0u);
}

}  // namespace
}  // namespace tutti::verbs
