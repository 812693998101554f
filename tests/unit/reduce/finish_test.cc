// SPDX-License-Identifier: Apache-2.0
// The division that ends an average.
#include "kernel_test_support.h"
#include "sanitized.h"

namespace tutti {
namespace {

class FinishTest : public KernelTest {};
TUTTI_FOR_EVERY_TARGET(FinishTest);

TEST_P(FinishTest, DividesAtEveryLengthAndAlignment) {
  ForEveryTypeAndOp([&](DataType type, ReduceOp op) {
    Prng prng(static_cast<uint64_t>(type));
    const auto elements = MakeElements(type, 300, prng);
    for (uint32_t num_ranks : {1u, 2u, 3u, 7u, 8u, 10u, 1000u, 0x80000001u, UINT32_MAX}) {
      std::vector<uint64_t> expected;
      for (uint64_t element : elements) expected.push_back(reference::Finished(type, op, element, num_ranks));
      for (size_t length = 0; length <= elements.size(); length += length < (kSanitized ? 20 : 70) ? 1 : 23) {
        Buffer data(type, std::vector<uint64_t>(elements.begin(), elements.begin() + static_cast<long>(length)),
                    length % 8);
        Kernels(type, op).finish(data.data(), length, num_ranks);
        ASSERT_TRUE(data.Holds(expected, length)) << num_ranks << " ranks";
      }
    }
  });
}

TEST_P(FinishTest, EveryByteByEveryNumberOfRanksUpTo300) {
  for (DataType type : {DataType::kInt8, DataType::kUint8}) {
    std::vector<uint8_t> all(256), data(256);
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint8_t>(i);
    for (uint32_t num_ranks = 1; num_ranks <= (kSanitized ? 20u : 300u); ++num_ranks) {
      data = all;
      Kernels(type, ReduceOp::kAvg).finish(data.data(), data.size(), num_ranks);
      for (size_t i = 0; i < all.size(); ++i) {
        ASSERT_EQ(data[i], reference::Finished(type, ReduceOp::kAvg, i, num_ranks)) << i << " / " << num_ranks;
      }
    }
  }
}

TEST_P(FinishTest, QuotientsAreExactAroundEveryMultiple) {
  // Where a scaled reciprocal would be wrong first: at multiples of the divisor and one below them.
  Prng prng(3);
  for (DataType type : {DataType::kInt32, DataType::kUint32, DataType::kInt64, DataType::kUint64}) {
    for (int round = 0; round < (kSanitized ? 120 : 500); ++round) {
      const auto num_ranks =
          static_cast<uint32_t>(round < 100 ? round + 2 : 2 + (prng.Next() >> (32 + prng.Below(31))));
      std::vector<uint64_t> elements;
      for (int i = 0; i < 20; ++i) {
        const uint64_t multiple = (prng.Next() & reference::Mask(type)) / num_ranks * num_ranks;
        elements.push_back(multiple);
        elements.push_back((multiple - 1) & reference::Mask(type));
        elements.push_back((0 - multiple) & reference::Mask(type));
      }
      elements.push_back(reference::Mask(type));
      elements.push_back(reference::Mask(type) / num_ranks * num_ranks);
      Buffer data(type, elements, 1);
      Kernels(type, ReduceOp::kAvg).finish(data.data(), elements.size(), num_ranks);
      for (size_t i = 0; i < elements.size(); ++i) {
        ASSERT_EQ(data.Element(i), reference::Finished(type, ReduceOp::kAvg, elements[i], num_ranks))
            << DataTypeName(type) << " " << elements[i] << " / " << num_ranks;
      }
    }
  }
}

}  // namespace
}  // namespace tutti
