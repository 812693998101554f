// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/bootstrap/launcher.h"
#include "lib/bootstrap/settings.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using Variables = std::map<std::string, std::string>;

Environment Of(Variables variables) {
  Environment environment;
  environment.variables = std::move(variables);
  environment.user_id = 1000;
  environment.parent_pid = 777;
  return environment;
}

JobSettings Resolved(Variables variables) {
  auto settings = ResolveSettings({}, Of(std::move(variables)));
  EXPECT_TRUE(settings.ok()) << settings.status();
  return settings.ok() ? *settings : JobSettings{};
}

Variables With(Variables base, const Variables& more) {
  for (const auto& [name, value] : more) base[name] = value;
  return base;
}

const Variables kTorchrun = {{"RANK", "5"},
                             {"WORLD_SIZE", "8"},
                             {"LOCAL_RANK", "1"},
                             {"LOCAL_WORLD_SIZE", "4"},
                             {"MASTER_ADDR", "node0"},
                             {"MASTER_PORT", "29500"},
                             {"TORCHELASTIC_RUN_ID", "run7"},
                             {"TORCHELASTIC_RESTART_COUNT", "0"},
                             {"TORCHELASTIC_USE_AGENT_STORE", "True"}};

const Variables kSlurm = {{"SLURM_PROCID", "5"},
                          {"SLURM_NTASKS", "7"},
                          {"SLURM_LOCALID", "1"},
                          {"SLURM_NODEID", "1"},
                          {"SLURM_STEP_TASKS_PER_NODE", "4,3"},
                          {"SLURM_STEP_NODELIST", "gpu[07-08]"},
                          {"SLURM_LAUNCH_NODE_IPADDR", "10.1.1.1"},
                          {"SLURM_JOB_ID", "4242"},
                          {"SLURM_STEP_ID", "0"}};

