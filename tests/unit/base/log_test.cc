// SPDX-License-Identifier: Apache-2.0
#include "lib/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/unique_fd.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    SetLogSink(
        [](void* self, LogLevel, absl::string_view line) {
          static_cast<LogTest*>(self)->lines_.emplace_back(line.data(), line.size());
        },
        this);
    SetLogIdentity(3, "node");
  }
  ~LogTest() override {
    SetLogSink(nullptr, nullptr);
    SetLogLevel(LogLevel::kWarn);
    SetLogIdentity(-1, "");
  }

  std::vector<std::string> lines_;
};

TEST_F(LogTest, SaysWhoSpeaks) {
  Log(LogLevel::kWarn, "no bytes from rank 2 for 1.5 s");
  EXPECT_THAT(lines_,
              ElementsAre(absl::StrCat("tutti [rank 3 node:", ::getpid(), "] warn: no bytes from rank 2 for 1.5 s")));
}

TEST_F(LogTest, KnowsOnlyTheProcessBeforeItHasARank) {
  SetLogIdentity(-1, "");
  Log(LogLevel::kError, "x");
  EXPECT_THAT(lines_, ElementsAre(absl::StrCat("tutti [pid ", ::getpid(), "] error: x")));
}

TEST_F(LogTest, EvaluatesArgumentsOnlyIfEnabled) {
  int evaluated = 0;
  const auto count = [&] { return ++evaluated; };
  SetLogLevel(LogLevel::kWarn);
  TUTTI_LOG(kInfo, "dropped ", count());
  EXPECT_EQ(evaluated, 0);
  SetLogLevel(LogLevel::kInfo);
  TUTTI_LOG(kInfo, "kept ", count());
  EXPECT_EQ(evaluated, 1);
  SetLogLevel(LogLevel::kOff);
  TUTTI_LOG(kError, "dropped ", count());
  EXPECT_THAT(lines_, ElementsAre(EndsWith("info: kept 1")));
}

TEST_F(LogTest, OneMessageIsOneLineWhateverItQuotes) {
  Log(LogLevel::kInfo, "peer said: a\nb\r\x1b[31m\x7f end");
  EXPECT_THAT(lines_, ElementsAre(EndsWith("info: peer said: a b  [31m  end")));
}

TEST_F(LogTest, CutsWhatDoesNotFitInOneAtomicWrite) {
  SetLogIdentity(3, std::string(10000, 'h'));
  Log(LogLevel::kInfo, std::string(100000, 'x'));
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_LE(lines_[0].size(), 4095u);
  EXPECT_GE(lines_[0].size(), 4000u);
  EXPECT_THAT(lines_[0], HasSubstr(std::string(64, 'h') + ":"));
}

TEST_F(LogTest, KeepsErrno) {
  errno = EAGAIN;
  Log(LogLevel::kInfo, "x");
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(LogTest, ThreadsDoNotMixLines) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 100; ++i) Log(LogLevel::kError, std::string(50, static_cast<char>('a' + t)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(lines_.size(), 400u);
  for (const std::string& line : lines_) EXPECT_THAT(line, EndsWith(": " + std::string(50, line.back())));
}

TEST(LogToStderr, EndsTheLine) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  UniqueFd read_end(ends[0]);
  UniqueFd saved(::dup(STDERR_FILENO));
  ASSERT_GE(::dup2(ends[1], STDERR_FILENO), 0);
  ::close(ends[1]);
  Log(LogLevel::kError, "one");
  Log(LogLevel::kError, "two");
  ASSERT_GE(::dup2(saved.get(), STDERR_FILENO), 0);
  char bytes[256];
  const ssize_t got = ::read(read_end.get(), bytes, sizeof(bytes));
  ASSERT_GT(got, 0);
  const std::string prefix = absl::StrCat("tutti [pid ", ::getpid(), "] error: ");
  EXPECT_EQ(std::string(bytes, static_cast<size_t>(got)), prefix + "one\n" + prefix + "two\n");
}

TEST(LogLimiter, LetsOneThroughPerIntervalAndCountsTheRest) {
  LogLimiter limiter(100);
  uint64_t suppressed = 99;
  EXPECT_TRUE(limiter.Allow(1000, &suppressed));
  EXPECT_EQ(suppressed, 0u);
  EXPECT_FALSE(limiter.Allow(1001, &suppressed));
  EXPECT_FALSE(limiter.Allow(1099, &suppressed));
  EXPECT_TRUE(limiter.Allow(1100, &suppressed));
  EXPECT_EQ(suppressed, 2u);
  EXPECT_TRUE(limiter.Allow(5000, &suppressed));
  EXPECT_EQ(suppressed, 0u);
}

}  // namespace
}  // namespace tutti
