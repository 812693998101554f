// SPDX-License-Identifier: Apache-2.0
// Every kernel against the reference: all types and operations, lengths, alignments and ways for buffers to coincide.
#include "lib/reduce/reduce.h"

#include <algorithm>

#include "kernel_test_support.h"
#include "sanitized.h"

namespace tutti {
namespace {

// All lengths up to 200, then those around the unrolled blocks of the widest vectors.
std::vector<size_t> Lengths() {
  std::vector<size_t> lengths;
  for (size_t length = 0; length <= 200; length += kSanitized && length > 20 ? 30 : 1) lengths.push_back(length);
  for (size_t length : {255, 256, 257, 319, 321, 511, 513, 600}) lengths.push_back(length);
  return lengths;
}
constexpr size_t kMaxLength = 600;

class ReduceKernelTest : public KernelTest {};
TUTTI_FOR_EVERY_TARGET(ReduceKernelTest);

TEST_P(ReduceKernelTest, TwoOperandsAtEveryLengthAndAlignment) {
  ForEveryTypeAndOp([&](DataType type, ReduceOp op) {
    Prng prng(static_cast<uint64_t>(type) * 10 + static_cast<uint64_t>(op));
    const auto a = MakeElements(type, kMaxLength, prng);
    const auto b = MakeElements(type, kMaxLength, prng);
    std::vector<uint64_t> expected;
    for (size_t i = 0; i < kMaxLength; ++i) expected.push_back(reference::Reduced(type, op, {a[i], b[i]}));
    for (size_t offset = 0; offset < 8; offset += kSanitized ? 3 : 1) {
      Buffer left(type, a, offset);
      Buffer right(type, b, (offset * 3 + 1) % 8);
      for (size_t length : Lengths()) {
        Buffer dst(type, std::vector<uint64_t>(length, 0), (offset * 5 + 2) % 8);
        Kernels(type, op).reduce(dst.data(), left.data(), right.data(), length);
        ASSERT_TRUE(dst.Holds(expected, length)) << "offset " << offset;
      }
    }
  });
}

TEST_P(ReduceKernelTest, DestinationMayBeEitherOperandOrBoth) {
  ForEveryTypeAndOp([&](DataType type, ReduceOp op) {
    Prng prng(100 + static_cast<uint64_t>(type) * 10 + static_cast<uint64_t>(op));
    for (size_t length : {1, 7, 64, 199, 257, 600}) {
      const auto a = MakeElements(type, length, prng);
      const auto b = MakeElements(type, length, prng);
      std::vector<uint64_t> expected, doubled;
      for (size_t i = 0; i < length; ++i) {
        expected.push_back(reference::Reduced(type, op, {a[i], b[i]}));
        doubled.push_back(reference::Reduced(type, op, {a[i], a[i]}));
      }
      {
        Buffer left(type, a, 3), right(type, b, 5);
        Kernels(type, op).reduce(left.data(), left.data(), right.data(), length);
        ASSERT_TRUE(left.Holds(expected, length)) << "dst is a";
        ASSERT_TRUE(right.Holds(b, length));
      }
      {
        Buffer left(type, a, 3), right(type, b, 5);
        Kernels(type, op).reduce(right.data(), left.data(), right.data(), length);
        ASSERT_TRUE(right.Holds(expected, length)) << "dst is b";
      }
      {
        Buffer left(type, a, 1);
        Kernels(type, op).reduce(left.data(), left.data(), left.data(), length);
        ASSERT_TRUE(left.Holds(doubled, length)) << "dst is a and b";
      }
    }
  });
}

TEST_P(ReduceKernelTest, OperandsMayBeExchanged) {
  ForEveryTypeAndOp([&](DataType type, ReduceOp op) {
    Prng prng(200);
    const auto a = MakeElements(type, kMaxLength, prng);
    const auto b = MakeElements(type, kMaxLength, prng);
    Buffer left(type, a, 0), right(type, b, 0);
    Buffer one(type, a, 0), other(type, a, 0);
    Kernels(type, op).reduce(one.data(), left.data(), right.data(), kMaxLength);
    Kernels(type, op).reduce(other.data(), right.data(), left.data(), kMaxLength);
    for (size_t i = 0; i < kMaxLength; ++i) {
      ASSERT_EQ(one.Element(i), other.Element(i)) << std::hex << a[i] << " and " << b[i];
    }
  });
}

TEST_P(ReduceKernelTest, ManyOperandsAtEveryLength) {
  ForEveryTypeAndOp([&](DataType type, ReduceOp op) {
    Prng prng(300 + static_cast<uint64_t>(type) * 10 + static_cast<uint64_t>(op));
    for (size_t num_sources : {1, 2, 3, 4, 5, 8, 17}) {
      std::vector<std::vector<uint64_t>> elements;
      std::vector<Buffer> buffers;
      std::vector<const void*> sources;
      for (size_t k = 0; k < num_sources; ++k) {
        elements.push_back(MakeElements(type, kMaxLength, prng));
        buffers.emplace_back(type, elements.back(), (k * 3) % 8);
      }
      for (Buffer& buffer : buffers) sources.push_back(buffer.data());
      std::vector<uint64_t> expected;
      for (size_t i = 0; i < kMaxLength; ++i) {
        std::vector<uint64_t> column;
        for (const auto& source : elements) column.push_back(source[i]);
        expected.push_back(reference::Reduced(type, op, column));
      }
      for (size_t length : Lengths()) {
        Buffer dst(type, std::vector<uint64_t>(length, 0), length % 8);
        Kernels(type, op).reduce_many(dst.data(), sources.data(), num_sources, length);
        ASSERT_TRUE(dst.Holds(expected, length)) << num_sources << " sources";
      }
    }
  });
}

TEST_P(ReduceKernelTest, DestinationMayBeAnyOfManySources) {
  ForEveryTypeAndOp([&](DataType type, ReduceOp op) {
    Prng prng(400);
    const size_t length = 331;
    for (size_t num_sources : {1, 2, 3, 5}) {
      std::vector<std::vector<uint64_t>> elements;
      for (size_t k = 0; k < num_sources; ++k) elements.push_back(MakeElements(type, length, prng));
      std::vector<uint64_t> expected;
      for (size_t i = 0; i < length; ++i) {
        std::vector<uint64_t> column;
        for (const auto& source : elements) column.push_back(source[i]);
        expected.push_back(reference::Reduced(type, op, column));
      }
      for (size_t target = 0; target < num_sources; ++target) {
        std::vector<Buffer> buffers;
        std::vector<const void*> sources;
        for (const auto& source : elements) buffers.emplace_back(type, source, 1);
        for (Buffer& buffer : buffers) sources.push_back(buffer.data());
        Kernels(type, op).reduce_many(buffers[target].data(), sources.data(), num_sources, length);
        ASSERT_TRUE(buffers[target].Holds(expected, length)) << "dst is source " << target << " of " << num_sources;
      }
    }
  });
}

TEST_P(ReduceKernelTest, CutsDoNotShow) {
  ForEveryTypeAndOp([&](DataType type, ReduceOp op) {
    Prng prng(500 + static_cast<uint64_t>(type) * 10 + static_cast<uint64_t>(op));
    const size_t length = 3000;
    std::vector<Buffer> buffers;
    std::vector<const void*> sources;
    for (int k = 0; k < 3; ++k) buffers.emplace_back(type, MakeElements(type, length, prng), 2);
    for (Buffer& buffer : buffers) sources.push_back(buffer.data());
    const ReduceKernels& kernels = Kernels(type, op);

    const std::vector<uint64_t> zeros(length, 0);
    Buffer two(type, zeros, 0), three(type, zeros, 0), two_cut(type, zeros, 1), three_cut(type, zeros, 7);
    kernels.reduce(two.data(), sources[0], sources[1], length);
    kernels.finish(two.data(), length, 3);
    kernels.reduce_many(three.data(), sources.data(), 3, length);
    kernels.finish(three.data(), length, 3);
    for (size_t at = 0; at < length;) {
      const size_t part = std::min<size_t>(length - at, 1 + prng.Below(prng.Chance(0.5) ? 10 : 400));
      const void* parts[3] = {buffers[0].At(at), buffers[1].At(at), buffers[2].At(at)};
      kernels.reduce(two_cut.At(at), parts[0], parts[1], part);
      kernels.finish(two_cut.At(at), part, 3);
      kernels.reduce_many(three_cut.At(at), parts, 3, part);
      kernels.finish(three_cut.At(at), part, 3);
      at += part;
    }
    for (size_t i = 0; i < length; ++i) {
      ASSERT_EQ(two.Element(i), two_cut.Element(i)) << i;
      ASSERT_EQ(three.Element(i), three_cut.Element(i)) << i;
    }
  });
}

// In the type that products are rounded to: halves are multiplied as floats, then rounded once more.
uint64_t Scaled(DataType type, uint64_t bits, double factor) {
  const reference::FloatFormat& format = reference::FormatOf(type);
  const double value = reference::Decode(format, bits);
  if (type == DataType::kFloat64) return reference::Encode(format, value * factor);
  return reference::Encode(format, static_cast<float>(value) * static_cast<float>(factor));
}

TEST_P(ReduceKernelTest, ScalingMultipliesEachElementOnce) {
  for (const DataType type : {DataType::kFloat16, DataType::kBfloat16, DataType::kFloat32, DataType::kFloat64}) {
    for (const double factor : {1.0, 0.0, -0.5, 1.0 / 3, 1e-30, 1e30}) {
      SCOPED_TRACE(testing::Message() << DataTypeName(type) << " times " << factor);
      Prng prng(300 + static_cast<uint64_t>(type));
      const auto elements = MakeElements(type, kMaxLength, prng);
      std::vector<uint64_t> expected;
      for (const uint64_t element : elements) expected.push_back(Scaled(type, element, factor));
      for (const size_t length : Lengths()) {
        const size_t offset = length % 8;
        Buffer source(type, elements, offset);
        Buffer dst(type, std::vector<uint64_t>(length, 0), (offset * 5 + 2) % 8);
        Kernels(type, ReduceOp::kSum).scale(dst.data(), source.data(), factor, length);
        ASSERT_TRUE(dst.Holds(expected, length));
        ASSERT_TRUE(source.Holds(elements, kMaxLength));
        Buffer both(type, std::vector<uint64_t>(elements.begin(), elements.begin() + static_cast<ptrdiff_t>(length)),
                    offset);
        Kernels(type, ReduceOp::kAvg).scale(both.data(), both.data(), factor, length);
        ASSERT_TRUE(both.Holds(expected, length)) << "in place";
      }
    }
  }
}

TEST(ReduceTargets, EachHasKernelsOfItsOwn) {
  // Guards the tests above: were the choice of a target ignored, they would all test the same one.
  std::vector<KernelTable> tables;
  for (int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    tables.push_back(MakeKernelTable());
  }
  hwy::SetSupportedTargetsForTest(0);
  for (size_t i = 0; i < tables.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      EXPECT_NE(tables[i].At(DataType::kFloat32, ReduceOp::kSum).reduce,
                tables[j].At(DataType::kFloat32, ReduceOp::kSum).reduce);
    }
  }
}

TEST(ReduceTargets, KernelsForUsesTheBestOne) {
  const KernelTable best = MakeKernelTable();
  for (int t = 0; t < kNumDataTypes; ++t) {
    for (int o = 0; o < kNumReduceOps; ++o) {
      const ReduceKernels& kernels = KernelsFor(static_cast<DataType>(t), static_cast<ReduceOp>(o));
      const bool defined = IsDefined(static_cast<ReduceOp>(o), static_cast<DataType>(t));
      ASSERT_EQ(kernels.reduce != nullptr, defined);
      ASSERT_EQ(kernels.reduce_many != nullptr, defined);
      EXPECT_EQ(kernels.reduce, best.kernels[t][o].reduce);
      EXPECT_EQ(kernels.reduce_many, best.kernels[t][o].reduce_many);
      EXPECT_EQ(kernels.finish, best.kernels[t][o].finish);
      const bool scales = IsFloatingPoint(static_cast<DataType>(t)) &&
                          (o == static_cast<int>(ReduceOp::kSum) || o == static_cast<int>(ReduceOp::kAvg));
      EXPECT_EQ(kernels.scale != nullptr, scales);
    }
  }
  EXPECT_STREQ(ReduceTargetName(), hwy::TargetName(hwy::SupportedAndGeneratedTargets().front()));
}

}  // namespace
}  // namespace tutti
