// SPDX-License-Identifier: Apache-2.0
// tutti-report as its users meet it: a folder of traces, made up or of a real job, and what is made of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "run_program.h"

namespace tutti {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class TuttiReportTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return scratch_.path() + "/" + name; }
  void Write(const std::string& name, const std::string& text) const { std::ofstream(Path(name)) << text; }
  std::string Read(const std::string& name) const {
    std::ifstream stream(Path(name));
    return std::string(std::istreambuf_iterator<char>(stream), {});
  }
  Finished Report(std::vector<std::string> words = {}) const {
    words.insert(words.begin(), {TUTTI_REPORT, scratch_.path()});
    return RunProgram(words);
  }
  json Facts(const std::vector<std::string>& words = {"--json"}) const {
    const Finished run = Report(words);
    EXPECT_EQ(run.status, 0) << run.err;
    return json::parse(run.out, nullptr, false);
  }

  static std::string RankLine(int rank, int size = 2, const std::string& host = "a", int64_t unix_ns = 1000) {
    return json({{"type", "rank"},
                 {"version", 1},
                 {"job", "j"},
                 {"rank", rank},
                 {"size", size},
                 {"host", host},
                 {"host_id", host},
                 {"pid", 100 + rank},
                 {"clock_ns", 0},
                 {"unix_ns", unix_ns}})
               .dump() +
           "\n";
  }
  static std::string CommLine(int rank, const std::vector<int>& members = {0, 1}) {
    return json({{"type", "comm"}, {"comm", 0}, {"rank", rank}, {"members", members}}).dump() + "\n";
  }
  // An all_reduce that waited for `last`, which came by_ns after this rank.
  static std::string Op(int sequence, int64_t start_ns, int64_t end_ns, int last, int64_t by_ns, int64_t waited_ns) {
    return json({{"type", "op"},
                 {"comm", 0},
                 {"seq", sequence},
                 {"call", "all_reduce"},
                 {"alg", "ring"},
                 {"bytes", 4096},
                 {"start_ns", start_ns},
                 {"end_ns", end_ns},
                 {"queued_ns", 0},
                 {"waited_ns", waited_ns},
                 {"moved_ns", end_ns - start_ns - waited_ns},
                 {"reduced_ns", 0},
                 {"last", last},
                 {"last_by_ns", by_ns}})
               .dump() +
           "\n";
  }
  static std::string Message(const std::string& call, int peer, int64_t start_ns, int64_t end_ns) {
    json line = json::parse(Op(0, start_ns, end_ns, -1, 0, 0));
    line["call"] = call;
    line["peer"] = peer;
    line["tag"] = 4;
    return line.dump() + "\n";
  }
  static std::string Kind(uint64_t count, int64_t ns, uint64_t waited_ns, int epoch = 1) {
    return json({{"type", "kind"},
                 {"comm", 0},
                 {"epoch", epoch},
                 {"call", "all_reduce"},
                 {"alg", "ring"},
                 {"min_bytes", 4096},
                 {"max_bytes", 8191},
                 {"count", count},
                 {"min_ns", ns},
                 {"max_ns", ns},
                 {"queued_ns", 0},
                 {"waited_ns", waited_ns},
                 {"moved_ns", count * static_cast<uint64_t>(ns) - waited_ns},
                 {"reduced_ns", 0},
                 {"buckets", {{ns, ns + 1, count}}}})
               .dump() +
           "\n";
  }
  static std::string Blame(int rank, int times, int64_t late_ns) {
    return json({{"type", "blame"},
                 {"comm", 0},
                 {"epoch", 1},
                 {"rank", rank},
                 {"times_last", times},
                 {"late_ns", late_ns},
                 {"max_late_ns", late_ns},
                 {"messages", 0},
                 {"bytes", 0},
                 {"path_ns", 0},
                 {"max_path_ns", 0}})
               .dump() +
           "\n";
  }

  // Two ranks; rank 1 is late by 2 ms in each of four operations.
  void WriteLateRank(const std::string& host = "a") const {
    std::string zero = RankLine(0, 2, host) + CommLine(0);
    std::string one = RankLine(1, 2, host) + CommLine(1);
    for (int i = 0; i < 4; ++i) {
      const int64_t t = i * 10'000'000;
      zero += Op(i, t, t + 2'100'000, 1, 2'000'000, 2'000'000);
      one += Op(i, t + 2'000'000, t + 2'100'000, 1, 2'000'000, 0);
    }
    zero += Kind(4, 2'100'000, 8'000'000) + Blame(1, 4, 8'000'000);
    one += Kind(4, 100'000, 0) + Blame(1, 4, 8'000'000);
    Write("job-j.rank-0.jsonl", zero);
    Write("job-j.rank-1.jsonl", one);
  }

  ScratchDirectory scratch_;
};

