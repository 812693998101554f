// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "lib/reduce/user_ops.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;

TEST(CallSignature, DiffersWhereverCallsDiffer) {
  const uint8_t algorithm = Algorithms(Collective::kAllReduce)[0].id;
  const Call base{.collective = Collective::kAllReduce,
                  .type = DataType::kFloat32,
                  .op = ReduceOp::kSum,
                  .count = 100,
                  .algorithm_id = algorithm};
  std::set<uint64_t> signatures{PackSignature(base)};
  Call other = base;
  other.collective = Collective::kReduceScatter;
  EXPECT_TRUE(signatures.insert(PackSignature(other)).second);
  other = base;
  other.type = DataType::kInt32;
  EXPECT_TRUE(signatures.insert(PackSignature(other)).second);
  other = base;
  other.op = ReduceOp::kMax;
  EXPECT_TRUE(signatures.insert(PackSignature(other)).second);
  other = base;
  other.count = 101;
  EXPECT_TRUE(signatures.insert(PackSignature(other)).second);
  other = base;
  other.count = uint64_t{1} << 40;
  EXPECT_TRUE(signatures.insert(PackSignature(other)).second);
  other.count += 1;
  EXPECT_TRUE(signatures.insert(PackSignature(other)).second);
  other = base;
  other.algorithm_id = static_cast<uint8_t>(algorithm + 1);
  EXPECT_TRUE(signatures.insert(PackSignature(other)).second);
  other = base;
  other.is_message = true;
  EXPECT_TRUE(signatures.insert(PackSignature(other)).second);
  other = base;
  other.collective = Collective::kReduceScatter;
  other.uneven = true;
  EXPECT_TRUE(signatures.insert(PackSignature(other)).second);
  EXPECT_EQ(signatures.count(0), 0u);
}

TEST(CallSignature, TellsCodesApartWhereItIsTold) {
  const uint64_t without =
      PackSignature({.collective = Collective::kAllReduce, .type = DataType::kFloat32, .count = 9, .algorithm_id = 42});
  const uint64_t one = WithCodes(without, 0x1234567);
  EXPECT_NE(one, without);
  EXPECT_NE(WithCodes(without, 0x1234569), one);
  EXPECT_EQ(WithCodes(WithCodes(without, 0x1234569), 0x1234567), one);
  EXPECT_THAT(DescribeSignature(one),
              testing::ContainsRegex(
                  "all_reduce\\(float32 x 9, sum, codec, tensor and step of hash [0-9a-f]+, encoded_hierarchical\\)"));
}

TEST(CallSignature, RootCountsOnlyWhereThereIsOne) {
  Call call{.collective = Collective::kBroadcast, .root = 1, .count = 4};
  const uint64_t one = PackSignature(call);
  call.root = 2;
  EXPECT_NE(PackSignature(call), one);
  call.collective = Collective::kAllReduce;
  const uint64_t without = PackSignature(call);
  call.root = 3;
  EXPECT_EQ(PackSignature(call), without);
}

TEST(CallSignature, IsReadableByPeople) {
  const Algorithm& algorithm = Algorithms(Collective::kReduce)[0];
  const std::string text = DescribeSignature(PackSignature({.collective = Collective::kReduce,
                                                            .type = DataType::kBfloat16,
                                                            .op = ReduceOp::kAvg,
                                                            .root = 5,
                                                            .count = 1024,
                                                            .algorithm_id = algorithm.id}));
  EXPECT_THAT(text, HasSubstr("reduce(bfloat16 x 1024, avg, root 5, "));
  EXPECT_THAT(text, HasSubstr(algorithm.name));
  EXPECT_EQ(DescribeSignature(PackSignature({.collective = Collective::kAllGather,
                                             .type = DataType::kInt8,
                                             .count = 9,
                                             .algorithm_id = 1,
                                             .uneven = true})),
            "all_gather_v(int8 x 9 in all, ring)");
  EXPECT_EQ(DescribeSignature(PackSignature({.collective = Collective::kScatter, .root = 2, .uneven = true})),
            "scatter_v(int8, root 2, linear)");
  EXPECT_EQ(DescribeSignature(PackSignature({.is_message = true, .type = DataType::kUint8, .count = 7})),
            "send/recv(uint8 x 7)");
  EXPECT_THAT(DescribeSignature(PackSignature({.is_message = true, .count = uint64_t{1} << 33})), HasSubstr("over"));
}

