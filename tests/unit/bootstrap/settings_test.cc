// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/settings.h"

#include <algorithm>
#include <map>
#include <ostream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/bootstrap/knobs.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Variables = std::map<std::string, std::string>;

absl::StatusOr<JobSettings> Resolve(Variables variables, SettingsOverrides config = {}) {
  Environment environment;
  environment.variables = std::move(variables);
  environment.user_id = 1000;
  environment.parent_pid = 777;
  return ResolveSettings(config, environment);
}

std::string ErrorOf(Variables variables, SettingsOverrides config = {}) {
  const auto settings = Resolve(std::move(variables), std::move(config));
  if (settings.ok()) return "";
  EXPECT_EQ(settings.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(settings.status().message());
}

std::string OriginOf(const JobSettings& settings, absl::string_view variable) {
  for (const KnobValue& value : settings.provenance) {
    if (variable == value.knob->variable) return value.origin;
  }
  return "no such knob";
}

TEST(Settings, WithoutAnythingAJobHasOneRankAndDefaults) {
  const auto settings = Resolve({{"PATH", "/bin"}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->rank, 0);
  EXPECT_EQ(settings->size, 1);
  EXPECT_EQ(settings->local_size, 1);
  EXPECT_EQ(settings->rendezvous_kind, RendezvousKind::kNone);
  EXPECT_EQ(settings->timeout_ns, 300 * kNsPerSecond);
  EXPECT_EQ(settings->wait, WaitPolicy::kAdaptive);
  EXPECT_EQ(settings->log_level, LogLevel::kWarn);
  EXPECT_FALSE(settings->progress_thread);
  EXPECT_EQ(settings->progress_core, -1);
  EXPECT_EQ(OriginOf(*settings, "TUTTI_RANK"), "default");
}

TEST(Settings, OwnVariablesSetEveryField) {
  const auto settings = Resolve({{"TUTTI_RANK", "2"},
                                 {"TUTTI_SIZE", "4"},
                                 {"TUTTI_LOCAL_RANK", "0"},
                                 {"TUTTI_LOCAL_SIZE", "2"},
                                 {"TUTTI_RENDEZVOUS", "tcp://[fd00::1]:4711"},
                                 {"TUTTI_SECRET", "s3cret"},
                                 {"TUTTI_JOB_ID", "j"},
                                 {"TUTTI_INTERFACE", "eth0"},
                                 {"TUTTI_ALGORITHM", "all_reduce:ring"},
                                 {"TUTTI_TRANSPORT", "tcp,verbs"},
                                 {"TUTTI_VERBS_DEVICES", "^mlx5_0"},
                                 {"TUTTI_VERBS_GID_INDEX", "3"},
                                 {"TUTTI_VERBS_TRAFFIC_CLASS", "104"},
                                 {"TUTTI_VERBS_SERVICE_LEVEL", "5"},
                                 {"TUTTI_VERBS_HOP_LIMIT", "8"},
                                 {"TUTTI_VERBS_ACK_TIMEOUT", "18"},
                                 {"TUTTI_VERBS_RETRY_COUNT", "6"},
                                 {"TUTTI_VERBS_RAILS", "4"},
                                 {"TUTTI_VERBS_QPS", "3"},
                                 {"TUTTI_TIMEOUT", "500ms"},
                                 {"TUTTI_WAIT", "sleep"},
                                 {"TUTTI_PROGRESS_THREAD", "1"},
                                 {"TUTTI_PROGRESS_CORE", "3"},
                                 {"TUTTI_TELEMETRY", "0"},
                                 {"TUTTI_BUDGET", "10ms"},
                                 {"TUTTI_LOG", "debug"},
                                 {"TUTTI_HOST_ID", "h"},
                                 {"TUTTI_LOCALITY", "pod1/rack3"},
                                 {"TUTTI_LOCALITY_FILE", "/etc/topology.conf"}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->rank, 2);
  EXPECT_EQ(settings->size, 4);
  EXPECT_EQ(settings->local_rank, 0);
  EXPECT_EQ(settings->local_size, 2);
  EXPECT_EQ(settings->rendezvous_kind, RendezvousKind::kTcp);
  EXPECT_EQ(settings->rendezvous, "tcp://[fd00::1]:4711");
  EXPECT_EQ(settings->secret, "s3cret");
  EXPECT_EQ(settings->job_id, "j");
  EXPECT_EQ(settings->interface, "eth0");
  EXPECT_EQ(settings->algorithm, "all_reduce:ring");
  EXPECT_FALSE(settings->use_shm);
  EXPECT_TRUE(settings->use_verbs && settings->use_tcp);
  EXPECT_EQ(settings->verbs.devices, "^mlx5_0");
  EXPECT_EQ(settings->verbs.gid_index, 3);
  EXPECT_EQ(settings->verbs.traffic_class, 104);
  EXPECT_EQ(settings->verbs.service_level, 5);
  EXPECT_EQ(settings->verbs.hop_limit, 8);
  EXPECT_EQ(settings->verbs.ack_timeout, 18);
  EXPECT_EQ(settings->verbs.retry_count, 6);
  EXPECT_EQ(settings->verbs.rails, 4);
  EXPECT_EQ(settings->verbs.pairs_per_rail, 3);
  EXPECT_EQ(settings->timeout_ns, 500 * kNsPerMs);
  EXPECT_EQ(settings->wait, WaitPolicy::kSleep);
  EXPECT_TRUE(settings->progress_thread);
  EXPECT_EQ(settings->progress_core, 3);
  EXPECT_FALSE(settings->telemetry);
  EXPECT_EQ(settings->budget_ns, 10 * kNsPerMs);
  EXPECT_EQ(settings->log_level, LogLevel::kDebug);
  EXPECT_EQ(settings->host_id, "h");
  EXPECT_EQ(settings->locality, "pod1/rack3");
  EXPECT_EQ(settings->locality_file, "/etc/topology.conf");
}

TEST(Settings, ConfigGoesBeforeVariablesFieldByField) {
  SettingsOverrides config;
  config.rank = 1;
  config.timeout_ns = 7 * kNsPerMs;
  config.wait = WaitPolicy::kSpin;
  config.log_level = LogLevel::kInfo;
  const auto settings = Resolve({{"TUTTI_RANK", "0"},
                                 {"TUTTI_SIZE", "2"},
                                 {"TUTTI_RENDEZVOUS", "file:///tmp/x"},
                                 {"TUTTI_TIMEOUT", "9"},
                                 {"TUTTI_WAIT", "sleep"}},
                                config);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->rank, 1);
  EXPECT_EQ(settings->size, 2);
  EXPECT_EQ(settings->timeout_ns, 7 * kNsPerMs);
  EXPECT_EQ(settings->wait, WaitPolicy::kSpin);
  EXPECT_EQ(settings->log_level, LogLevel::kInfo);
  EXPECT_EQ(settings->rendezvous_kind, RendezvousKind::kFile);
  EXPECT_EQ(OriginOf(*settings, "TUTTI_RANK"), "config field rank");
  EXPECT_EQ(OriginOf(*settings, "TUTTI_SIZE"), "TUTTI_SIZE");
}

TEST(Settings, TransportsAreAListInAnyOrder) {
  const auto uses = [](const std::string& text) -> std::string {
    const auto settings = Resolve({{"TUTTI_TRANSPORT", text}});
    if (!settings.ok()) return "refused";
    return std::string(settings->use_shm ? "s" : "") + (settings->use_verbs ? "v" : "") +
           (settings->use_tcp ? "t" : "");
  };
  EXPECT_EQ(uses("shm,verbs,tcp"), "svt");
  EXPECT_EQ(uses("tcp,shm"), "st");
  EXPECT_EQ(uses("verbs"), "v");
  for (const char* wrong : {"verbs,", "verbs,verbs", "shm tcp", "rdma", ",", "TCP"}) EXPECT_EQ(uses(wrong), "refused");
}

TEST(Settings, WhatSomebodySetIsToldFromDefaults) {
  const auto settings = Resolve({{"TUTTI_TRANSPORT", "shm,verbs,tcp"}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_TRUE(settings->IsGiven("TUTTI_TRANSPORT"));
  EXPECT_FALSE(settings->IsGiven("TUTTI_VERBS_DEVICES"));
  EXPECT_FALSE(settings->IsGiven("TUTTI_NO_SUCH_KNOB"));
}

TEST(Settings, UnknownNameIsRefusedWithTheNearestOne) {
  EXPECT_THAT(ErrorOf({{"TUTTI_TIMOUT", "3"}}),
              AllOf(HasSubstr("TUTTI_TIMOUT"), HasSubstr("did you mean TUTTI_TIMEOUT?")));
  EXPECT_THAT(ErrorOf({{"TUTTI_RNAK", "3"}}), HasSubstr("did you mean TUTTI_RANK?"));
}

TEST(Settings, AnEmptyVariableCountsAsNotSet) { EXPECT_TRUE(Resolve({{"TUTTI_RANK", ""}}).ok()); }

struct BadValue {
  const char* variable;
  const char* value;
  const char* expected;
};

// Without it the test's name would show the bytes of three pointers.
void PrintTo(const BadValue& bad, std::ostream* out) { *out << bad.variable << "=" << bad.value; }

class SettingsBadValue : public ::testing::TestWithParam<BadValue> {};

TEST_P(SettingsBadValue, IsRefusedWithNameValueAndWhatIsValid) {
  const BadValue& bad = GetParam();
  Variables variables = {{"TUTTI_RANK", "0"}, {"TUTTI_SIZE", "1"}};
  variables[bad.variable] = bad.value;
  EXPECT_THAT(ErrorOf(variables),
              AllOf(HasSubstr(bad.variable), HasSubstr(std::string("\"") + bad.value + "\""), HasSubstr(bad.expected)));
}

INSTANTIATE_TEST_SUITE_P(
    EachKind, SettingsBadValue,
    ::testing::Values(BadValue{"TUTTI_RANK", "one", "whole number"}, BadValue{"TUTTI_RANK", "-2", "whole number"},
                      BadValue{"TUTTI_RANK", " 1", "whole number"}, BadValue{"TUTTI_RANK", "0x1", "whole number"},
                      BadValue{"TUTTI_SIZE", "0", "from 1"}, BadValue{"TUTTI_SIZE", "99999999999", "from 1"},
                      BadValue{"TUTTI_TIMEOUT", "0", "500ms"}, BadValue{"TUTTI_TIMEOUT", "-1s", "500ms"},
                      BadValue{"TUTTI_TIMEOUT", "5 s", "500ms"}, BadValue{"TUTTI_TIMEOUT", "nan", "500ms"},
                      BadValue{"TUTTI_TIMEOUT", "1e9", "500ms"}, BadValue{"TUTTI_TIMEOUT", "99999999999999", "500ms"},
                      BadValue{"TUTTI_WAIT", "Spin", "adaptive, spin or sleep"},
                      BadValue{"TUTTI_TELEMETRY", "yes", "0 or 1"}, BadValue{"TUTTI_BUDGET", "0", "microsecond"},
                      BadValue{"TUTTI_BUDGET", "10ns", "microsecond"}, BadValue{"TUTTI_PROGRESS_THREAD", "2", "0 or 1"},
                      BadValue{"TUTTI_PROGRESS_CORE", "-1", "CPU"},
                      BadValue{"TUTTI_LOG", "verbose", "error, warn, info or debug"},
                      BadValue{"TUTTI_PORT", "65536", "1 to 65535"}, BadValue{"TUTTI_SECRET_FILE", "x", "absolute"},
                      BadValue{"TUTTI_RENDEZVOUS", "host:1", "tcp://host:port"},
                      BadValue{"TUTTI_RENDEZVOUS", "tcp://host", "tcp://host:port"},
                      BadValue{"TUTTI_RENDEZVOUS", "tcp://fd00::1:80", "tcp://host:port"},
                      BadValue{"TUTTI_RENDEZVOUS", "tcp://a b:80", "tcp://host:port"},
                      BadValue{"TUTTI_RENDEZVOUS", "file://relative", "absolute/path"}));

TEST(Settings, AMalformedLauncherValueNamesTheLaunchersVariable) {
  EXPECT_THAT(ErrorOf({{"RANK", "x"}, {"WORLD_SIZE", "4"}}),
              AllOf(HasSubstr("RANK"), HasSubstr("torchrun"), HasSubstr("\"x\"")));
}

TEST(Settings, ASecretIsNeverShown) {
  const auto settings = Resolve({{"TUTTI_SECRET", "hunter2"}});
  ASSERT_TRUE(settings.ok());
  EXPECT_THAT(FormatSettings(*settings), AllOf(Not(HasSubstr("hunter2")), HasSubstr("(set)")));
  EXPECT_THAT(SummarizeSettings(*settings), Not(HasSubstr("hunter2")));
  EXPECT_THAT(ErrorOf({{"TUTTI_SECRET", std::string(5000, 'x')}}),
              AllOf(HasSubstr("5000 bytes"), Not(HasSubstr("xxx"))));
}

TEST(Settings, RankMustBeBelowSize) {
  EXPECT_THAT(ErrorOf({{"TUTTI_RANK", "4"}, {"TUTTI_SIZE", "4"}, {"TUTTI_RENDEZVOUS", "file:///x"}}),
              AllOf(HasSubstr("rank 4 (TUTTI_RANK)"), HasSubstr("size 4 (TUTTI_SIZE)")));
  EXPECT_THAT(ErrorOf({{"RANK", "9"}, {"WORLD_SIZE", "4"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "1"}}),
              AllOf(HasSubstr("RANK (torchrun)"), HasSubstr("WORLD_SIZE (torchrun)")));
}

TEST(Settings, LocalRankAndSizeMustFit) {
  const Variables base = {{"TUTTI_RANK", "0"}, {"TUTTI_SIZE", "4"}, {"TUTTI_RENDEZVOUS", "file:///x"}};
  Variables variables = base;
  variables["TUTTI_LOCAL_SIZE"] = "5";
  EXPECT_THAT(ErrorOf(variables), HasSubstr("local_size 5"));
  variables["TUTTI_LOCAL_SIZE"] = "2";
  variables["TUTTI_LOCAL_RANK"] = "2";
  EXPECT_THAT(ErrorOf(variables), HasSubstr("local_rank 2"));
}

TEST(Settings, RankWithoutSizeIsRefusedEvenIfALauncherKnowsTheSize) {
  EXPECT_THAT(ErrorOf({{"TUTTI_RANK", "1"}, {"RANK", "1"}, {"WORLD_SIZE", "4"}}),
              AllOf(HasSubstr("TUTTI_RANK"), HasSubstr("TUTTI_SIZE")));
  SettingsOverrides config;
  config.size = 4;
  EXPECT_THAT(ErrorOf({{"RANK", "1"}, {"WORLD_SIZE", "4"}}, config),
              AllOf(HasSubstr("config field size"), HasSubstr("TUTTI_RANK")));
}

TEST(Settings, OwnRankAndSizeShutOutTheLaunchersWord) {
  const auto settings = Resolve({{"TUTTI_RANK", "1"},
                                 {"TUTTI_SIZE", "2"},
                                 {"TUTTI_RENDEZVOUS", "tcp://a:1"},
                                 {"RANK", "5"},
                                 {"WORLD_SIZE", "8"},
                                 {"LOCAL_RANK", "5"},
                                 {"LOCAL_WORLD_SIZE", "8"}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->rank, 1);
  EXPECT_EQ(settings->local_rank, -1);
  EXPECT_EQ(settings->launcher, "");
}

TEST(Settings, SeveralRanksNeedAPlaceToMeet) {
  EXPECT_THAT(ErrorOf({{"TUTTI_RANK", "0"}, {"TUTTI_SIZE", "2"}}),
              AllOf(HasSubstr("2 ranks"), HasSubstr("TUTTI_RENDEZVOUS")));
  SettingsOverrides config;
  config.has_exchange = true;
  const auto settings = Resolve({{"TUTTI_RANK", "0"}, {"TUTTI_SIZE", "2"}, {"TUTTI_RENDEZVOUS", "tcp://a:1"}}, config);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->rendezvous_kind, RendezvousKind::kExchange);
  config.rendezvous = "tcp://a:1";
  EXPECT_THAT(ErrorOf({{"TUTTI_RANK", "0"}, {"TUTTI_SIZE", "2"}}, config), HasSubstr("exchange"));
}

TEST(Settings, SecretAndSecretFileExcludeEachOther) {
  EXPECT_THAT(ErrorOf({{"TUTTI_SECRET", "a"}, {"TUTTI_SECRET_FILE", "/b"}}), HasSubstr("only one"));
  EXPECT_TRUE(Resolve({{"TUTTI_SECRET_FILE", "/b"}}).ok());
}

TEST(Settings, TheTableListsEveryKnobOnceWithItsOrigin) {
  const auto settings = Resolve({{"TUTTI_TIMEOUT", "2m"}});
  ASSERT_TRUE(settings.ok());
  const std::string table = FormatSettings(*settings);
  for (const Knob& knob : AllKnobs()) EXPECT_THAT(table, HasSubstr(knob.variable));
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), static_cast<long>(AllKnobs().size()));
  EXPECT_THAT(SummarizeSettings(*settings), HasSubstr("TIMEOUT=2m from TUTTI_TIMEOUT"));
}

TEST(Settings, EveryKnobsDefaultIsValid) {
  for (const Knob& knob : AllKnobs()) {
    JobSettings settings;
    EXPECT_TRUE(*knob.default_text == '\0' || knob.apply(knob.default_text, &settings)) << knob.variable;
    EXPECT_NE(*knob.help, '\0') << knob.variable;
    EXPECT_NE(*knob.values, '\0') << knob.variable;
  }
}

}  // namespace
}  // namespace tutti
