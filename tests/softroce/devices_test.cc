// SPDX-License-Identifier: Apache-2.0
// The RDMA devices of the host or guest that this runs in: what the transport finds, chooses and says of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transports/verbs/survey.h"

namespace tutti::verbs {
namespace {

TEST(Survey, FindsAUsablePort) {
  const auto reports = SurveyPorts({});
  ASSERT_TRUE(reports.ok()) << reports.status();
  int usable = 0;
  for (const PortReport& report : *reports) {
    SCOPED_TRACE(report.name);
    EXPECT_THAT(report.text, ::testing::Not(::testing::IsEmpty()));
    if (!report.is_usable()) continue;
    EXPECT_THAT(report.text, ::testing::HasSubstr("MTU"));
    ++usable;
  }
  EXPECT_GE(usable, 1);
}

TEST(Survey, ChoosesOnePortAndSaysWhyWithTheAddressItUses) {
  const auto reports = SurveyPorts({});
  ASSERT_TRUE(reports.ok()) << reports.status();
  int chosen = 0;
  for (const PortReport& report : *reports) {
    if (report.verdict != PortVerdict::kChosen) continue;
    ++chosen;
    EXPECT_THAT(report.reason, ::testing::AnyOf(::testing::HasSubstr("the only one that is usable"),
                                                ::testing::HasSubstr("that are as good it is the first")));
    int used = 0;
    for (const GidReport& gid : report.gids) {
      if (!gid.is_used) continue;
      ++used;
      EXPECT_THAT(report.text, ::testing::HasSubstr(gid.address));
      EXPECT_THAT(gid.type, ::testing::AnyOf("RoCE v2", "InfiniBand"));
    }
    EXPECT_EQ(used, 1) << report.name;
  }
  EXPECT_EQ(chosen, 1);
}

TEST(Survey, MarksWhatTheOptionsExclude) {
  const auto all = SurveyPorts({});
  ASSERT_TRUE(all.ok() && !all->empty());
  const std::string port = all->front().name;
  const std::string device = port.substr(0, port.find(':'));
  const auto verdict_with = [&](const std::string& devices) {
    PortOptions options;
    options.devices = devices;
    const auto reports = SurveyPorts(options);
    EXPECT_TRUE(reports.ok() && reports->size() == all->size());
    return reports->front().verdict;
  };
  EXPECT_EQ(verdict_with("^" + device), PortVerdict::kLeftOut);
  EXPECT_EQ(verdict_with("^ " + port + ", other"), PortVerdict::kLeftOut);
  EXPECT_EQ(verdict_with("other"), PortVerdict::kLeftOut);
  EXPECT_EQ(verdict_with(device), all->front().verdict);
  EXPECT_EQ(verdict_with("other," + port), all->front().verdict);
}

TEST(Survey, SaysThatAGidIsMissing) {
  PortOptions options;
  options.gid_index = 4000;
  const auto reports = SurveyPorts(options);
  ASSERT_TRUE(reports.ok() && !reports->empty());
  EXPECT_EQ(reports->front().verdict, PortVerdict::kUnusable);
}

}  // namespace
}  // namespace tutti::verbs
