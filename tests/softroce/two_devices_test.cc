// SPDX-License-Identifier: Apache-2.0
// A host with two RDMA devices: which one is chosen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transports/verbs/device.h"
#include "transports/verbs/survey.h"

namespace tutti::verbs {
namespace {

TEST(TwoDevices, AreBothUsable) {
  const auto reports = SurveyPorts({});
  ASSERT_TRUE(reports.ok()) << reports.status();
  ASSERT_EQ(reports->size(), 2u);
  for (const PortReport& report : *reports) EXPECT_TRUE(report.is_usable()) << report.name << ": " << report.text;
}

TEST(TwoDevices, TheOneWithTheJobsAddressIsPreferred) {
  for (const char* address : {"10.77.0.1", "10.77.1.1"}) {
    PortOptions options;
    options.address = address;
    const auto device = OpenDevice(options);
    ASSERT_TRUE(device.ok()) << device.status();
    EXPECT_TRUE((*device)->gid.is_wanted_address);
    EXPECT_THAT((*device)->Describe(), ::testing::HasSubstr(address));
  }
}

TEST(TwoDevices, TheSurveySaysWhichOneIsChosenAndWhy) {
  PortOptions options;
  options.address = "10.77.1.1";
  const auto reports = SurveyPorts(options);
  ASSERT_TRUE(reports.ok() && reports->size() == 2u);
  for (const PortReport& report : *reports) {
    const bool is_right = report.text.find("10.77.1.1") != std::string::npos;
    EXPECT_EQ(report.verdict, is_right ? PortVerdict::kChosen : PortVerdict::kUsable) << report.name;
    EXPECT_THAT(report.reason, ::testing::HasSubstr("has the job's address")) << report.name;
  }
}

TEST(TwoDevices, AnExcludedOneIsNotUsedEvenWithTheRightAddress) {
  PortOptions options;
  options.address = "10.77.1.1";
  const auto preferred = OpenDevice(options);
  ASSERT_TRUE(preferred.ok()) << preferred.status();
  options.devices = "^" + (*preferred)->name;
  const auto other = OpenDevice(options);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE((*other)->name, (*preferred)->name);
  options.devices = "no_such_device";
  EXPECT_THAT(std::string(OpenDevice(options).status().message()), ::testing::HasSubstr("no_such_device"));
}

}  // namespace
}  // namespace tutti::verbs