TEST(CallSignature, OfFusedCallsSaysHowManyAndTellsTheirLengthsApart) {
  Call call{.collective = Collective::kAllReduce,
            .type = DataType::kFloat32,
            .count = 8,
            .fused_calls = 64,
            .fused_lengths = 0x12345};
  const uint64_t fused = PackSignature(call);
  EXPECT_EQ(DescribeSignature(fused), "a group of 64 (lengths #012345) all_reduce(float32, sum, one_shot)");
  call.fused_lengths = 0x12346;
  EXPECT_NE(PackSignature(call), fused);
  call.fused_calls = 5000;
  EXPECT_THAT(DescribeSignature(PackSignature(call)), HasSubstr("a group of many"));
  call.fused_calls = 0;
  EXPECT_NE(PackSignature(call), fused);
  call = {.collective = Collective::kReduce, .root = 3, .fused_calls = 2};
  EXPECT_THAT(DescribeSignature(PackSignature(call)), HasSubstr("root 3"));
}

class Named final : public UserOp {
 public:
  explicit Named(const char* name, bool commutes = true) : UserOp({.name = name, .commutes = commutes}) {}
  void Apply(const void*, void*, size_t, DataType) const override {}
};

TEST(CallSignature, NamesAnOperationOfTheApplicationIfThisProcessHasIt) {
  const auto op = std::make_shared<const Named>("argmax");
  Call call{.collective = Collective::kReduce,
            .type = DataType::kFloat64,
            .root = 5,
            .count = 1024,
            .user_op = UserOpMark(op->fingerprint())};
  EXPECT_THAT(DescribeSignature(PackSignature(call)), HasSubstr("reduce(float64 x 1024, operation #"));
  const int number = UserOps::OfProcess().Add(op);
  EXPECT_EQ(DescribeSignature(PackSignature(call)),
            "reduce(float64 x 1024, operation \"argmax\" of the application, root 5, binomial)");
  call.collective = Collective::kReduceScatter;
  call.uneven = true;
  EXPECT_THAT(DescribeSignature(PackSignature(call)), HasSubstr("reduce_scatter_v(float64 x 1024 in all, operation"));
  UserOps::OfProcess().Remove(number);
}

TEST(CallSignature, DiffersForOperationsOfTheApplicationThatDiffer) {
  std::set<uint64_t> signatures;
  const Call base{.collective = Collective::kAllReduce, .type = DataType::kFloat32, .count = 100};
  EXPECT_TRUE(signatures.insert(PackSignature(base)).second);
  const Named larger("argmax"), smaller("argmin"), ordered("argmax", false);
  for (const Named* op : {&larger, &smaller, &ordered}) {
    Call call = base;
    call.user_op = UserOpMark(op->fingerprint());
    EXPECT_TRUE(signatures.insert(PackSignature(call)).second) << op->traits().name;
    call.count = 101;
    EXPECT_TRUE(signatures.insert(PackSignature(call)).second);
    call.count = uint64_t{1} << 30;
    EXPECT_TRUE(signatures.insert(PackSignature(call)).second);
    call.count = (uint64_t{1} << 30) + 1;
    EXPECT_TRUE(signatures.insert(PackSignature(call)).second);
    call.type = DataType::kInt32;
    EXPECT_TRUE(signatures.insert(PackSignature(call)).second);
  }
}

TEST(CallSignature, AnyBitsAreDescribedWithoutHarm) {
  uint64_t bits = 0x123456789abcdef;
  for (int i = 0; i < 1000; ++i) {
    bits = bits * 6364136223846793005u + 1442695040888963407u;
    EXPECT_FALSE(DescribeSignature(bits).empty());
  }
  EXPECT_FALSE(DescribeSignature(0).empty());
  EXPECT_FALSE(DescribeSignature(~uint64_t{0}).empty());
}

}  // namespace
}  // namespace tutti
