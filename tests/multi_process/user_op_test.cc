// SPDX-License-Identifier: Apache-2.0
// Reductions that the application defines: in rank order, of items of several elements, on all ways of moving bytes, and told
// apart when ranks use different ones.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

// x -> a x + b; op applies the left function after the right one. Wraps around; associative, and not commutative.
struct Affine {
  uint32_t a, b;
};

Affine After(const Affine& left, const Affine& right) { return {left.a * right.a, left.a * right.b + left.b}; }

void Compose(void* context, const void* in, void* inout, size_t count, tutti_dtype_t dtype) {
  ++*static_cast<int64_t*>(context);
  Require(dtype == TUTTI_UINT32 && count % 2 == 0, "whole items of the call's type");
  Require(reinterpret_cast<uintptr_t>(in) % 8 == 0 && reinterpret_cast<uintptr_t>(inout) % 8 == 0, "aligned items");
  const auto* left = static_cast<const Affine*>(in);
  auto* right = static_cast<Affine*>(inout);
  for (size_t i = 0; i < count / 2; ++i) right[i] = After(left[i], right[i]);
}

Affine ValueOf(int rank, size_t i) {
  return {static_cast<uint32_t>(2 * rank + 3), static_cast<uint32_t>(i * 7 + static_cast<size_t>(rank))};
}

Affine Expected(int ranks, size_t i) {
  Affine value = ValueOf(0, i);
  for (int rank = 1; rank < ranks; ++rank) value = After(value, ValueOf(rank, i));
  return value;
}

void CheckItems(const std::vector<Affine>& got, size_t first, int ranks, const char* what) {
  for (size_t i = 0; i < got.size(); ++i) {
    const Affine expected = Expected(ranks, first + i);
    if (got[i].a == expected.a && got[i].b == expected.b) continue;
    Require(false, std::string(what) + " of " + std::to_string(got.size()) + " items: item " + std::to_string(i));
  }
}

RANK_PROGRAM(ReduceInOrder) {
  const tutti_comm_t comm = Join();
  int64_t calls = 0;
  tutti_op_config_t config = TUTTI_OP_CONFIG_INIT;
  config.name = "compose";
  config.reduce = Compose;
  config.context = &calls;
  config.commutative = 0;
  config.item_elements = 2;
  tutti_op_t op = TUTTI_SUM;
  REQUIRE_OK(tutti_op_create(&config, &op));
  const size_t ranks = static_cast<size_t>(context.size);
  for (const size_t items : {0, 1, 100, 5000, 60'000}) {
    std::vector<Affine> in(items * ranks), out(items);
    for (size_t i = 0; i < in.size(); ++i) in[i] = ValueOf(context.rank, i);
    REQUIRE_OK(tutti_all_reduce(comm, in.data(), out.data(), 2 * items, TUTTI_UINT32, op, nullptr, nullptr));
    CheckItems(out, 0, context.size, "all_reduce");
    const int root = context.size - 1;
    out.assign(items, Affine{0, 0});
    REQUIRE_OK(tutti_reduce(comm, in.data(), out.data(), 2 * items, TUTTI_UINT32, op, root, nullptr, nullptr));
    if (context.rank == root) CheckItems(out, 0, context.size, "reduce");
    REQUIRE_OK(tutti_reduce_scatter(comm, in.data(), out.data(), 2 * items, TUTTI_UINT32, op, nullptr, nullptr));
    CheckItems(out, items * static_cast<size_t>(context.rank), context.size, "reduce_scatter");
    out.assign(in.begin(), in.begin() + static_cast<ptrdiff_t>(items));
    REQUIRE_OK(tutti_all_reduce(comm, out.data(), out.data(), 2 * items, TUTTI_UINT32, op, nullptr, nullptr));
    CheckItems(out, 0, context.size, "all_reduce in place");
  }
  Require(calls > 0, "the function was called");
  REQUIRE_OK(tutti_op_destroy(op));
  REQUIRE_OK(tutti_comm_destroy(comm));
}

void Ignore(void*, const void*, void*, size_t, tutti_dtype_t) {}

// Arguments: what the last rank does otherwise: "name", "order" or "sum".
RANK_PROGRAM(UseDifferentOps) {
  const tutti_comm_t comm = Join();
  const bool odd = context.rank == context.size - 1;
  const std::string& how = context.arguments[0];
  tutti_op_config_t config = TUTTI_OP_CONFIG_INIT;
  config.name = odd && how == "name" ? "argmin" : "argmax";
  config.reduce = Ignore;
  config.commutative = odd && how == "order" ? 0 : 1;
  tutti_op_t op = TUTTI_SUM;
  REQUIRE_OK(tutti_op_create(&config, &op));
  Synchronise(comm);
  MeetOutside(context, "before");
  double value = 1;
  SayFailure(comm, tutti_all_reduce(comm, &value, &value, 1, TUTTI_FLOAT64, odd && how == "sum" ? TUTTI_SUM : op,
                                    nullptr, nullptr));
  REQUIRE_OK(tutti_op_destroy(op));
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class UserOp : public testing::TestWithParam<int> {};

TEST_P(UserOp, ReducesInTheOrderOfRanks) {
  Job job("ReduceInOrder", GetParam());
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(Ranks, UserOp, testing::Values(2, 3, 5));

class UserOpMismatch : public testing::TestWithParam<const char*> {};

TEST_P(UserOpMismatch, IsTold) {
  Job job("UseDifferentOps", 3, {.arguments = {GetParam()}});
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(job.Said(rank, "status"), "TUTTI_ERR_MISMATCH");
    EXPECT_THAT(job.Said(rank, "sentence"),
                testing::ContainsRegex("operation (\"arg(max|min)\"|#[0-9a-f]+) of the application"));
    EXPECT_THAT(job.Said(rank, "sentence"), testing::HasSubstr(" called "));
  }
}

INSTANTIATE_TEST_SUITE_P(Differently, UserOpMismatch, testing::Values("name", "order", "sum"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace tutti::multi_process
