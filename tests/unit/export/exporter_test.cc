// SPDX-License-Identifier: Apache-2.0
#include "lib/export/exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "fake_source.h"
#include "lib/export/trace_file.h"

namespace tutti {
namespace {

using testing::HasSubstr;

class ExporterTest : public testing::Test {
 protected:
  ExporterTest() {
    char path[] = "/tmp/tutti-export-XXXXXX";
    directory_ = ::mkdtemp(path);
  }
  ~ExporterTest() override { std::filesystem::remove_all(directory_); }

  ExportOptions TraceHere() const {
    ExportOptions options;
    options.trace_directory = directory_ + "/trace";
    return options;
  }
  std::unique_ptr<TelemetryExporter> Start(const ExportOptions& options) {
    absl::StatusOr<std::unique_ptr<TelemetryExporter>> exporter =
        TelemetryExporter::Start(options, {"abc", 7, 16, "node", "id", 42}, MonotonicClock(), [] {
          return std::vector<ClockReading>{{0, 1, -5, 2}};
        });
    EXPECT_TRUE(exporter.ok()) << exporter.status();
    return exporter.ok() ? *std::move(exporter) : nullptr;
  }
  std::vector<nlohmann::json> Lines() const { return ParseLines(ReadFile(directory_ + "/trace/job-abc.rank-7.jsonl")); }

  static long Count(const std::vector<nlohmann::json>& lines, const std::string& type) {
    return std::count_if(lines.begin(), lines.end(), [&](const nlohmann::json& line) { return line["type"] == type; });
  }

