// SPDX-License-Identifier: Apache-2.0
// What the verifier proves, the interpreter shows: the registry's algorithms give right results in random
// interleavings.
#include <string>

#include "gtest/gtest.h"

#include "sweep.h"
#include "symbol_model.h"

namespace tutti {
namespace {

constexpr uint64_t kMaxElements = 4000;  // the interpreter moves every element

class RegistryTest : public testing::TestWithParam<int> {};

TEST_P(RegistryTest, GivesTheRightResultInRandomInterleavings) {
  const auto collective = static_cast<Collective>(GetParam());
  int cases = 0;
  for (const Algorithm& algorithm : Algorithms(collective)) {
    for (int num_ranks : {1, 2, 3, 4, 5, 6, 7, 8, 9, 16}) {
      for (const Shape& shape : SweepShapes({&algorithm, num_ranks}, SweepLevel::kReduced)) {
        if (shape.count * static_cast<uint64_t>(num_ranks) > kMaxElements) continue;
        const absl::Status status =
            Judge(shape, BuildAll(algorithm, shape),
                  {.first_seed = shape.count, .interleavings = 4, .max_outstanding_receives_per_peer = 1});
        ASSERT_TRUE(status.ok()) << DescribeCase(algorithm, shape) << ": " << status;
        ++cases;
      }
    }
  }
  EXPECT_GT(cases, 0);
}

INSTANTIATE_TEST_SUITE_P(Collectives, RegistryTest, testing::Range(0, kNumCollectives), [](const auto& instance) {
  return std::string(CollectiveName(static_cast<Collective>(instance.param)));
});

}  // namespace
}  // namespace tutti
