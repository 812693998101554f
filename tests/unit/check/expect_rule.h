// SPDX-License-Identifier: Apache-2.0
// What the verifier's tests say about a set of schedules.
#ifndef TUTTI_TESTS_UNIT_CHECK_EXPECT_RULE_H_
#define TUTTI_TESTS_UNIT_CHECK_EXPECT_RULE_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "collectives/check/rule.h"
#include "collectives/check/verifier.h"
#include "hand_schedule.h"

namespace tutti::check {

inline void ExpectProved(const Shape& shape, const Schedules& schedules, const VerifyOptions& options = {}) {
  const absl::Status status = VerifySchedules(shape, schedules, options);
  EXPECT_TRUE(status.ok()) << status;
}

// The schedules break this rule, and the message holds `detail`.
inline void ExpectBroken(Rule rule, const std::string& detail, const Shape& shape, const Schedules& schedules,
                         const VerifyOptions& options = {}) {
  const absl::Status status = VerifySchedules(shape, schedules, options);
  ASSERT_FALSE(status.ok()) << "expected to break the rule \"" << RuleName(rule) << "\"";
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const std::string message(status.message());
  EXPECT_THAT(message, testing::StartsWith(absl::StrCat(RuleName(rule), ": ")));
  EXPECT_THAT(message, testing::HasSubstr(detail));
}

}  // namespace tutti::check

#endif  // TUTTI_TESTS_UNIT_CHECK_EXPECT_RULE_H_