TEST_F(TuttiReportTest, NamesTheLateRankAndWhatItCost) {
  WriteLateRank();
  const json facts = Facts();
  ASSERT_EQ(facts["late_ranks"].size(), 1u);
  const json& late = facts["late_ranks"][0];
  EXPECT_EQ(late["rank"], 1);
  EXPECT_EQ(late["share"], 1.0);
  EXPECT_EQ(late["median_late_ns"], 2'000'000);
  EXPECT_EQ(late["cost_ns"], 8'000'000);  // of rank 0; what it says of itself cost nobody else anything
  EXPECT_EQ(facts["recorded_operations"], 4);
  EXPECT_EQ(
      facts["summary"][0],
      "Rank 1 on host a was last in 100 % of operations, by 2.00 ms at the median and 2.00 ms at worst. Waiting for it "
      "cost the other ranks 8.00 ms together.");
  ASSERT_EQ(facts["worst_operations"].size(), 4u);
  EXPECT_EQ(facts["worst_operations"][0]["duration_ns"], 2'100'000);
  EXPECT_EQ(facts["worst_operations"][0]["ranks"][1]["start_ns"],
            facts["worst_operations"][0]["ranks"][0]["start_ns"].get<int64_t>() + 2'000'000);
  EXPECT_EQ(facts["kinds"][0]["count"], 8);
  EXPECT_NEAR(facts["kinds"][0]["p99_ns"].get<double>(), 2'100'000, 21'000);
}

TEST_F(TuttiReportTest, LaterTotalsOfAnEpochReplaceEarlierOnesAndEpochsAddUp) {
  Write("job-j.rank-0.jsonl",
        RankLine(0, 1) + CommLine(0, {0}) + Kind(3, 500, 0) + Kind(10, 500, 0) + Kind(2, 500, 0, 2));
  const json facts = Facts();
  EXPECT_EQ(facts["kinds"][0]["count"], 12);
  EXPECT_EQ(facts["ranks"][0]["operations"], 12);
}

TEST_F(TuttiReportTest, TimeInCodecsIsAPartOfItsOwnAndFilesWithoutItAreRead) {
  const auto coded = [](const std::string& text, int64_t ns) {
    json line = json::parse(text);
    line["coded_ns"] = ns;
    line["moved_ns"] = line["moved_ns"].get<int64_t>() - ns;
    return line.dump() + "\n";
  };
  Write("job-j.rank-0.jsonl", RankLine(0, 1) + CommLine(0, {0}) + coded(Op(0, 0, 1000, 0, 0, 0), 400) +
                                  Op(1, 2000, 3000, 0, 0, 0) + coded(Kind(2, 1000, 0), 500));
  const json facts = Facts();
  EXPECT_EQ(facts["problems"].size(), 0u) << facts["problems"];
  EXPECT_EQ(facts["time_ns"]["coded"], 500);
  EXPECT_EQ(facts["kinds"][0]["coded_ns"], 500);
  EXPECT_EQ(facts["worst_operations"][0]["ranks"][0]["coded_ns"], 400);
  EXPECT_EQ(facts["worst_operations"][1]["ranks"][0]["coded_ns"], 0);
  EXPECT_THAT(facts["summary"].dump(), HasSubstr("25 % encoding and decoding"));
  ASSERT_EQ(Report({"--perfetto", Path("trace.json")}).status, 0);
  EXPECT_THAT(Read("trace.json"), HasSubstr("\"coded_us\":0.4"));
}

TEST_F(TuttiReportTest, TheFormerFileOfARankBelongsToIt) {
  Write("job-j.rank-0.former.jsonl", RankLine(0, 1) + CommLine(0, {0}) + Op(0, 0, 10, 0, 0, 0));
  Write("job-j.rank-0.jsonl", RankLine(0, 1) + CommLine(0, {0}) + Op(1, 20, 30, 0, 0, 0));
  EXPECT_EQ(Facts()["recorded_operations"], 2);
}

TEST_F(TuttiReportTest, TimesOfOtherHostsAreTakenToRankZerosClock) {
  const auto clock = [](int peer, int64_t ahead_ns, int64_t error_ns) {
    return json({{"type", "clock"}, {"peer", peer}, {"at_ns", 0}, {"ahead_ns", ahead_ns}, {"error_ns", error_ns}})
               .dump() +
           "\n";
  };
  // Rank 1's clock is 1 s ahead of rank 0's; rank 2 knows only rank 1, whose clock is 5 s ahead of its own.
  const std::vector<int> all = {0, 1, 2, 3};
  Write("job-j.rank-0.jsonl", RankLine(0, 4, "a") + CommLine(0, all) + clock(1, 1'000'000'000, 300) +
                                  Op(0, 7'000'000'000, 7'000'001'000, 3, 100, 0));
  Write("job-j.rank-1.jsonl", RankLine(1, 4, "b") + CommLine(1, all) + Op(0, 8'000'000'010, 8'000'001'000, 3, 90, 0));
  Write("job-j.rank-2.jsonl", RankLine(2, 4, "c") + CommLine(2, all) + clock(1, 5'000'000'000, 200) +
                                  Op(0, 3'000'000'020, 3'000'001'000, 3, 80, 0));
  Write("job-j.rank-3.jsonl", RankLine(3, 4, "d") + CommLine(3, all) + Op(0, 0, 1'000, 3, 80, 0));
  const json facts = Facts();
  const json& ranks = facts["worst_operations"][0]["ranks"];
  const int64_t begin_ns = ranks[0]["start_ns"];
  EXPECT_EQ(ranks[1]["start_ns"], begin_ns + 10);
  EXPECT_EQ(ranks[2]["start_ns"], begin_ns + 20);
  EXPECT_EQ(facts["ranks"][0]["clock_error_ns"], 0);
  EXPECT_EQ(facts["ranks"][1]["clock_error_ns"], 300);
  EXPECT_EQ(facts["ranks"][2]["clock_error_ns"], 500);
  EXPECT_TRUE(facts["ranks"][3]["clock_error_ns"].is_null());
  EXPECT_THAT(facts["summary"].dump(), HasSubstr("compared to within 500 ns"));
  EXPECT_THAT(facts["summary"].dump(), HasSubstr("ranks 3 were never compared"));
}

TEST_F(TuttiReportTest, DamagedLinesAreNamedAndTheRestIsUsed) {
  WriteLateRank();
  const std::string good = Read("job-j.rank-0.jsonl");
  Write("job-j.rank-0.jsonl", good + "{\"type\":\"op\",\"comm\":0,\"seq\":9,\"ca");
  const Finished cut = Report({"--json"});
  EXPECT_EQ(cut.status, 0);
  EXPECT_THAT(cut.err, HasSubstr("job-j.rank-0.jsonl:9: this is no JSON object; was the file cut off here?"));
  EXPECT_EQ(json::parse(cut.out)["recorded_operations"], 4);

  const std::map<std::string, std::string> wrong = {
      {"[1,2]", "no JSON object"},
      {"{}", "\"type\" is missing"},
      {"{\"type\":\"surprise\"}", "\"surprise\" is not known"},
      {"{\"type\":\"comm\",\"comm\":3,\"members\":[0,7]}", "\"members\" is out of range"},
      {"{\"type\":\"comm\",\"comm\":0,\"members\":[1,0]}", "has other members than before"},
      {"{\"type\":\"lost\",\"records\":-1}", "\"records\" is negative"},
      {"{\"type\":\"lost\",\"records\":\"many\"}", "\"records\" is no whole number"},
      {absl::StrReplaceAll(Op(0, 0, 5, 1, 0, 0), {{"\"last\":1", "\"last\":2"}}), "communicator 0 has 2 ranks"},
      {absl::StrReplaceAll(Op(0, 0, 5, 1, 0, 0), {{"\"comm\":0", "\"comm\":6"}}), "has not been described"},
      {absl::StrReplaceAll(Op(0, 0, 5, 1, 0, 0), {{"\"end_ns\":5", "\"end_ns\":-5"}}), "ends before it starts"},
      {absl::StrReplaceAll(Op(0, 0, 5, 1, 0, 0), {{"\"end_ns\":5", "\"end_ns\":9223372036854775807"}}),
       "\"end_ns\" is out of range"},
      {absl::StrReplaceAll(Kind(4, 7, 0), {{"[7,8,4]", "[8,8,4]"}}), "a bucket ends before it begins"},
      {absl::StrReplaceAll(RankLine(0), {{"\"rank\":0", "\"rank\":1"}}), "another rank"},
      {absl::StrReplaceAll(RankLine(0), {{"\"version\":1", "\"version\":2"}}), "version 2 of the format"},
  };
  for (const auto& [line, what] : wrong) {
    Write("job-j.rank-0.jsonl", good + line);
    const Finished run = Report({"--json"});
    EXPECT_EQ(run.status, 0) << line;
    EXPECT_THAT(run.err, HasSubstr("job-j.rank-0.jsonl:9: ")) << line;
    EXPECT_THAT(run.err, HasSubstr(what)) << line;
    EXPECT_EQ(json::parse(run.out)["recorded_operations"], 4) << line;
  }
}

TEST_F(TuttiReportTest, WhatIsMissingIsSaid) {
  WriteLateRank();
  ::unlink(Path("job-j.rank-1.jsonl").c_str());
  Write("job-k.rank-0.jsonl", absl::StrReplaceAll(RankLine(0, 1, "a", 5), {{"\"job\":\"j\"", "\"job\":\"k\""}}));
  const json facts = Facts();
  EXPECT_EQ(facts["job"], "j");  // it began later
  EXPECT_EQ(facts["missing_ranks"], json::parse("[1]"));
  EXPECT_EQ(facts["other_jobs"], json::parse("[\"k\"]"));
  EXPECT_THAT(facts["summary"].dump(), HasSubstr("There is no file of 1 of the 2 ranks: 1."));
  EXPECT_EQ(Facts({"--json", "--job", "k"})["job"], "k");
}

TEST_F(TuttiReportTest, NothingToReadIsAnErrorWithAReason) {
  EXPECT_EQ(Report().status, 1);
  EXPECT_THAT(Report().err, HasSubstr("has no trace files (*.jsonl): run the job with TUTTI_TRACE="));
  Write("x.jsonl", "hello\n");
  EXPECT_THAT(Report().err, HasSubstr("x.jsonl:1: this is no JSON object"));
  EXPECT_EQ(RunProgram({TUTTI_REPORT, Path("none")}).status, 1);
  EXPECT_EQ(RunProgram({TUTTI_REPORT}).status, 2);
  EXPECT_EQ(Report({"--no-such-option"}).status, 2);
  WriteLateRank();
  const Finished nowhere = Report({"-o", Path("no/such/file.html")});
  EXPECT_EQ(nowhere.status, 1);
  EXPECT_THAT(nowhere.err, HasSubstr("cannot be written"));
  EXPECT_THAT(Report({"--job", "z"}).err, HasSubstr("no trace of job \"z\""));
}

TEST_F(TuttiReportTest, ThePageIsCompleteAndNamesCannotBreakOutOfIt) {
  const std::string evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{facts}}";
  WriteLateRank(evil);
  const Finished run = Report();
  ASSERT_EQ(run.status, 0) << run.err;
  const std::string page = Read("report.html");
  EXPECT_THAT(page, Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, HasSubstr("&lt;img src=x onerror=alert(2)&gt;{{facts}}"));
  EXPECT_THAT(page, Not(HasSubstr("src=\"")));
  EXPECT_THAT(page, Not(HasSubstr("href=")));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST_F(TuttiReportTest, ThePerfettoTraceHasATrackForEachRankAndArrowsThatMatch) {
  WriteLateRank();
  std::ofstream(Path("job-j.rank-0.jsonl"), std::ios::app) << Message("send", 1, 90'000'000, 90'000'100);
  std::ofstream(Path("job-j.rank-1.jsonl"), std::ios::app) << Message("recv", 0, 90'000'050, 90'000'900);
  const Finished run = Report({"--perfetto", Path("trace.json")});
  ASSERT_EQ(run.status, 0) << run.err;
  const json trace = json::parse(Read("trace.json"));
  std::map<int64_t, std::string> tracks;
  std::map<int64_t, json> begins;
  std::map<std::string, int> arrows;
  int slices = 0;
  for (const json& event : trace["traceEvents"]) {
    const std::string phase = event["ph"];
    if (event["name"] == "thread_name") tracks[event["tid"]] = event["args"]["name"];
    if (phase == "X") {
      ++slices;
      EXPECT_GE(event["dur"], 0);
      EXPECT_EQ(tracks.count(event["tid"]), 1u);
    }
    if (phase == "s") begins[event["id"]] = event;
    if (phase != "f") continue;
    ASSERT_EQ(begins.count(event["id"]), 1u);
    const json& begin = begins[event["id"]];
    EXPECT_EQ(begin["name"], event["name"]);
    EXPECT_NE(begin["tid"], event["tid"]);
    EXPECT_LE(begin["ts"], event["ts"]);
    ++arrows[event["name"].get<std::string>()];
    if (event["name"] == "late rank") {
      EXPECT_EQ(tracks[begin["tid"].get<int64_t>()], "rank 1");
    }
  }
  EXPECT_EQ(tracks.size(), 2u);
  EXPECT_EQ(slices, 8 + 4 + 2);  // operations, waits in them, messages
  EXPECT_EQ(arrows["late rank"], 4);
  EXPECT_EQ(arrows["message"], 1);
  EXPECT_EQ(begins.size(), 5u);
}

// How long the others waited for each rank, by when each called: all ranks of a host share a clock.
std::map<int, int64_t> CostByArrivals(const std::vector<std::string>& files) {
  std::map<int, std::map<int, int64_t>> starts;  // by operation and rank
  for (const std::string& file : files) {
    std::ifstream stream(file);
    int rank = -1;
    for (std::string text; std::getline(stream, text);) {
      const json line = json::parse(text);
      if (line["type"] == "rank") rank = line["rank"];
      if (line["type"] == "op") starts[line["seq"]][rank] = line["start_ns"];
    }
  }
  std::map<int, int64_t> cost;
  for (const auto& [operation, called] : starts) {
    const auto last = std::max_element(called.begin(), called.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    for (const auto& [rank, ns] : called) cost[last->first] += last->second - ns;
  }
  return cost;
}

// The last of four ranks dawdles before every fifth all_reduce; tutti does not know. A busy machine makes others late, too:
// what counts is when each rank called.
TEST_F(TuttiReportTest, NamesTheStragglerOfARealJob) {
  const Finished job = RunProgram({TUTTI_RUN, "-n", "4", "--", WHO_IS_LATE}, {"TUTTI_TRACE=" + scratch_.path()});
  ASSERT_EQ(job.status, 0) << job.err;
  std::vector<std::string> files;
  for (const std::string& name : scratch_.Entries()) files.push_back(Path(name));
  const json facts = Facts();
  EXPECT_EQ(facts["size"], 4);
  EXPECT_EQ(facts["missing_ranks"].size(), 0u);
  EXPECT_EQ(facts["problems"].size(), 0u) << facts["problems"];
  EXPECT_GE(facts["recorded_operations"], 51);

  const std::map<int, int64_t> truth = CostByArrivals(files);
  std::map<int, int64_t> found;
  for (const json& late : facts["late_ranks"]) found[late["rank"]] = late["cost_ns"];
  ASSERT_EQ(truth.count(3), 1u);
  EXPECT_NEAR(static_cast<double>(found[3]), static_cast<double>(truth.at(3)),
              0.05 * static_cast<double>(truth.at(3)) + 5e6);
  EXPECT_GE(truth.at(3), 100'000'000);
  const bool is_worst = std::all_of(truth.begin(), truth.end(), [&](const auto& entry) {
    return entry.first == 3 || entry.second < truth.at(3) * 8 / 10;
  });
  if (!is_worst) return;
  EXPECT_EQ(facts["late_ranks"][0]["rank"], 3);
  EXPECT_THAT(facts["summary"][0].get<std::string>(), testing::StartsWith("Rank 3 on host "));
}

std::string Browser() {
  for (const char* path : {"/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/google-chrome"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return "";
}

TEST_F(TuttiReportTest, ABrowserDrawsThePageWithoutAnError) {
  const std::string browser = Browser();
  if (browser.empty()) GTEST_SKIP() << "there is no Chromium here: ./dev setup --report installs it";
  WriteLateRank("evil</script><b>\"host\"");
  ASSERT_EQ(Report().status, 0);
  const Finished run = RunProgram({browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                                   "--user-data-dir=" + Path("profile"), "--enable-logging=stderr", "--dump-dom",
                                   "--virtual-time-budget=5000", "file://" + Path("report.html")});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.err, Not(HasSubstr("CONSOLE"))) << run.err;
  EXPECT_THAT(run.out, HasSubstr("was last in 100&nbsp;% of operations"));
  for (const char* id : {"split", "blame", "heat", "slices", "worst", "curves"}) {
    const size_t section = run.out.find(absl::StrCat("<section id=\"", id, "\">"));
    ASSERT_NE(section, std::string::npos) << id;
    EXPECT_LT(run.out.find("<svg", section), run.out.find("</section>", section)) << id;
  }
  EXPECT_THAT(run.out, HasSubstr("rank 0 waited 8.00 ms for rank 1, in 4 operations"));
  EXPECT_THAT(run.out, Not(HasSubstr("<b>\"host\"")));
}

}  // namespace
}  // namespace tutti
