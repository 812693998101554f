// SPDX-License-Identifier: Apache-2.0
#include "lib/export/prometheus_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <utility>

#include "fake_source.h"
#include "lib/export/atomic_file.h"

namespace tutti {
namespace {

using testing::HasSubstr;

struct Metric {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

// The text format's grammar, and its rules: HELP and TYPE once and before the samples of a family, which stand together.
std::vector<Metric> ParsePrometheus(const std::string& text) {
  static const std::regex kSample(R"(^([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\} (\S+)$)");
  static const std::regex kLabel(R"re(^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$))re");
  std::vector<Metric> metrics;
  std::set<std::string> families;
  std::string family;
  std::string type;
  EXPECT_TRUE(text.empty() || text.back() == '\n');
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("# HELP ", 0) == 0) {
      family = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(families.insert(family).second) << family << " comes twice";
      continue;
    }
    if (line.rfind("# TYPE ", 0) == 0) {
      EXPECT_EQ(line.substr(7, line.find(' ', 7) - 7), family);
      type = line.substr(line.rfind(' ') + 1);
      EXPECT_THAT(type, testing::AnyOf("counter", "gauge", "histogram"));
      continue;
    }
    std::smatch match;
    if (!std::regex_match(line, match, kSample)) {
      ADD_FAILURE() << "no sample: " << line;
      continue;
    }
    Metric metric;
    metric.name = match[1];
    const bool fits = metric.name == family ||
                      (type == "histogram" && (metric.name == family + "_bucket" || metric.name == family + "_sum" ||
                                               metric.name == family + "_count"));
    EXPECT_TRUE(fits) << line << " is not of " << family;
    std::string labels = match[2];
    for (std::smatch label; !labels.empty();) {
      if (!std::regex_search(labels, label, kLabel)) {
        ADD_FAILURE() << "no label: " << labels;
        break;
      }
      EXPECT_TRUE(metric.labels.emplace(label[1], label[2]).second) << line;
      labels = label.suffix();
    }
    char* end = nullptr;
    const std::string number = match[3];
    metric.value = std::strtod(number.c_str(), &end);
    EXPECT_EQ(*end, '\0') << line;
    metrics.push_back(std::move(metric));
  }
  return metrics;
}

std::vector<Metric> Export(const FakeSource& source, const std::string& host = "node") {
  std::vector<CommTotals> comms;
  comms.push_back(source.Totals());
  return ParsePrometheus(PrometheusText({"abc", 7, 16, host, "id", 42}, comms));
}

TEST(PrometheusText, AHistogramCountsUpToAllAndAgreesWithItsSum) {
  FakeSource source;
  source.times_ns = {0, 1'000, 1'023, 1'024, 5'000, 1'000'000, 100'000'000'000};
  double before = 0;
  double last_bound = 0;
  std::map<std::string, double> at;
  double sum = 0;
  double count = 0;
  for (const Metric& metric : Export(source)) {
    if (metric.name == "tutti_operation_duration_seconds_sum") sum = metric.value;
    if (metric.name == "tutti_operation_duration_seconds_count") count = metric.value;
    if (metric.name != "tutti_operation_duration_seconds_bucket") continue;
    const std::string le = metric.labels.at("le");
    at[le] = metric.value;
    EXPECT_GE(metric.value, before);
    EXPECT_GT(std::strtod(le.c_str(), nullptr), last_bound);
    before = metric.value;
    last_bound = std::strtod(le.c_str(), nullptr);
    EXPECT_EQ(metric.labels.at("call"), "all_reduce");
    EXPECT_EQ(metric.labels.at("rank"), "7");
  }
  EXPECT_EQ(at.at("1.024e-06"), 3);
  EXPECT_EQ(at.at("4.096e-06"), 4);
  EXPECT_EQ(at.at("+Inf"), 7);
  EXPECT_EQ(count, 7);
  EXPECT_NEAR(sum, 100.001, 1.1);
}

TEST(PrometheusText, SaysWhatTheTimeWasSpentOnAndWhoCostIt) {
  std::map<std::string, double> found;
  for (const Metric& metric : Export(FakeSource())) {
    const auto label = [&](const char* name) { return metric.labels.count(name) ? metric.labels.at(name) : ""; };
    found[metric.name + " " + label("part") + label("from")] = metric.value;
  }
  EXPECT_EQ(found.at("tutti_info "), 1);
  EXPECT_EQ(found.at("tutti_operation_time_seconds_total waited"), 0.002);
  EXPECT_EQ(found.at("tutti_operation_time_seconds_total moved"), 0.5);
  EXPECT_EQ(found.at("tutti_operation_time_seconds_total coded"), 0.03);
  EXPECT_EQ(found.at("tutti_rank_last_total 0"), 3);
  EXPECT_EQ(found.at("tutti_rank_late_seconds_total 0"), 0.009);
  EXPECT_EQ(found.at("tutti_path_messages_total 0"), 7);
  EXPECT_EQ(found.at("tutti_path_seconds_total 0"), 7e-05);
}

TEST(PrometheusText, StepsHaveAHistogramForEachSortPeerAndRail) {
  std::map<std::string, double> found;
  for (const Metric& metric : Export(FakeSource())) {
    if (metric.name.find("tutti_step_duration_seconds") != 0) continue;
    EXPECT_EQ(metric.labels.at("step"), "receive");
    EXPECT_EQ(metric.labels.at("peer"), "0");
    EXPECT_EQ(metric.labels.at("rail"), "tcp");
    found[metric.name + (metric.labels.count("le") ? " " + metric.labels.at("le") : "")] = metric.value;
  }
  EXPECT_EQ(found.at("tutti_step_duration_seconds_bucket 1.024e-06"), 0);
  EXPECT_EQ(found.at("tutti_step_duration_seconds_bucket 4.096e-06"), 2);
  EXPECT_EQ(found.at("tutti_step_duration_seconds_count"), 2);
  EXPECT_NEAR(found.at("tutti_step_duration_seconds_sum"), 5e-6, 1e-9);
}

TEST(PrometheusText, NamesCannotBreakALine) {
  for (const Metric& metric : Export(FakeSource(), "evil\"} 1\nother{x=\"\\\xff")) {
    if (metric.name != "tutti_info") continue;
    EXPECT_EQ(metric.labels.at("host"), "evil\\\"} 1\\nother{x=\\\"\\\\\xef\xbf\xbd");
  }
}

TEST(PathOfRank, DiffersForEachRankAndKeepsTheSuffix) {
  EXPECT_EQ(PathOfRank("/a/tutti.prom", 0, 1), "/a/tutti.prom");
  EXPECT_EQ(PathOfRank("/a/tutti.prom", 3, 8), "/a/tutti.rank-3.prom");
  EXPECT_EQ(PathOfRank("/a.b/tutti", 3, 8), "/a.b/tutti.rank-3");
  EXPECT_EQ(PathOfRank("/a/%r.prom", 12, 16), "/a/12.prom");
}

TEST(WriteAtomically, ReplacesTheWholeFileAndSaysWhatIsWrong) {
  char directory[] = "/tmp/tutti-atomic-XXXXXX";
  ASSERT_NE(::mkdtemp(directory), nullptr);
  const std::string path = std::string(directory) + "/x.prom";
  ASSERT_TRUE(WriteAtomically(path, "a long text\n").ok());
  ASSERT_TRUE(WriteAtomically(path, "short\n").ok());
  EXPECT_EQ(ReadFile(path), "short\n");
  const absl::Status wrong = WriteAtomically(path + "/no", "x");
  EXPECT_FALSE(wrong.ok());
  EXPECT_THAT(std::string(wrong.message()), HasSubstr(path));
  ::unlink(path.c_str());
  EXPECT_EQ(::rmdir(directory), 0) << "a draft was left behind";
}

}  // namespace
}  // namespace tutti