  std::string directory_;
};

TEST_F(ExporterTest, WritesWhatEndedBeforeTheSourceWasRemoved) {
  const auto exporter = Start(TraceHere());
  ASSERT_NE(exporter, nullptr);
  EXPECT_TRUE(exporter->records_operations());
  FakeSource source;
  exporter->Add(source);
  for (uint64_t i = 0; i < 10; ++i) source.Finish(i, static_cast<int64_t>(i) * 20'000);
  exporter->Remove(source);
  const std::vector<nlohmann::json> lines = Lines();
  ASSERT_GE(lines.size(), 12u);
  EXPECT_EQ(lines[0]["type"], "rank");
  EXPECT_EQ(lines[0]["size"], 16);
  EXPECT_EQ(lines[1]["type"], "comm");
  EXPECT_EQ(lines[1]["members"], nlohmann::json::parse("[7,9]"));
  EXPECT_EQ(Count(lines, "op"), 10);
  EXPECT_EQ(Count(lines, "lost"), 0);
  EXPECT_GE(Count(lines, "kind"), 1);
}

TEST_F(ExporterTest, WritesWhileTheJobRuns) {
  const auto exporter = Start(TraceHere());
  ASSERT_NE(exporter, nullptr);
  FakeSource source;
  exporter->Add(source);
  source.Finish(1, 0);
  for (int i = 0; i < 200 && Count(Lines(), "op") == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(Count(Lines(), "op"), 1);
  EXPECT_GE(Count(Lines(), "clock"), 1);  // again every five seconds
  exporter->Remove(source);
}

TEST_F(ExporterTest, SaysHowManyOperationsWereLost) {
  const auto exporter = Start(TraceHere());
  ASSERT_NE(exporter, nullptr);
  FakeSource source(4);
  for (uint64_t i = 0; i < 11; ++i) source.Finish(i, 0);  // nobody takes them out yet
  exporter->Add(source);
  exporter->Remove(source);
  const std::vector<nlohmann::json> lines = Lines();
  EXPECT_EQ(Count(lines, "op"), 4);
  ASSERT_EQ(Count(lines, "lost"), 1);
  for (const nlohmann::json& line : lines) {
    if (line["type"] == "lost") {
      EXPECT_EQ(line["records"], 7);
    }
  }
}

TEST_F(ExporterTest, TotalsAreWrittenBeforeTheyAreForgotten) {
  const auto exporter = Start(TraceHere());
  ASSERT_NE(exporter, nullptr);
  FakeSource source;
  exporter->Add(source);
  exporter->BeforeMark(source);
  EXPECT_GE(Count(Lines(), "kind"), 1);
  exporter->Remove(source);
}

TEST_F(ExporterTest, AFolderThatCannotBeMadeIsSaid) {
  ExportOptions options;
  options.trace_directory = directory_ + "/no/such/folder";
  const auto exporter = TelemetryExporter::Start(options, {}, MonotonicClock(), nullptr);
  ASSERT_FALSE(exporter.ok());
  EXPECT_EQ(exporter.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(exporter.status().message()), HasSubstr("TUTTI_TRACE"));
  EXPECT_THAT(std::string(exporter.status().message()), HasSubstr(options.trace_directory));
}

TEST_F(ExporterTest, TheFileForPrometheusIsThereFromTheBeginningAndIsRenewed) {
  ExportOptions options;
  options.prometheus_file = directory_ + "/tutti.prom";
  options.prometheus_period_ns = kNsPerMs;
  const auto exporter = Start(options);
  ASSERT_NE(exporter, nullptr);
  EXPECT_FALSE(exporter->records_operations());
  const std::string path = directory_ + "/tutti.rank-7.prom";
  EXPECT_THAT(ReadFile(path), HasSubstr("tutti_info{rank=\"7\",job=\"abc\",size=\"16\""));
  FakeSource source;
  exporter->Add(source);
  const std::string wanted = "tutti_operation_duration_seconds_count{rank=\"7\",comm=\"5\"";
  for (int i = 0; i < 200 && ReadFile(path).find(wanted) == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_THAT(ReadFile(path), HasSubstr(wanted));
  exporter->Remove(source);
  EXPECT_THAT(ReadFile(path), HasSubstr(wanted));  // what was measured last stays
}

TEST_F(ExporterTest, ServesItsTotalsOverHttp) {
  ExportOptions options;
  options.http_address = "0";
  const auto exporter = Start(options);
  ASSERT_NE(exporter, nullptr);
  EXPECT_GT(exporter->http_port(), 0);
}

TEST_F(ExporterTest, WhatCannotBeExportedIsSaidByItsName) {
  ExportOptions prometheus;
  prometheus.prometheus_file = directory_ + "/no/such/tutti.prom";
  ExportOptions http;
  http.http_address = "everywhere";
  const auto message = [](const ExportOptions& options) {
    return std::string(TelemetryExporter::Start(options, {}, MonotonicClock(), nullptr).status().message());
  };
  EXPECT_THAT(message(prometheus), HasSubstr("TUTTI_PROMETHEUS_FILE"));
  EXPECT_THAT(message(prometheus), HasSubstr(prometheus.prometheus_file));
  EXPECT_THAT(message(http), HasSubstr("TUTTI_HTTP"));
}

TEST_F(ExporterTest, AFileKeepsItsLimitAndTheLatestLines) {
  absl::StatusOr<TraceFile> file = TraceFile::Create(directory_, "x", 4000);
  ASSERT_TRUE(file.ok()) << file.status();
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(file->Append(absl::StrCat("line ", i, "\n")).ok());
    if (file->is_full()) {
      ASSERT_TRUE(file->Turn().ok());
    }
  }
  const std::string former = ReadFile(directory_ + "/x.former.jsonl");
  const std::string latest = ReadFile(directory_ + "/x.jsonl");
  EXPECT_LE(former.size() + latest.size(), 4000u + 20);
  EXPECT_GE(former.size(), 2000u);
  EXPECT_THAT(former + latest, HasSubstr("line 999\n"));
  EXPECT_THAT(former + latest, testing::Not(HasSubstr("line 1\n")));
}

TEST_F(ExporterTest, EveryFileOfATraceCanBeReadAlone) {
  ExportOptions options = TraceHere();
  options.trace_limit_bytes = 3000;
  const auto exporter = Start(options);
  ASSERT_NE(exporter, nullptr);
  FakeSource source(64);
  exporter->Add(source);
  for (uint64_t i = 0; i < 60; ++i) source.Finish(i, 0);
  exporter->Remove(source);
  for (const char* name : {"job-abc.rank-7.jsonl", "job-abc.rank-7.former.jsonl"}) {
    const std::vector<nlohmann::json> lines = ParseLines(ReadFile(absl::StrCat(directory_, "/trace/", name)));
    ASSERT_GE(lines.size(), 2u) << name;
    EXPECT_EQ(lines[0]["type"], "rank") << name;
    EXPECT_EQ(lines[1]["type"], "comm") << name;
  }
}

}  // namespace
}  // namespace tutti
