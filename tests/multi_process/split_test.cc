// SPDX-License-Identifier: Apache-2.0
// Splitting communicators: who gets into which, in what order, and that the parts are independent.
#include <gtest/gtest.h>

#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

int RankIn(tutti_comm_t comm) {
  int rank = -1;
  REQUIRE_OK(tutti_comm_rank(comm, &rank));
  return rank;
}

int SizeOf(tutti_comm_t comm) {
  int size = -1;
  REQUIRE_OK(tutti_comm_size(comm, &size));
  return size;
}

int32_t Sum(tutti_comm_t comm, int32_t value) {
  REQUIRE_OK(tutti_all_reduce(comm, &value, &value, 1, TUTTI_INT32, TUTTI_SUM, nullptr, nullptr));
  return value;
}

RANK_PROGRAM(SplitByParity) {
  const tutti_comm_t world = Join();
  tutti_comm_t half = nullptr;
  REQUIRE_OK(tutti_comm_split(world, context.rank % 2, -context.rank, &half));  // the highest rank comes first
  const int in_half = (context.size + 1 - context.rank % 2) / 2;
  Require(SizeOf(half) == in_half, "each half has its ranks");
  Require(RankIn(half) == in_half - 1 - context.rank / 2, "keys order the ranks");

  // The halves make different numbers of calls: they must not disturb each other, nor the whole.
  int32_t expected = 0;
  for (int r = context.rank % 2; r < context.size; r += 2) expected += r;
  for (int i = 0; i < 5 + 10 * (context.rank % 2); ++i)
    Require(Sum(half, context.rank) == expected, "sum over the half");
  Require(Sum(world, 1) == context.size, "the whole still works");

  tutti_comm_t quarter = nullptr;
  REQUIRE_OK(tutti_comm_split(half, RankIn(half) % 2, 0, &quarter));
  Require(Sum(quarter, 1) == SizeOf(quarter), "a part of a part works");
  REQUIRE_OK(tutti_comm_destroy(world));
  Require(Sum(quarter, 1) == SizeOf(quarter), "a part outlives the whole");
  Require(Sum(half, context.rank) == expected, "the half too");
  REQUIRE_OK(tutti_comm_destroy(quarter));
  REQUIRE_OK(tutti_comm_destroy(half));
}

RANK_PROGRAM(SplitWithoutSome) {
  const tutti_comm_t world = Join();
  tutti_comm_t part = nullptr;
  const bool stays_out = context.rank == 1;
  REQUIRE_OK(tutti_comm_split(world, stays_out ? -1 : 7, 0, &part));
  Require((part == nullptr) == stays_out, "a negative color gives no communicator");
  if (!stays_out) {
    Require(SizeOf(part) == context.size - 1, "all others are in it");
    Require(RankIn(part) == (context.rank == 0 ? 0 : context.rank - 1), "equal keys keep the order of ranks");
    Require(Sum(part, 1) == context.size - 1, "and it works");
    REQUIRE_OK(tutti_comm_destroy(part));
  }
  Require(Sum(world, 1) == context.size, "the whole still works");
  REQUIRE_OK(tutti_comm_destroy(world));
}

// Nothing is asked of rank 0 when others split what is theirs.
RANK_PROGRAM(SplitAfterRankZeroLeft) {
  const tutti_comm_t world = Join();
  tutti_comm_t part = nullptr;
  REQUIRE_OK(tutti_comm_split(world, context.rank == 0 ? -1 : 0, 0, &part));
  REQUIRE_OK(tutti_comm_destroy(world));
  if (context.rank == 0) return;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  tutti_comm_t piece = nullptr;
  REQUIRE_OK(tutti_comm_split(part, 0, -context.rank, &piece));
  Require(Sum(piece, 1) == context.size - 1, "the piece works");
  Require(Sum(part, 1) == context.size - 1, "the part still works");
  REQUIRE_OK(tutti_comm_destroy(piece));
  REQUIRE_OK(tutti_comm_destroy(part));
}

// An abort of one communicator leaves the others of the same job alone.
RANK_PROGRAM(AbortOnlyThePart) {
  const tutti_comm_t world = Join();
  tutti_comm_t part = nullptr;
  REQUIRE_OK(tutti_comm_split(world, 0, 0, &part));
  Synchronise(part);
  REQUIRE_OK(tutti_barrier(world, nullptr, nullptr));  // everybody is done with the part
  if (context.rank == 0) REQUIRE_OK(tutti_comm_abort(part, "only this one"));
  for (int i = 0; i < 20; ++i) Require(Sum(world, 1) == context.size, "the whole is not aborted");
  REQUIRE_OK(tutti_comm_status(world));
  REQUIRE_OK(tutti_comm_destroy(part));
  REQUIRE_OK(tutti_comm_destroy(world));
}

class Split : public testing::TestWithParam<std::tuple<const char*, int>> {};

TEST_P(Split, Holds) {
  const auto [program, num_ranks] = GetParam();
  Job job(program, num_ranks);
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(, Split,
                         testing::Combine(testing::Values("SplitByParity", "SplitWithoutSome", "AbortOnlyThePart"),
                                          testing::ValuesIn(RankCounts({2, 4, 7, 8}))),
                         [](const auto& test) { return TestName(std::get<0>(test.param), std::get<1>(test.param)); });

TEST(SplitWithoutRankZero, WorksAfterRankZeroLeft) {
  Job job("SplitAfterRankZeroLeft", 4);
  EXPECT_TRUE(job.AllSucceed());
}

}  // namespace
}  // namespace tutti::multi_process
