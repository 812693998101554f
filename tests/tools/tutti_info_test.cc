// SPDX-License-Identifier: Apache-2.0
// tutti-info as its users meet it. What it finds of devices is for tests/softroce: hosts that run this may have none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "run_program.h"

namespace tutti {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// The knob in the output of --env --json.
json Knob(const std::string& out, const std::string& variable) {
  const json shown = json::parse(out);
  for (const json& knob : shown["env"]) {
    if (knob["variable"] == variable) return knob;
  }
  ADD_FAILURE() << "there is no knob " << variable;
  return {};
}

TEST(TuttiInfo, ListsEveryKnobWithItsValueAndOrigin) {
  const Finished run = RunProgram({TUTTI_INFO, "--env", "--json"}, {"TUTTI_TIMEOUT=7s"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(Knob(run.out, "TUTTI_TIMEOUT")["value"], "7s");
  EXPECT_EQ(Knob(run.out, "TUTTI_TIMEOUT")["origin"], "TUTTI_TIMEOUT");
  EXPECT_EQ(Knob(run.out, "TUTTI_TIMEOUT")["default"], "300s");
  EXPECT_EQ(Knob(run.out, "TUTTI_WAIT")["value"], "adaptive");
  EXPECT_EQ(Knob(run.out, "TUTTI_WAIT")["origin"], "default");
  EXPECT_EQ(Knob(run.out, "TUTTI_INTERFACE")["value"], nullptr);
}

TEST(TuttiInfo, KnowsWhatALauncherSays) {
  const Finished run = RunProgram({TUTTI_INFO, "--env", "--json"},
                                  {"RANK=1", "WORLD_SIZE=2", "MASTER_ADDR=10.0.0.1", "MASTER_PORT=4711"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(Knob(run.out, "TUTTI_SIZE")["value"], "2");
  EXPECT_EQ(Knob(run.out, "TUTTI_SIZE")["origin"], "WORLD_SIZE (torchrun)");
}

TEST(TuttiInfo, NeverShowsASecret) {
  for (const char* format : {"--env", "--json"}) {
    const Finished run = RunProgram({TUTTI_INFO, "--env", format}, {"TUTTI_SECRET=xyzzy-plugh"});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr("(set)"));
    EXPECT_THAT(run.out + run.err, Not(HasSubstr("xyzzy")));
  }
}

TEST(TuttiInfo, RefusesAnUnknownOrMalformedVariableAsARankWould) {
  const Finished unknown = RunProgram({TUTTI_INFO, "--env"}, {"TUTTI_TIMEUOT=7s"});
  EXPECT_EQ(unknown.status, 1);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean TUTTI_TIMEOUT?"));
  const Finished malformed = RunProgram({TUTTI_INFO}, {"TUTTI_VERBS_ACK_TIMEOUT=99"});
  EXPECT_EQ(malformed.status, 1);
  EXPECT_THAT(malformed.err, HasSubstr("TUTTI_VERBS_ACK_TIMEOUT is \"99\""));
}

TEST(TuttiInfo, SaysHowSoonABrokenPathIsNoticed) {
  const std::vector<std::string> settings = {"TUTTI_VERBS_ACK_TIMEOUT=14", "TUTTI_VERBS_RETRY_COUNT=3"};
  const Finished text = RunProgram({TUTTI_INFO}, settings);
  ASSERT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("noticed after 0.27 s, or up to 1.07 s"));
  const Finished run = RunProgram({TUTTI_INFO, "--devices", "--json"}, settings);
  ASSERT_EQ(run.status, 0) << run.err;
  const json devices = json::parse(run.out)["devices"];
  EXPECT_EQ(devices["broken_path_noticed_ns"]["least"], int64_t{4096} * 16384 * 4);
  EXPECT_EQ(devices["broken_path_noticed_ns"]["most"], int64_t{4096} * 16384 * 16);
  EXPECT_TRUE(devices["ports"].is_array());
}

TEST(TuttiInfo, SaysThatRdmaIsNotUsedWhereTheTransportsForbidIt) {
  const Finished run = RunProgram({TUTTI_INFO}, {"TUTTI_TRANSPORT=shm,tcp"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("TUTTI_TRANSPORT does not name verbs"));
}

TEST(TuttiInfo, AWrongCommandLineIsRefused) {
  const Finished run = RunProgram({TUTTI_INFO, "--no-such-view"});
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("no-such-view"));
}

}  // namespace
}  // namespace tutti
