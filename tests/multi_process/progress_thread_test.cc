// SPDX-License-Identifier: Apache-2.0
// The progress thread's core and priority: had as asked for, or the job does not start and says why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

using testing::HasSubstr;

// Gives up the right to real-time priorities, as most processes do not have it.
void BecomeOrdinary() {
  const rlimit none = {0, 0};
  Require(setrlimit(RLIMIT_RTPRIO, &none) == 0, "setrlimit");
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  Require(syscall(SYS_capget, &header, data) == 0, "capget");
  data[0].effective &= ~(1u << CAP_SYS_NICE);
  Require(syscall(SYS_capset, &header, data) == 0, "capset");
}

RANK_PROGRAM(AsksForPriority) {
  if (!context.arguments.empty()) BecomeOrdinary();
  tutti_comm_t comm = NULL;
  const tutti_status_t status = tutti_comm_create(nullptr, &comm);
  if (status != TUTTI_OK) {
    Say("status", tutti_status_name(status));
    Say("sentence", tutti_last_error());
    return;
  }
  int threads = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    const pid_t thread = static_cast<pid_t>(std::stoi(entry.path().filename().string()));
    sched_param parameter = {};
    if (sched_getscheduler(thread) != SCHED_FIFO || sched_getparam(thread, &parameter) != 0) continue;
    ++threads;
    Say("priority", parameter.sched_priority);
  }
  Say("threads", threads);
  Synchronise(comm);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

const std::map<std::string, std::string> kWithPriority = {{"TUTTI_PROGRESS_THREAD", "1"},
                                                          {"TUTTI_PROGRESS_PRIORITY", "7"}};

TEST(ProgressThread, HasThePriorityThatIsAskedFor) {
  sched_param parameter = {};
  parameter.sched_priority = 7;
  if (sched_setscheduler(0, SCHED_FIFO, &parameter) != 0) GTEST_SKIP() << "this user may not have real-time priorities";
  parameter.sched_priority = 0;
  ASSERT_EQ(sched_setscheduler(0, SCHED_OTHER, &parameter), 0);
  Job job("AsksForPriority", 1, {.environment = kWithPriority});
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_EQ(job.Said(0, "threads"), "1");
  EXPECT_EQ(job.Said(0, "priority"), "7");
}

TEST(ProgressThread, IsAnOrdinaryOneUnlessAskedOtherwise) {
  Job job("AsksForPriority", 1, {.environment = {{"TUTTI_PROGRESS_THREAD", "1"}}});
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_EQ(job.Said(0, "threads"), "0");
}

TEST(ProgressThread, WithoutPermissionForThePriorityIsAnErrorThatSaysWhatToDo) {
  Job job("AsksForPriority", 1, {.arguments = {"ordinary"}, .environment = kWithPriority});
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_THAT(job.Said(0, "sentence"), HasSubstr("cannot have real-time priority 7"));
  EXPECT_THAT(job.Said(0, "sentence"), HasSubstr("ulimit -r"));
}

}  // namespace
}  // namespace tutti::multi_process
