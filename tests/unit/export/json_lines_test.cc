// SPDX-License-Identifier: Apache-2.0
#include "lib/export/json_lines.h"

#include <gtest/gtest.h>

#include "fake_source.h"
#include "lib/export/json_text.h"

namespace tutti {
namespace {

TEST(JsonText, EveryTextBecomesAValidString) {
  const std::string texts[] = {"plain", "quote\" back\\slash", std::string("nul\0tab\tline\n", 13), "\x7f"};
  for (const std::string& text : texts) {
    std::string out;
    AppendJsonString(text, &out);
    EXPECT_EQ(nlohmann::json::parse(out).get<std::string>(), text) << out;
  }
}

TEST(JsonText, KeepsUtf8AndReplacesWhatIsNone) {
  std::string out;
  AppendJsonString("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x8e\xb5", &out);
  EXPECT_EQ(nlohmann::json::parse(out).get<std::string>(), "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x8e\xb5");
  // Overlong, a surrogate, beyond U+10FFFF, cut off, a byte that continues nothing.
  for (const std::string wrong : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xe2\x82", "\x80", "\xff"}) {
    out.clear();
    AppendJsonString(wrong, &out);
    EXPECT_NE(nlohmann::json::parse(out).get<std::string>().find("\xef\xbf\xbd"), std::string::npos) << out;
  }
}

TEST(JsonLines, AnOperationSaysWhenItWasAndWhatItsTimeWasSpentOn) {
  FakeSource source;
  source.Finish(12, 1'000'000);
  std::string text;
  source.trace()->Take([&](const TraceRecord& record) { AppendOperationLine(source, record, &text); });
  const std::vector<nlohmann::json> lines = ParseLines(text);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], nlohmann::json::parse(R"({"type":"op","comm":5,"seq":12,"call":"all_reduce","alg":"ring",
    "bytes":100,"start_ns":1000000,"end_ns":1010000,"queued_ns":0,"waited_ns":4000,"moved_ns":5100,"reduced_ns":0,
    "coded_ns":900,"last":0,"last_by_ns":4000,"last_error_ns":50,"slow_peer":0,"slow_ns":2500,"slow_bytes":64,"slow_error_ns":20,
    "rail":"tcp"})"));
}

TEST(JsonLines, AFailedMessageSaysItsPeerItsTagAndHowItEnded) {
  FakeSource source;
  source.Finish(3, 0, 400, 1);
  std::string text;
  source.trace()->Take([&](const TraceRecord& record) { AppendOperationLine(source, record, &text); });
  const nlohmann::json line = ParseLines(text).at(0);
  EXPECT_EQ(line["call"], "send");
  EXPECT_EQ(line.count("alg"), 0u);
  EXPECT_EQ(line["peer"], 1);
  EXPECT_EQ(line["tag"], 17);
  EXPECT_EQ(line["outcome"], "timeout");
}

TEST(JsonLines, TotalsHaveEveryValueInABucket) {
  const FakeSource source;
  std::string text;
  AppendTotalLines(source.Totals(), &text);
  const std::vector<nlohmann::json> lines = ParseLines(text);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0]["type"], "kind");
  EXPECT_EQ(lines[0]["count"], 3);
  EXPECT_EQ(lines[0]["max_ns"], 1'000'000);
  EXPECT_EQ(lines[0]["epoch"], 2);
  EXPECT_EQ(lines[0]["coded_ns"], 30'000'000);
  uint64_t in_buckets = 0;
  for (const auto& bucket : lines[0]["buckets"]) {
    EXPECT_LT(bucket[0], bucket[1]);
    in_buckets += bucket[2].get<uint64_t>();
  }
  EXPECT_EQ(in_buckets, 3u);
  EXPECT_EQ(lines[1]["type"], "blame");
  EXPECT_EQ(lines[1]["rank"], 0);
  EXPECT_EQ(lines[1]["times_last"], 3);
  EXPECT_EQ(lines[1]["max_path_ns"], 30'000);
  EXPECT_EQ(lines[2], nlohmann::json::parse(R"({"type":"step","comm":5,"epoch":2,"step":"receive","peer":0,"rail":"tcp",
    "count":2,"bytes":128,"min_ns":2500,"max_ns":2500,"buckets":[[2496,2528,2]]})"));
}

TEST(JsonLines, HostNamesCannotBreakALine) {
  std::string text;
  AppendRankLine({"j", 3, 8, "evil\",\"rank\":99\n", "id", 4}, 5, 6, &text);
  const std::vector<nlohmann::json> lines = ParseLines(text);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["rank"], 3);
  EXPECT_EQ(lines[0]["host"], "evil\",\"rank\":99\n");
}

}  // namespace
}  // namespace tutti
