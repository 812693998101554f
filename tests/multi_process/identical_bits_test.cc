// SPDX-License-Identifier: Apache-2.0
// All ranks end with the same bits, whatever the algorithm and however odd the numbers; and again in the next run.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "collectives/algorithms/registry.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"
#include "tests/multi_process/reference.h"
#include "tests/support/sanitized.h"

namespace tutti::multi_process {
namespace {

constexpr tutti_dtype_t kTypes[] = {TUTTI_FLOAT16, TUTTI_BFLOAT16, TUTTI_FLOAT32, TUTTI_FLOAT64};

// Mantissa bits of each of kTypes.
int MantissaBits(tutti_dtype_t dtype) {
  switch (dtype) {
    case TUTTI_FLOAT16:
      return 10;
    case TUTTI_BFLOAT16:
      return 7;
    case TUTTI_FLOAT32:
      return 23;
    default:
      return 52;
  }
}

// Random bits (NaNs of both kinds among them), one in four of them replaced by what breaks careless arithmetic: zeros of
// both signs, infinities, quiet NaNs of random sign and payload, denormals.
uint64_t OddNumber(tutti_dtype_t dtype, uint64_t random) {
  const int bits = static_cast<int>(tutti_dtype_size(dtype)) * 8, mantissa_bits = MantissaBits(dtype);
  const uint64_t all = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
  const uint64_t sign = uint64_t{1} << (bits - 1), mantissa = (uint64_t{1} << mantissa_bits) - 1;
  const uint64_t exponent = all & ~sign & ~mantissa, quiet = uint64_t{1} << (mantissa_bits - 1);
  const uint64_t value = Mix(random, 7, 7) & all;
  switch (random % 20) {
    case 0:
      return value & sign;
    case 1:
      return (value & sign) | exponent;
    case 2:
      return value | exponent | quiet;
    case 3:
    case 4:
      return value & (sign | mantissa);
    default:
      return value;
  }
}

// Argument: the algorithm. Says one hash over the results of all types, operations and counts.
RANK_PROGRAM(HashOfAllResults) {
  const tutti_comm_t comm = Join();
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.algorithm = context.arguments[0].c_str();
  uint64_t hash = 0, round = 0;
  for (const tutti_dtype_t dtype : kTypes) {
    const size_t element_bytes = tutti_dtype_size(dtype);
    for (int op = TUTTI_SUM; op <= (dtype < TUTTI_FLOAT16 ? TUTTI_XOR : TUTTI_AVG); ++op) {
      for (const size_t count : {size_t{1}, size_t{33}, size_t{1000}, size_t{20011}}) {
        std::vector<unsigned char> send(count * element_bytes), recv(count * element_bytes);
        for (size_t i = 0; i < count; ++i) {
          const uint64_t bits = OddNumber(dtype, Mix(round, i, static_cast<uint64_t>(context.rank)));
          std::memcpy(send.data() + i * element_bytes, &bits, element_bytes);
        }
        // Arrival order differs from rank to rank and run to run.
        if (Mix(round, 1, static_cast<uint64_t>(context.rank)) % 8 == 0) SleepMs(1);
        REQUIRE_OK(tutti_all_reduce(comm, send.data(), recv.data(), count, dtype, static_cast<tutti_op_t>(op), &options,
                                    nullptr));
        for (const unsigned char byte : recv) hash = (hash ^ byte) * 0x100000001b3u;
        Say("hash." + std::string(tutti_dtype_name(dtype)) + "." + tutti_op_name(static_cast<tutti_op_t>(op)) + "." +
                std::to_string(count),
            static_cast<int64_t>(hash));
        ++round;
      }
    }
  }
  Say("hash", static_cast<int64_t>(hash));
  REQUIRE_OK(tutti_comm_destroy(comm));
}

std::vector<std::string> AlgorithmNames() {
  std::vector<std::string> names;
  for (const Algorithm& algorithm : Algorithms(Collective::kAllReduce)) names.push_back(algorithm.name);
  return names;
}

class IdenticalBits : public testing::TestWithParam<std::tuple<std::string, int>> {};

TEST_P(IdenticalBits, OnAllRanksAndInEveryRun) {
  const auto [algorithm, num_ranks] = GetParam();
  Job first("HashOfAllResults", num_ranks, {.arguments = {algorithm}});
  ASSERT_TRUE(first.AllSucceed());
  ASSERT_NE(first.Said(0, "hash"), "");
  for (int rank = 0; rank < num_ranks; ++rank) EXPECT_EQ(first.Output(rank), first.Output(0)) << "rank " << rank;
  if (kSanitized) return;  // a second run has nothing new for it
  Job second("HashOfAllResults", num_ranks, {.arguments = {algorithm}});
  ASSERT_TRUE(second.AllSucceed());
  for (int rank = 0; rank < num_ranks; ++rank) {
    EXPECT_EQ(second.Output(rank), first.Output(0)) << "rank " << rank << ", second run";
  }
}

INSTANTIATE_TEST_SUITE_P(, IdenticalBits,
                         testing::Combine(testing::ValuesIn(AlgorithmNames()),
                                          testing::ValuesIn(RankCounts({2, 3, 4, 7, 8}))),
                         [](const auto& test) { return TestName(std::get<0>(test.param), std::get<1>(test.param)); });

}  // namespace
}  // namespace tutti::multi_process
