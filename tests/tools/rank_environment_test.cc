// SPDX-License-Identifier: Apache-2.0
#include "tools/launch/rank_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

namespace tutti::launch {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

class RankEnvironmentTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"TUTTI_SECRET", "TUTTI_SECRET_FILE", "TUTTI_INTERFACE"}) ::unsetenv(name);
  }
  std::vector<Assignment> Environment(const std::vector<Assignment>& wishes = {}) {
    return JobEnvironment(3, "/somewhere", wishes, &error_);
  }
  std::string error_;
};

TEST_F(RankEnvironmentTest, AJobHasSizeRendezvousInterfaceAndSecret) {
  const auto environment = Environment();
  EXPECT_THAT(environment, Contains(Pair("TUTTI_SIZE", "3")));
  EXPECT_THAT(environment, Contains(Pair("TUTTI_LOCAL_SIZE", "3")));
  EXPECT_THAT(environment, Contains(Pair("TUTTI_RENDEZVOUS", "file:///somewhere/rendezvous")));
  EXPECT_THAT(environment, Contains(Pair("TUTTI_INTERFACE", "lo")));
  EXPECT_THAT(environment, Contains(Pair("TUTTI_SECRET", testing::SizeIs(64))));
  EXPECT_EQ(error_, "");
}

TEST_F(RankEnvironmentTest, EveryJobHasAnotherSecret) { EXPECT_NE(Environment().back(), Environment().back()); }

TEST_F(RankEnvironmentTest, WhatTheUserHasSetStays) {
  ::setenv("TUTTI_INTERFACE", "eth7", 1);
  EXPECT_THAT(Environment(), Not(Contains(Key("TUTTI_INTERFACE"))));
  EXPECT_THAT(Environment({{"TUTTI_SECRET_FILE", "/s"}}), Not(Contains(Key("TUTTI_SECRET"))));
  EXPECT_EQ(Environment({{"TUTTI_RENDEZVOUS", "tcp://h:1"}}).back(), Assignment("TUTTI_RENDEZVOUS", "tcp://h:1"));
}

TEST_F(RankEnvironmentTest, AssignmentsAreChecked) {
  Assignment assignment;
  EXPECT_TRUE(ParseAssignment("A=b=c", &assignment, &error_));
  EXPECT_EQ(assignment, Assignment("A", "b=c"));
  EXPECT_TRUE(ParseAssignment("A=", &assignment, &error_));
  EXPECT_FALSE(ParseAssignment("A", &assignment, &error_));
  EXPECT_FALSE(ParseAssignment("=b", &assignment, &error_));
  EXPECT_FALSE(ParseAssignment("TUTTI_LOCAL_RANK=1", &assignment, &error_));
  EXPECT_THAT(error_, HasSubstr("TUTTI_LOCAL_RANK"));
}

}  // namespace
}  // namespace tutti::launch
