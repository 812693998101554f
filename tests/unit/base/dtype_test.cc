// SPDX-License-Identifier: Apache-2.0
#include "lib/base/dtype.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace tutti {
namespace {

TEST(DataTypeName, IsDistinctForEveryType) {
  std::set<std::string> names;
  for (int i = 0; i < kNumDataTypes; ++i) names.insert(DataTypeName(static_cast<DataType>(i)));
  EXPECT_EQ(names.size(), static_cast<size_t>(kNumDataTypes));
  EXPECT_EQ(names.count("unknown"), 0u);
  EXPECT_STREQ(DataTypeName(DataType::kBfloat16), "bfloat16");
}

TEST(DataTypeName, ToleratesValuesOutsideTheEnum) {
  EXPECT_STREQ(DataTypeName(static_cast<DataType>(kNumDataTypes)), "unknown");
  EXPECT_EQ(DataTypeBytes(static_cast<DataType>(kNumDataTypes)), 0u);
}

TEST(DataTypeBytes, EqualsTheWidthInTheName) {
  for (int i = 0; i < kNumDataTypes; ++i) {
    const DataType type = static_cast<DataType>(i);
    const std::string name = DataTypeName(type);
    EXPECT_EQ(std::stoul(name.substr(name.find_first_of("0123456789"))), 8 * DataTypeBytes(type)) << name;
  }
}

TEST(ReduceOpName, IsDistinctForEveryOperation) {
  std::set<std::string> names;
  for (int i = 0; i < kNumReduceOps; ++i) names.insert(ReduceOpName(static_cast<ReduceOp>(i)));
  EXPECT_EQ(names.size(), static_cast<size_t>(kNumReduceOps));
  EXPECT_STREQ(ReduceOpName(ReduceOp::kAvg), "avg");
  EXPECT_STREQ(ReduceOpName(static_cast<ReduceOp>(kNumReduceOps)), "unknown");
}

}  // namespace
}  // namespace tutti
