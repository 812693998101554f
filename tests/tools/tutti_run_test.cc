// SPDX-License-Identifier: Apache-2.0
// tutti-run when all goes well: places, output, forwarded signals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>

#include "run_program.h"

namespace tutti {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

// tutti-run -n `ranks` -- rank_behaviour `words`, with its temporary files in a directory of the test's own.
class TuttiRunTest : public testing::Test {
 protected:
  std::vector<std::string> Command(int ranks, const std::vector<std::string>& words) {
    std::vector<std::string> argv = {TUTTI_RUN, "-n", std::to_string(ranks), "--", RANK_BEHAVIOUR};
    argv.insert(argv.end(), words.begin(), words.end());
    return argv;
  }
  Finished Run(int ranks, const std::vector<std::string>& words) { return RunProgram(Command(ranks, words), tmp()); }
  std::vector<std::string> tmp() const { return {"TMPDIR=" + scratch_.path()}; }
  ScratchDirectory scratch_;
};

TEST_F(TuttiRunTest, EveryRankKnowsItsPlace) {
  const Finished run = Run(3, {"variable", "TUTTI_RANK", "variable", "TUTTI_LOCAL_RANK", "variable", "TUTTI_SIZE"});
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.OutLines(), UnorderedElementsAre("[0] TUTTI_RANK=0", "[0] TUTTI_LOCAL_RANK=0", "[0] TUTTI_SIZE=3",
                                                   "[1] TUTTI_RANK=1", "[1] TUTTI_LOCAL_RANK=1", "[1] TUTTI_SIZE=3",
                                                   "[2] TUTTI_RANK=2", "[2] TUTTI_LOCAL_RANK=2", "[2] TUTTI_SIZE=3"));
  EXPECT_EQ(run.err, "");
}

TEST_F(TuttiRunTest, StdoutGoesToStdoutAndStderrToStderr) {
  const Finished run = Run(2, {"print", "fine", "complain", "hm"});
  EXPECT_THAT(run.OutLines(), UnorderedElementsAre("[0] fine", "[1] fine"));
  EXPECT_TRUE(run.err == "[0] hm\n[1] hm\n" || run.err == "[1] hm\n[0] hm\n") << run.err;
}

TEST_F(TuttiRunTest, ALastLineWithoutNewlineIsNotLost) {
  EXPECT_EQ(Run(1, {"print-bare", "the end"}).out, "[0] the end\n");
}

TEST_F(TuttiRunTest, LongLinesOfManyRanksStayWhole) {
  const Finished run = Run(4, {"long-line", "300000", "long-line", "300000"});
  const std::string body(300000, 'x');
  std::vector<std::string> expected;
  for (int rank = 0; rank < 4; ++rank) {
    for (int k = 0; k < 2; ++k) expected.push_back("[" + std::to_string(rank) + "] " + body);
  }
  auto lines = run.OutLines();
  std::sort(lines.begin(), lines.end());
  EXPECT_TRUE(lines == expected) << lines.size() << " lines";  // not EXPECT_EQ: it would print megabytes
}

TEST_F(TuttiRunTest, NoLineIsLostAndEachRanksOrderIsKept) {
  constexpr int kLines = 20000;
  const Finished run = Run(3, {"count", std::to_string(kLines)});
  int next[3] = {0, 0, 0};
  for (const std::string& line : run.OutLines()) {
    ASSERT_GT(line.size(), 4u);
    const int rank = line[1] - '0';
    ASSERT_EQ(line, "[" + std::to_string(rank) + "] line " + std::to_string(next[rank]++));
  }
  for (const int lines : next) EXPECT_EQ(lines, kLines);
}

TEST_F(TuttiRunTest, RanksReadNothing) { EXPECT_EQ(Run(1, {"stdin"}).out, "[0] stdin is empty\n"); }

TEST_F(TuttiRunTest, BindGivesEachRankOneOfTheAllowedCpusInTurn) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
  std::vector<std::string> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) cpus.push_back(std::to_string(cpu));
  }
  std::vector<std::string> expected;
  std::string all = "CPUs";
  for (const std::string& cpu : cpus) all += " " + cpu;
  for (size_t rank = 0; rank < 3; ++rank) {
    expected.push_back("[" + std::to_string(rank) + "] CPUs " + cpus[rank % cpus.size()]);
  }
  EXPECT_THAT(RunProgram({TUTTI_RUN, "-n", "3", "--bind", RANK_BEHAVIOUR, "cpus"}, tmp()).OutLines(),
              UnorderedElementsAreArray(expected));
  EXPECT_EQ(Run(1, {"cpus"}).out, "[0] " + all + "\n");
}

TEST_F(TuttiRunTest, EnvSetsVariablesForAllRanks) {
  const Finished run = RunProgram({TUTTI_RUN, "-n", "2", "--env", "COLOUR=dark red", "--env", "EMPTY=", RANK_BEHAVIOUR,
                                   "variable", "COLOUR", "variable", "EMPTY"},
                                  tmp());
  EXPECT_THAT(run.OutLines(),
              UnorderedElementsAre("[0] COLOUR=dark red", "[1] COLOUR=dark red", "[0] EMPTY=", "[1] EMPTY="));
}

TEST_F(TuttiRunTest, OptionsAfterTheProgramAreTheProgramsOwn) {
  const Finished run = RunProgram({TUTTI_RUN, "-n", "1", RANK_BEHAVIOUR, "print", "--", "print", "-n"}, tmp());
  EXPECT_EQ(run.out, "[0] --\n[0] -n\n");
}

TEST_F(TuttiRunTest, TheRendezvousIsInAFreshDirectoryThatIsGoneAfterwards) {
  const Finished run = Run(1, {"variable", "TUTTI_RENDEZVOUS"});
  EXPECT_THAT(run.out, HasSubstr("TUTTI_RENDEZVOUS=file://" + scratch_.path() + "/tutti-run-"));
  EXPECT_THAT(scratch_.Entries(), IsEmpty());
}

TEST_F(TuttiRunTest, ForwardsSignalsToEveryRank) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) {
    RunningProgram program(Command(2, {"await-signal", std::to_string(signal)}), tmp());
    ASSERT_TRUE(program.AwaitOutput("ready", 2));
    ::kill(program.pid(), signal);
    const Finished run = program.Wait();
    EXPECT_EQ(run.status, 0) << run.err;
    const std::string got = "got signal " + std::to_string(signal);
    EXPECT_THAT(run.OutLines(), UnorderedElementsAre("[0] ready", "[1] ready", "[0] " + got, "[1] " + got));
  }
  EXPECT_THAT(scratch_.Entries(), IsEmpty());
}

TEST_F(TuttiRunTest, HelpTellsOfEveryOption) {
  const Finished run = RunProgram({TUTTI_RUN, "--help"}, tmp());
  EXPECT_EQ(run.status, 0);
  for (const char* option : {"--ranks", "--env", "--timeout", "--grace"}) EXPECT_THAT(run.out, HasSubstr(option));
}

}  // namespace
}  // namespace tutti
