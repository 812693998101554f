// SPDX-License-Identifier: Apache-2.0
#include "lib/base/checks.h"

#include <gtest/gtest.h>

namespace tutti {
namespace {

TEST(Dcheck, DoesNothingWhenTheConditionHolds) {
  int sentences = 0;
  const auto sentence = [&] {
    ++sentences;
    return "never needed";
  };
  TUTTI_DCHECK(1 + 1 == 2, sentence());
  EXPECT_EQ(sentences, 0);
}

#if TUTTI_DCHECK_ENABLED
TEST(DcheckDeathTest, AbortsWithASentenceInDebugBuilds) {
  const int slot = 9;
  EXPECT_DEATH(TUTTI_DCHECK(slot < 8, "slot ", slot, " of 8"),
               "checks_test.cc:[0-9]+: slot 9 of 8 .expected slot < 8.");
}
#else
TEST(Dcheck, EvaluatesNothingInReleaseBuilds) {
  int evaluated = 0;
  TUTTI_DCHECK(++evaluated > 100, "never written ", ++evaluated);
  EXPECT_EQ(evaluated, 0);
}
#endif

}  // namespace
}  // namespace tutti
