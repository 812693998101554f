// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace tutti::bench {
namespace {

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Row LargestRow() {
  Row row = {{FindOperation("all_reduce"), size_t{1} << 30, TUTTI_BFLOAT16, TUTTI_SUM, 0, nullptr, 0},
             "",
             "",
             1u << 31,
             true,
             {},
             {}};
  Measurement m;
  m.time_ns = 98765432109;
  m.samples = Samples({1'000, 123'456'789, 98'765'432'109});
  m.wrong = 999'999;
  row.out_of_place = m;
  row.in_place = m;
  return row;
}

TEST(Table, EvenLargeFiguresStayInTheirColumns) {
  const Table table(true, 4);
  for (const std::string& line : Lines(table.Header() + table.Line(LargestRow()))) {
    EXPECT_LE(line.size(), static_cast<size_t>(Table::kWideColumns)) << line;
  }
  EXPECT_EQ(Lines(table.Line(LargestRow()))[0].size(), static_cast<size_t>(Table::kWideColumns));
}

TEST(Table, NarrowPutsInPlaceBelow) {
  const auto lines = Lines(Table(false, 4).Line(LargestRow()));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0], testing::HasSubstr(" out "));
  EXPECT_THAT(lines[1], testing::HasSubstr(" in "));
}

TEST(Table, BandwidthsFollowNcclTests) {
  Row row = {{FindOperation("all_reduce"), 250, TUTTI_FLOAT32, TUTTI_SUM, 0, nullptr, 0}, "", "", 1000, true, {}, {}};
  Measurement m;
  m.time_ns = 500;
  EXPECT_DOUBLE_EQ(AlgorithmBandwidth(row, m), 2);
  EXPECT_DOUBLE_EQ(BusBandwidth(row, m, 4), 3);  // 2 (n-1)/n
  row.call.operation = FindOperation("all_gather");
  EXPECT_DOUBLE_EQ(BusBandwidth(row, m, 4), 1.5);  // (n-1)/n
  row.call.operation = FindOperation("reduce_scatter");
  EXPECT_DOUBLE_EQ(BusBandwidth(row, m, 4), 1.5);
  for (const char* name : {"broadcast", "reduce", "send_recv"}) {
    row.call.operation = FindOperation(name);
    EXPECT_DOUBLE_EQ(BusBandwidth(row, m, 4), 2);
  }
}

TEST(Table, UncheckedResultsAreNotCalledRight) {
  Row row = LargestRow();
  row.checked = false;
  EXPECT_THAT(Table(true, 4).Line(row), testing::HasSubstr("N/A"));
}

TEST(Table, MicrosecondsHaveAtMostSixCharacters) {
  for (double ns = 1; ns < 1e13; ns *= 1.37) EXPECT_LE(FormatMicroseconds(ns).size(), 6u) << ns;
  EXPECT_EQ(FormatMicroseconds(123), "0.123");
  EXPECT_EQ(FormatMicroseconds(12'340), "12.34");
  EXPECT_EQ(FormatMicroseconds(1'234'560), "1234.6");
  EXPECT_EQ(FormatMicroseconds(1.5e9), "1.500s");
}

TEST(Operations, CountsFillTheLargerBuffer) {
  EXPECT_EQ(FindOperation("all_reduce")->CountFor(64, 4, 4), 16u);
  EXPECT_EQ(FindOperation("all_gather")->CountFor(64, 4, 4), 4u);
  EXPECT_EQ(FindOperation("all_gather")->CountFor(8, 4, 4), 1u);
  EXPECT_EQ(FindOperation("reduce_scatter")->CountFor(0, 4, 4), 0u);
  EXPECT_EQ(FindOperation("barrier")->CountFor(64, 4, 4), 0u);
  EXPECT_EQ(FindOperation("no_such_operation"), nullptr);
}

}  // namespace
}  // namespace tutti::bench
