// SPDX-License-Identifier: Apache-2.0
// What tutti-info says of a host with two RDMA devices, rxe0 (10.77.0.1) and rxe1 (10.77.1.1).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "run_program.h"

namespace tutti {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json Port(const json& devices, const std::string& name) {
  for (const json& port : devices["ports"]) {
    if (port["name"] == name) return port;
  }
  ADD_FAILURE() << "there is no port " << name << " in " << devices.dump(2);
  return {};
}

json Devices(const std::vector<std::string>& environment) {
  const Finished run = RunProgram({TUTTI_INFO, "--devices", "--json"}, environment);
  EXPECT_EQ(run.status, 0) << run.err;
  return json::parse(run.out)["devices"];
}

TEST(TuttiInfoOnTwoDevices, ShowsWhichPortIsChosenForTheJobsAddressAndWhy) {
  const json devices = Devices({"TUTTI_INTERFACE=10.77.1.0/24"});
  EXPECT_EQ(devices["job_address"], "10.77.1.1");
  const json chosen = Port(devices, "rxe1:1");
  EXPECT_EQ(chosen["verdict"], "chosen");
  EXPECT_EQ(chosen["reason"], "it has the job's address, 10.77.1.1");
  EXPECT_EQ(Port(devices, "rxe0:1")["verdict"], "usable");
  EXPECT_THAT(Port(devices, "rxe0:1")["reason"].get<std::string>(), HasSubstr("rxe1:1 has the job's address"));
  int used = 0;
  for (const json& gid : chosen["gids"]) {
    if (!gid["used"]) continue;
    ++used;
    EXPECT_EQ(gid["address"], "::ffff:10.77.1.1");
    EXPECT_EQ(gid["type"], "RoCE v2");
    EXPECT_EQ(gid["interface"], "rdma1");
  }
  EXPECT_EQ(used, 1);
}

TEST(TuttiInfoOnTwoDevices, ShowsWhichPortsAreUsedTogether) {
  const json both = Devices({"TUTTI_INTERFACE=10.77.1.0/24"});
  EXPECT_EQ(Port(both, "rxe1:1")["rail"], 0);
  EXPECT_EQ(Port(both, "rxe0:1")["rail"], 1);
  const json one = Devices({"TUTTI_INTERFACE=10.77.1.0/24", "TUTTI_VERBS_RAILS=1"});
  EXPECT_EQ(Port(one, "rxe1:1")["rail"], 0);
  EXPECT_TRUE(Port(one, "rxe0:1")["rail"].is_null());
}

TEST(TuttiInfoOnTwoDevices, ShowsWhatIsLeftOut) {
  const json devices = Devices({"TUTTI_INTERFACE=10.77.1.0/24", "TUTTI_VERBS_DEVICES=^rxe1"});
  EXPECT_EQ(Port(devices, "rxe1:1")["verdict"], "left out");
  EXPECT_THAT(Port(devices, "rxe1:1")["reason"].get<std::string>(), HasSubstr("^rxe1"));
  EXPECT_EQ(Port(devices, "rxe0:1")["verdict"], "chosen");
}

TEST(TuttiInfoOnTwoDevices, RanksTakeThemByTheJobsAddressOrInTurn) {
  const auto ranks_with = [](const std::vector<std::string>& environment) {
    const Finished run = RunProgram({TUTTI_INFO, "--topology", "-n", "2", "--json"}, environment);
    EXPECT_EQ(run.status, 0) << run.err;
    return json::parse(run.out)["topology"]["ranks"];
  };
  const json by_address = ranks_with({"TUTTI_INTERFACE=10.77.1.0/24"});
  for (const json& rank : by_address) EXPECT_EQ(rank["rails"], json({"rxe1:1", "rxe0:1"}));
  const json in_turn = ranks_with({"TUTTI_INTERFACE=lo", "TUTTI_VERBS_RAILS=1"});
  EXPECT_EQ(in_turn[0]["rails"], json({"rxe0:1"}));
  EXPECT_EQ(in_turn[1]["rails"], json({"rxe1:1"}));
  const json over_tcp = ranks_with({"TUTTI_INTERFACE=10.77.1.0/24", "TUTTI_TRANSPORT=shm,tcp"});
  EXPECT_EQ(over_tcp[1]["rails"], json({"rdma1"}));
}

TEST(TuttiInfoOnTwoDevices, TellsAPersonTheSame) {
  const Finished run = RunProgram({TUTTI_INFO}, {"TUTTI_INTERFACE=rdma0"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("rxe0:1  chosen: it has the job's address, 10.77.0.1"));
  EXPECT_THAT(run.out, HasSubstr("memory that may be locked: unlimited"));
}

}  // namespace
}  // namespace tutti
