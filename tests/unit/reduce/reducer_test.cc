// SPDX-License-Identifier: Apache-2.0
#include "lib/reduce/reducer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "lib/reduce/user_ops.h"

namespace tutti {
namespace {

// 2x2 matrices of integers that wrap around: associative, and not commutative.
using Matrix = std::array<uint32_t, 4>;

Matrix Product(const Matrix& a, const Matrix& b) {
  return {a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3]};
}

class MatrixProduct final : public UserOp {
 public:
  explicit MatrixProduct(bool commutes) : UserOp({.name = "matrix", .commutes = commutes, .item_elements = 4}) {}

  void Apply(const void* in, void* inout, size_t count, DataType type) const override {
    EXPECT_EQ(type, DataType::kUint32);
    EXPECT_EQ(count % 4, 0u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(in) % 16, 0u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(inout) % 16, 0u);
    const auto* left = static_cast<const Matrix*>(in);
    auto* right = static_cast<Matrix*>(inout);
    for (size_t i = 0; i < count / 4; ++i) right[i] = Product(left[i], right[i]);
  }
};

class ReducerTest : public testing::TestWithParam<size_t> {
 protected:
  // Somewhere in memory: `offset` bytes behind an aligned place.
  struct Vector {
    Vector(size_t items, size_t offset_bytes, uint32_t seed) : memory(items * 4 + 8), offset(offset_bytes) {
      std::vector<uint32_t> values(items * 4);
      for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<uint32_t>(seed + i * 2654435761u);
      if (items > 0) std::memcpy(data(), values.data(), items * sizeof(Matrix));
    }
    std::byte* data() {
      auto* begin = reinterpret_cast<std::byte*>(memory.data());
      const size_t misaligned = reinterpret_cast<uintptr_t>(begin) % 16;
      return begin + (misaligned == 0 ? 0 : 16 - misaligned) + offset;
    }
    Matrix At(size_t i) {
      Matrix matrix;
      std::memcpy(&matrix, data() + i * sizeof(Matrix), sizeof matrix);
      return matrix;
    }
    std::vector<uint32_t> memory;
    size_t offset;
  };
};

TEST_P(ReducerTest, KeepsTheOrderOfOperandsWhereverTheyLie) {
  const size_t items = GetParam();
  const Reducer reducer(DataType::kUint32, std::make_shared<const MatrixProduct>(false));
  for (const size_t offset : {0, 1, 4}) {
    Vector a(items, offset, 1), b(items, 0, 2), out(items, offset, 3);
    std::vector<Matrix> expected;
    for (size_t i = 0; i < items; ++i) expected.push_back(Product(a.At(i), b.At(i)));
    reducer.Reduce(out.data(), a.data(), b.data(), items);
    for (size_t i = 0; i < items; ++i) ASSERT_EQ(out.At(i), expected[i]) << i;
    Vector left = a;
    reducer.Reduce(left.data(), left.data(), b.data(), items);
    for (size_t i = 0; i < items; ++i) ASSERT_EQ(left.At(i), expected[i]) << i << ", over the left operand";
    Vector right = b;
    reducer.Reduce(right.data(), a.data(), right.data(), items);
    for (size_t i = 0; i < items; ++i) ASSERT_EQ(right.At(i), expected[i]) << i << ", over the right operand";
  }
}

TEST_P(ReducerTest, ReducesManyInOrderAlsoOverOneOfThem) {
  const size_t items = GetParam();
  const Reducer reducer(DataType::kUint32, std::make_shared<const MatrixProduct>(false));
  for (const size_t into : {0, 1, 2}) {
    std::vector<Vector> operands = {Vector(items, 4, 1), Vector(items, 0, 2), Vector(items, 8, 3)};
    std::vector<Matrix> expected;
    for (size_t i = 0; i < items; ++i) {
      expected.push_back(Product(Product(operands[0].At(i), operands[1].At(i)), operands[2].At(i)));
    }
    const void* sources[] = {operands[0].data(), operands[1].data(), operands[2].data()};
    reducer.ReduceMany(operands[into].data(), sources, 3, items);
    for (size_t i = 0; i < items; ++i) ASSERT_EQ(operands[into].At(i), expected[i]) << i << " into " << into;
  }
}

TEST(Reducer, OfACommutativeOperationMayWriteOverTheLeftOperand) {
  class Larger final : public UserOp {
   public:
    Larger() : UserOp({.name = "larger"}) {}
    void Apply(const void* in, void* inout, size_t count, DataType) const override {
      const auto* a = static_cast<const double*>(in);
      auto* b = static_cast<double*>(inout);
      for (size_t i = 0; i < count; ++i) b[i] = std::max(a[i], b[i]);
    }
  };
  const Reducer reducer(DataType::kFloat64, std::make_shared<const Larger>());
  std::vector<double> a = {1, 5, 2}, b = {4, 3, 2};
  reducer.Reduce(a.data(), a.data(), b.data(), 3);
  EXPECT_EQ(a, (std::vector<double>{4, 5, 2}));
  reducer.Finish(a.data(), 3, 7);
  EXPECT_EQ(a, (std::vector<double>{4, 5, 2})) << "nothing is left to finish";
}

INSTANTIATE_TEST_SUITE_P(Items, ReducerTest, testing::Values(0, 1, 511, 512, 513, 1500));

TEST(UserOps, GivesEachANumberOfItsOwnAndForgetsIt) {
  UserOps ops;
  const auto op = std::make_shared<const MatrixProduct>(false);
  const int number = ops.Add(op);
  EXPECT_GE(number, UserOps::kFirstNumber);
  EXPECT_EQ(ops.Find(number), op.get());
  EXPECT_EQ(ops.Find(number + 1), nullptr);
  EXPECT_EQ(ops.Find(3), nullptr);
  EXPECT_EQ(ops.NameOf(op->fingerprint()), "matrix");
  EXPECT_TRUE(ops.Remove(number));
  EXPECT_FALSE(ops.Remove(number));
  EXPECT_EQ(ops.Find(number), nullptr);
  EXPECT_EQ(ops.NameOf(op->fingerprint()), "");
  const int next = ops.Add(op);
  EXPECT_NE(next, number) << "a number that was given is not given again";
  EXPECT_EQ(ops.Find(number), nullptr);
}

TEST(UserOps, AreFullAtSomePoint) {
  UserOps ops;
  const auto op = std::make_shared<const MatrixProduct>(false);
  int last = 0;
  for (int i = 0; i < UserOps::kMaxOps; ++i) last = ops.Add(op);
  EXPECT_NE(last, 0);
  EXPECT_EQ(ops.Add(op), 0);
  EXPECT_TRUE(ops.Remove(last));
  EXPECT_NE(ops.Add(op), 0);
}

TEST(UserOp, FingerprintsTellApartWhatRanksMustAgreeOn) {
  EXPECT_EQ(MatrixProduct(false).fingerprint(), MatrixProduct(false).fingerprint());
  EXPECT_NE(MatrixProduct(false).fingerprint(), MatrixProduct(true).fingerprint());
}

}  // namespace
}  // namespace tutti
