// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/parse_value.h"

#include "gtest/gtest.h"
#include "lib/base/clock.h"
#include "lib/bootstrap/edit_distance.h"
#include "lib/bootstrap/slurm_list.h"

namespace tutti {
namespace {

TEST(ParseDuration, UnderstandsUnitsAndSecondsWithout) {
  EXPECT_EQ(ParseDurationNs("300"), 300 * kNsPerSecond);
  EXPECT_EQ(ParseDurationNs("300s"), 300 * kNsPerSecond);
  EXPECT_EQ(ParseDurationNs("500ms"), 500 * kNsPerMs);
  EXPECT_EQ(ParseDurationNs("2m"), 120 * kNsPerSecond);
  EXPECT_EQ(ParseDurationNs("1.5h"), 5400 * kNsPerSecond);
  EXPECT_EQ(ParseDurationNs("0.25"), 250 * kNsPerMs);
  EXPECT_EQ(ParseDurationNs("7us"), 7 * kNsPerUs);
  EXPECT_EQ(ParseDurationNs("123456789123456789ns"), 123456789123456789);
}

TEST(ParseDuration, RefusesWhatItDoesNotWhollyUnderstand) {
  for (const char* text : {"", "s", "1.", ".5", "1..2", "1.2.3s", "1 s", "1S", "1d", "-1", "+1", "0", "0.0000000001s",
                           "inf", "0x10", "1e3", "999999999h", "9999999999999999999999"}) {
    EXPECT_FALSE(ParseDurationNs(text).has_value()) << text;
  }
}

TEST(ParseBitsPerSecond, UnderstandsMegabitsAndGigabitsOnly) {
  EXPECT_EQ(ParseBitsPerSecond("1Mbit"), 1'000'000u);
  EXPECT_EQ(ParseBitsPerSecond("100Mbit"), 100'000'000u);
  EXPECT_EQ(ParseBitsPerSecond("2.5Gbit"), 2'500'000'000u);
  EXPECT_EQ(ParseBitsPerSecond("1000Gbit"), 1'000'000'000'000u);
  for (const char* text :
       {"", "1", "Mbit", "1Gb", "1 Gbit", "0.5Mbit", "0Gbit", "1001Gbit", "-1Gbit", "1e3Mbit", "infGbit"}) {
    EXPECT_FALSE(ParseBitsPerSecond(text).has_value()) << text;
  }
}

TEST(FormatDuration, IsReadBackAsTheSame) {
  for (int64_t ns : {int64_t{1}, 300 * kNsPerSecond, 1500 * kNsPerMs, 7 * kNsPerUs, int64_t{1234567891}}) {
    EXPECT_EQ(ParseDurationNs(FormatDuration(ns)), ns);
  }
  EXPECT_EQ(FormatDuration(1500 * kNsPerMs), "1500ms");
  EXPECT_EQ(DescribeDuration(1500 * kNsPerMs), "1.5 s");
  EXPECT_EQ(DescribeDuration(300 * kNsPerSecond), "300 s");
}

TEST(ParseNumber, IsStrict) {
  EXPECT_EQ(ParseNumber("07", 0, 10), 7);
  EXPECT_EQ(ParseNumber("-3", -5, 5), -3);
  for (const char* text : {"", "-", "-1", "+1", "1 ", " 1", "1a", "11", "2147483648", "99999999999999"}) {
    EXPECT_FALSE(ParseNumber(text, 0, 10).has_value()) << text;
  }
}

TEST(EditDistance, CountsSingleCharacterChanges) {
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("abc", "abc"), 0u);
  EXPECT_EQ(EditDistance("abc", "abd"), 1u);
  EXPECT_EQ(EditDistance("abcd", "acbd"), 1u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(NearestName("b", {}), "");
}

TEST(SlurmHostList, GivesTheFirstHost) {
  EXPECT_EQ(FirstSlurmHost("node1"), "node1");
  EXPECT_EQ(FirstSlurmHost("node[003-010,012],gpu7"), "node003");
  EXPECT_EQ(FirstSlurmHost("node[12,14]"), "node12");
  EXPECT_EQ(FirstSlurmHost("rack[0-1]node[4-5]-ib"), "rack0node4-ib");
  EXPECT_EQ(FirstSlurmHost("a,b[1-2]"), "a");
  for (const char* bad : {"", ",a", "node[1-2", "node]1[", "node[]", "node[-2]", "node[a-b]", "[[1]]"}) {
    EXPECT_FALSE(FirstSlurmHost(bad).has_value()) << bad;
  }
}

TEST(SlurmTaskList, GivesTheTasksOfANode) {
  EXPECT_EQ(SlurmTasksOnNode("4(x2),3", 0), 4);
  EXPECT_EQ(SlurmTasksOnNode("4(x2),3", 1), 4);
  EXPECT_EQ(SlurmTasksOnNode("4(x2),3", 2), 3);
  EXPECT_FALSE(SlurmTasksOnNode("4(x2),3", 3).has_value());
  for (const char* bad : {"", "x", "4(x", "4(x)", "4(x0)", "(x2)", "4(x2)b", "4,,3"}) {
    EXPECT_FALSE(SlurmTasksOnNode(bad, 1).has_value()) << bad;
  }
}

}  // namespace
}  // namespace tutti
