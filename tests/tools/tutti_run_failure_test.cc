// SPDX-License-Identifier: Apache-2.0
// tutti-run when something goes wrong: statuses, sentences, and that nothing is left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "run_program.h"

namespace tutti {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class TuttiRunFailureTest : public testing::Test {
 protected:
  Finished Run(std::vector<std::string> options, const std::vector<std::string>& words) {
    return RunProgram(Command(std::move(options), words), tmp());
  }
  std::vector<std::string> Command(std::vector<std::string> options, const std::vector<std::string>& words) {
    options.insert(options.begin(), TUTTI_RUN);
    options.insert(options.end(), {"--", RANK_BEHAVIOUR});
    options.insert(options.end(), words.begin(), words.end());
    return options;
  }
  std::vector<std::string> tmp() const { return {"TMPDIR=" + scratch_.path()}; }

  void ExpectAllMarkedAreGone(size_t how_many) {
    const auto pids = marks_.Entries();
    EXPECT_THAT(pids, SizeIs(how_many));
    for (const std::string& pid : pids) EXPECT_FALSE(StillRunsAfterAWhile(std::stoi(pid))) << pid;
  }

  // Until that many processes have left their mark.
  bool AwaitMarks(size_t how_many) {
    for (int tries = 0; tries < 1000 && marks_.Entries().size() < how_many; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return marks_.Entries().size() == how_many;
  }

  ScratchDirectory scratch_;  // where tutti-run puts its files
  ScratchDirectory marks_;    // where processes leave their numbers
};

TEST_F(TuttiRunFailureTest, OneFailureEndsAllRanksAndGivesItsStatus) {
  const Finished run = Run({"-n", "4"}, {"mark", marks_.path(), "if-rank", "2", "exit", "3", "sleep", "60"});
  EXPECT_EQ(run.status, 3);
  EXPECT_LT(run.seconds, 5);
  EXPECT_THAT(run.err, AllOf(HasSubstr("rank 2"), HasSubstr("status 3")));
  EXPECT_THAT(scratch_.Entries(), IsEmpty());
  for (const std::string& pid : marks_.Entries()) EXPECT_FALSE(StillRunsAfterAWhile(std::stoi(pid)));
}

TEST_F(TuttiRunFailureTest, ADeathBySignalGives128PlusTheSignal) {
  const Finished run = Run({"-n", "2"}, {"if-rank", "1", "die-by", std::to_string(SIGKILL), "sleep", "60"});
  EXPECT_EQ(run.status, 128 + SIGKILL);
  EXPECT_THAT(run.err, AllOf(HasSubstr("rank 1"), HasSubstr("signal 9")));
}

TEST_F(TuttiRunFailureTest, WhoIgnoresSigtermIsKilledAfterTheGrace) {
  const Finished run =
      Run({"-n", "2", "--grace", "0.3"}, {"ignore", std::to_string(SIGTERM), "mark", marks_.path(), "print", "deaf",
                                          "if-rank", "0", "sleep", "1", "if-rank", "0", "exit", "5", "sleep", "60"});
  EXPECT_EQ(run.status, 5);
  EXPECT_LT(run.seconds, 6);
  EXPECT_THAT(run.err, HasSubstr("killing what has not ended 0.3 s after SIGTERM: rank 1"));
  ExpectAllMarkedAreGone(2);
}

TEST_F(TuttiRunFailureTest, TheLastWordsOfAFailedRankAreShown) {
  const Finished run = Run({"-n", "1"}, {"print-bare", "on stdout", "complain", "on stderr", "exit", "1"});
  EXPECT_EQ(run.out, "[0] on stdout\n");
  EXPECT_THAT(run.err, testing::StartsWith("[0] on stderr\ntutti-run: rank 0"));
}

TEST_F(TuttiRunFailureTest, ProcessesThatRanksLeaveBehindAreEnded) {
  const Finished good = Run({"-n", "2"}, {"child", marks_.path(), "sleep", "1", "exit", "0"});
  EXPECT_EQ(good.status, 0);
  ExpectAllMarkedAreGone(2);
  const Finished bad = Run({"-n", "2"}, {"child", marks_.path(), "sleep", "1", "exit", "1"});
  EXPECT_EQ(bad.status, 1);
  ExpectAllMarkedAreGone(4);
}

TEST_F(TuttiRunFailureTest, NothingOutlivesALauncherKilledBySigkill) {
  RunningProgram program(Command({"-n", "2"}, {"child", marks_.path(), "mark", marks_.path(), "sleep", "60"}), tmp());
  ASSERT_TRUE(AwaitMarks(4));
  ::kill(program.pid(), SIGKILL);
  EXPECT_EQ(program.Wait().status, 128 + SIGKILL);
  ExpectAllMarkedAreGone(4);
  for (int tries = 0; tries < 500 && !scratch_.Entries().empty(); ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_THAT(scratch_.Entries(), IsEmpty());
}

TEST_F(TuttiRunFailureTest, InterruptGivesTheStatusOfAnInterruptedRank) {
  RunningProgram program(Command({"-n", "2"}, {"print", "ready", "sleep", "60"}), tmp());
  ASSERT_TRUE(program.AwaitOutput("ready", 2));
  ::kill(program.pid(), SIGINT);
  const Finished run = program.Wait();
  EXPECT_EQ(run.status, 128 + SIGINT);
  EXPECT_LT(run.seconds, 10);
}

TEST_F(TuttiRunFailureTest, AskingASecondTimeStopsRanksThatDoNotListen) {
  RunningProgram program(
      Command({"-n", "2", "--grace", "0.2"},
              {"ignore", std::to_string(SIGINT), "ignore", std::to_string(SIGTERM), "print", "ready", "sleep", "60"}),
      tmp());
  ASSERT_TRUE(program.AwaitOutput("ready", 2));
  ::kill(program.pid(), SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // signals of one kind that wait count once
  ::kill(program.pid(), SIGINT);
  const Finished run = program.Wait();
  EXPECT_EQ(run.status, 128 + SIGINT);
  EXPECT_THAT(run.err, HasSubstr("second time"));
}

TEST_F(TuttiRunFailureTest, TheJobsTimeoutGives124) {
  // Long enough for both ranks to have begun, on a busy machine, too.
  const Finished run = Run({"-n", "2", "--timeout", "1.5"}, {"mark", marks_.path(), "sleep", "60"});
  EXPECT_EQ(run.status, 124);
  EXPECT_LT(run.seconds, 6);
  EXPECT_THAT(run.err, HasSubstr("1.5 s"));
  ExpectAllMarkedAreGone(2);
}

TEST_F(TuttiRunFailureTest, AProgramThatCannotRunGives127AndOneSentence) {
  for (const std::string program : {"/nonexistent/program", "no-such-program-anywhere", "/etc/passwd"}) {
    const Finished run = RunProgram({TUTTI_RUN, "-n", "3", "--", program}, tmp());
    EXPECT_EQ(run.status, 127);
    EXPECT_THAT(run.err, HasSubstr("cannot execute \"" + program + "\""));
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  }
  EXPECT_THAT(scratch_.Entries(), IsEmpty());
}

TEST_F(TuttiRunFailureTest, AWrongCommandLineGives2AndASentence) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"-n", "2"},
      {"-n", "0", "--", RANK_BEHAVIOUR},
      {"-n", "-3", "--", RANK_BEHAVIOUR},
      {"-n", "1000000", "--", RANK_BEHAVIOUR},
      {"-n", "two", "--", RANK_BEHAVIOUR},
      {"-n", "2", "--no-such-option", "--", RANK_BEHAVIOUR},
      {"-n", "2", "--env", "NOVALUE", "--", RANK_BEHAVIOUR},
      {"-n", "2", "--env", "TUTTI_RANK=1", "--", RANK_BEHAVIOUR},
      {"-n", "2", "--timeout", "-1", "--", RANK_BEHAVIOUR},
  };
  for (std::vector<std::string> argv : wrong) {
    argv.insert(argv.begin(), TUTTI_RUN);
    const Finished run = RunProgram(argv, tmp());
    EXPECT_EQ(run.status, 2) << run.err;
    EXPECT_THAT(run.err, testing::StartsWith("tutti-run: "));
    EXPECT_EQ(run.out, "");
  }
}

}  // namespace
}  // namespace tutti
