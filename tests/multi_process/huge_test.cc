// SPDX-License-Identifier: Apache-2.0
// More than 2^32 bytes and elements, really moved. It takes 12 GiB of memory and most of a minute, and so runs only if
// HUGE_TESTS is 1: HUGE_TESTS=1 ctest -L huge
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

constexpr size_t kCount = (size_t{5} << 30) + 3;  // uneven, so that the last part is short

uint8_t Value(int rank, size_t i) { return static_cast<uint8_t>((i >> 12) * 31 + i + static_cast<size_t>(rank) * 7); }

class Pages {
 public:
  Pages()
      : data_(
            static_cast<uint8_t*>(mmap(nullptr, kCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    Require(data_ != MAP_FAILED, "5 GiB of memory");
  }
  ~Pages() { munmap(data_, kCount); }
  uint8_t& operator[](size_t i) { return data_[i]; }
  uint8_t* data() { return data_; }

 private:
  uint8_t* const data_;
};

// A vector goes from one to the other, is reduced in place, and comes back: by message, and by two collectives.
RANK_PROGRAM(MoveFiveGiB) {
  const tutti_comm_t comm = Join();
  Pages values;
  for (size_t i = 0; i < kCount; ++i) values[i] = Value(context.rank, i);
  REQUIRE_OK(tutti_all_reduce(comm, values.data(), values.data(), kCount, TUTTI_UINT8, TUTTI_SUM, nullptr, nullptr));
  for (size_t i = 0; i < kCount; ++i) {
    const auto expected = static_cast<uint8_t>(Value(0, i) + Value(1, i));
    if (values[i] != expected) Require(false, "the sum, element " + std::to_string(i));
  }
  if (context.rank == 1) {
    for (size_t i = 0; i < kCount; ++i) values[i] = Value(1, i);
    REQUIRE_OK(tutti_send(comm, values.data(), kCount, TUTTI_UINT8, 0, nullptr, nullptr));
  } else {
    REQUIRE_OK(tutti_recv(comm, values.data(), kCount, TUTTI_UINT8, 1, nullptr, nullptr));
    for (size_t i = 0; i < kCount; ++i) {
      if (values[i] != Value(1, i)) Require(false, "the message, element " + std::to_string(i));
    }
  }
  REQUIRE_OK(tutti_barrier(comm, nullptr, nullptr));
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(FiveGiB, AreReducedAndSent) {
  const char* wanted = std::getenv("HUGE_TESTS");
  if (wanted == nullptr || std::string(wanted) != "1") GTEST_SKIP() << "set HUGE_TESTS=1; it takes 12 GiB of memory";
  Job job("MoveFiveGiB", 2, {.deadline_s = 280});
  EXPECT_TRUE(job.AllSucceed());
}

}  // namespace
}  // namespace tutti::multi_process
