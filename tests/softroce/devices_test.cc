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
    if (!report.usable) continue;
    EXPECT_THAT(report.text, ::testing::HasSubstr("MTU"));
    ++usable;
  }
  EXPECT_GE(usable, 1);
}

TEST(Survey, LeavesOutWhatTheOptionsExclude) {
  const auto all = SurveyPorts({});
  ASSERT_TRUE(all.ok() && !all->empty());
  const std::string port = all->front().name;
  const std::string device = port.substr(0, port.find(':'));
  for (const std::string& exclude : {"^" + device, "^ " + port + ", other"}) {
    PortOptions options;
    options.devices = exclude;
    const auto rest = SurveyPorts(options);
    ASSERT_TRUE(rest.ok());
    for (const PortReport& report : *rest) EXPECT_NE(report.name, port) << exclude;
  }
  for (const std::string& include : {device, "other," + port}) {
    PortOptions options;
    options.devices = include;
    const auto chosen = SurveyPorts(options);
    ASSERT_TRUE(chosen.ok());
    ASSERT_EQ(chosen->size(), 1u) << include;
    EXPECT_EQ(chosen->front().name, port);
  }
}

TEST(Survey, SaysThatAGidIsMissing) {
  PortOptions options;
  options.gid_index = 4000;
  const auto reports = SurveyPorts(options);
  ASSERT_TRUE(reports.ok() && !reports->empty());
  EXPECT_FALSE(reports->front().usable);
}

}  // namespace
}  // namespace tutti::verbs