const Variables kOpenMpi = {{"OMPI_COMM_WORLD_RANK", "1"},
                            {"OMPI_COMM_WORLD_SIZE", "2"},
                            {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                            {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                            {"PMIX_NAMESPACE", "prterun-node0-99@1"}};

const Variables kPmi = {{"PMI_RANK", "0"}, {"PMI_SIZE", "3"}, {"MPI_LOCALRANKID", "0"}, {"MPI_LOCALNRANKS", "3"}};

TEST(Torchrun, GivesPlaceAndAPortBesideItsOwn) {
  const JobSettings settings = Resolved(kTorchrun);
  EXPECT_EQ(settings.launcher, "torchrun");
  EXPECT_EQ(settings.rank, 5);
  EXPECT_EQ(settings.size, 8);
  EXPECT_EQ(settings.local_rank, 1);
  EXPECT_EQ(settings.local_size, 4);
  EXPECT_THAT(settings.rendezvous, AllOf(StartsWith("tcp://node0:"), Not(HasSubstr("29500"))));
  EXPECT_EQ(settings.job_id, "torchrun:run7.0");
  EXPECT_EQ(Resolved(With(kTorchrun, {{"RANK", "0"}, {"LOCAL_RANK", "0"}})).rendezvous, settings.rendezvous);
}

TEST(Torchrun, PortCanBeGiven) {
  EXPECT_EQ(Resolved(With(kTorchrun, {{"TUTTI_PORT", "1234"}})).rendezvous, "tcp://node0:1234");
}

TEST(Torchrun, ARestartedGroupIsAnotherJob) {
  const JobSettings first = Resolved(kTorchrun);
  const JobSettings second = Resolved(With(kTorchrun, {{"TORCHELASTIC_RESTART_COUNT", "1"}}));
  EXPECT_NE(first.job_id, second.job_id);
  EXPECT_NE(first.rendezvous, second.rendezvous);
}

TEST(Torchrun, AnIpv6MasterGetsBrackets) {
  EXPECT_THAT(Resolved(With(kTorchrun, {{"MASTER_ADDR", "fd00::1"}})).rendezvous, StartsWith("tcp://[fd00::1]:"));
}

TEST(Slurm, GivesPlaceAndTheFirstHostOfTheStep) {
  const JobSettings settings = Resolved(kSlurm);
  EXPECT_EQ(settings.launcher, "Slurm");
  EXPECT_EQ(settings.rank, 5);
  EXPECT_EQ(settings.size, 7);
  EXPECT_EQ(settings.local_rank, 1);
  EXPECT_EQ(settings.local_size, 3);
  EXPECT_THAT(settings.rendezvous, StartsWith("tcp://gpu07:"));
  EXPECT_EQ(settings.job_id, "slurm:4242.0");
}

TEST(Slurm, TheLaunchNodeIsTakenIfThereIsNoList) {
  EXPECT_THAT(Resolved(With(kSlurm, {{"SLURM_STEP_NODELIST", ""}})).rendezvous, StartsWith("tcp://10.1.1.1:"));
}

TEST(Slurm, StepsOfOneJobMeetAtDifferentPorts) {
  EXPECT_NE(Resolved(kSlurm).rendezvous, Resolved(With(kSlurm, {{"SLURM_STEP_ID", "1"}})).rendezvous);
}

TEST(Slurm, AStepOnOneHostMeetsOnLoopback) {
  const JobSettings settings = Resolved(With(kSlurm, {{"SLURM_NODEID", "0"}, {"SLURM_STEP_TASKS_PER_NODE", "7"}}));
  EXPECT_THAT(settings.rendezvous, StartsWith("tcp://127.0.0.1:"));
}

TEST(Slurm, ABatchScriptOrAnInteractiveShellIsNotAStep) {
  for (const char* step : {"", "4294967291", "4294967290"}) {
    const JobSettings settings = Resolved(With(kSlurm, {{"SLURM_STEP_ID", step}}));
    EXPECT_EQ(settings.size, 1) << step;
    EXPECT_EQ(settings.launcher, "");
  }
}

TEST(OpenMpi, RanksOnOneHostMeetInAPrivateFile) {
  const JobSettings settings = Resolved(kOpenMpi);
  EXPECT_EQ(settings.launcher, "Open MPI");
  EXPECT_EQ(settings.rank, 1);
  EXPECT_EQ(settings.size, 2);
  EXPECT_EQ(settings.rendezvous_kind, RendezvousKind::kFile);
  EXPECT_THAT(settings.rendezvous, StartsWith("file:///tmp/tutti-1000/ompi-prterun-node0-99_1-"));
}

TEST(OpenMpi, RanksOnSeveralHostsNeedARendezvous) {
  const auto settings = ResolveSettings(
      {}, Of(With(kOpenMpi, {{"OMPI_COMM_WORLD_LOCAL_SIZE", "1"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "0"}})));
  ASSERT_FALSE(settings.ok());
  EXPECT_THAT(std::string(settings.status().message()),
              AllOf(HasSubstr("OMPI_COMM_WORLD_SIZE"), HasSubstr("TUTTI_RENDEZVOUS")));
}

TEST(Pmi, RanksOnOneHostMeetInAFileNamedAfterTheirParent) {
  const JobSettings settings = Resolved(kPmi);
  EXPECT_EQ(settings.launcher, "PMI");
  EXPECT_EQ(settings.size, 3);
  EXPECT_EQ(settings.rendezvous, "file:///tmp/tutti-1000/pmi-parent-777.rendezvous");
  EXPECT_EQ(settings.job_id, "");
}

struct Precedence {
  const char* name;
  Variables variables;
  const char* launcher;
  int size;
};

void PrintTo(const Precedence& precedence, std::ostream* out) { *out << precedence.name; }

class LauncherPrecedence : public ::testing::TestWithParam<Precedence> {};

TEST_P(LauncherPrecedence, OneFamilySuppliesBothRankAndSize) {
  const LauncherFacts facts = DetectLauncher(Of(GetParam().variables), std::nullopt);
  EXPECT_EQ(facts.family, GetParam().launcher);
  ASSERT_TRUE(facts.complete());
  EXPECT_EQ(facts.size->text, std::to_string(GetParam().size));
}

INSTANTIATE_TEST_SUITE_P(
    Families, LauncherPrecedence,
    ::testing::Values(Precedence{"TorchrunInSlurm", With(kTorchrun, kSlurm), "torchrun", 8},
                      Precedence{"PmiOfSrunAgrees", With(kSlurm, {{"PMI_RANK", "5"}, {"PMI_SIZE", "7"}}), "Slurm", 7},
                      Precedence{"MpirunInsideASlurmStep", With(kSlurm, kOpenMpi), "Open MPI", 2},
                      Precedence{"HydraInsideASlurmStep", With(kSlurm, kPmi), "PMI", 3},
                      Precedence{"OpenMpiBeforePmi", With(kOpenMpi, kPmi), "Open MPI", 2},
                      Precedence{"AStrayRankDoesNotHideSlurm", With(kSlurm, {{"RANK", "1"}}), "Slurm", 7},
                      Precedence{"AStrayOpenMpiRankDoesNotHidePmi", With(kPmi, {{"OMPI_COMM_WORLD_RANK", "1"}}), "PMI",
                                 3}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(Launcher, AHalfGivenFamilyIsAnErrorThatNamesIt) {
  for (const auto& [variables, name] :
       {std::pair{Variables{{"RANK", "1"}}, "RANK"}, std::pair{Variables{{"WORLD_SIZE", "2"}}, "WORLD_SIZE"},
        std::pair{Variables{{"PMI_SIZE", "2"}}, "PMI_SIZE"}}) {
    const auto settings = ResolveSettings({}, Of(variables));
    ASSERT_FALSE(settings.ok());
    EXPECT_THAT(std::string(settings.status().message()), HasSubstr(std::string(name) + " is set, but"));
  }
}

TEST(Launcher, DerivedPortsAreFixedForAllTimeAndOutsideTheEphemeralRange) {
  EXPECT_EQ(DerivePort("slurm:4242.0"), DerivePort("slurm:4242.0"));
  for (int i = 0; i < 1000; ++i) {
    const int port = DerivePort(std::to_string(i));
    EXPECT_GE(port, 20480);
    EXPECT_LT(port, 32768);
  }
}

TEST(Launcher, AFileNameIsMadeFitButStaysUnique) {
  const Environment environment = Of({});
  EXPECT_EQ(PrivateRendezvousPath(environment, "a-1"), "/tmp/tutti-1000/a-1.rendezvous");
  EXPECT_NE(PrivateRendezvousPath(environment, "a/1"), PrivateRendezvousPath(environment, "a.1"));
  EXPECT_THAT(PrivateRendezvousPath(environment, "../../etc"), Not(HasSubstr("..")));
}

}  // namespace
}  // namespace tutti
