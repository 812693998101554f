// SPDX-License-Identifier: Apache-2.0
// tutti-info as its users meet it. What it finds of devices is for tests/softroce: hosts that run this may have none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

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

TEST(TuttiInfo, SaysInWhichRackTheHostIs) {
  const Finished nowhere = RunProgram({TUTTI_INFO});
  EXPECT_THAT(nowhere.out, HasSubstr("nobody says in which rack or pod this host is"));
  const Finished run = RunProgram({TUTTI_INFO}, {"TUTTI_LOCALITY=pod1/rack3"});
  EXPECT_THAT(run.out, HasSubstr("this host is in pod1/rack3: TUTTI_LOCALITY\n"));
  const Finished as_json = RunProgram({TUTTI_INFO, "--devices", "--json"}, {"TUTTI_LOCALITY=pod1/rack3"});
  EXPECT_EQ(json::parse(as_json.out)["devices"]["locality"]["path"], "pod1/rack3");
  const Finished no_file = RunProgram({TUTTI_INFO}, {"TUTTI_LOCALITY_FILE=/nowhere/topology.conf"});
  EXPECT_EQ(no_file.status, 1);
  EXPECT_THAT(no_file.err, HasSubstr("TUTTI_LOCALITY_FILE: /nowhere/topology.conf cannot be read"));
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

TEST(TuttiInfo, ExplainsWhichAlgorithmACallUsesAndWhy) {
  const std::vector<std::string> command = {TUTTI_INFO, "--explain", "all_reduce", "1M", "-n", "64", "--json"};
  const json usual = json::parse(RunProgram(command).out)["explain"];
  EXPECT_EQ(usual["used"], "circulant");
  EXPECT_THAT(usual["why"].get<std::string>(),
              HasSubstr("the library's rules: any number of ranks, up to 1048576 bytes"));
  ASSERT_EQ(usual["candidates"].size(), 7u);
  for (size_t i = 1; i < 7; ++i) EXPECT_LE(usual["candidates"][i - 1]["p99_ps"], usual["candidates"][i]["p99_ps"]);
  const json wish = json::parse(RunProgram(command, {"TUTTI_ALGORITHM=all_reduce:ring@64K-"}).out)["explain"];
  EXPECT_EQ(wish["used"], "ring");
  EXPECT_EQ(wish["why"], "TUTTI_ALGORITHM says so");
  const Finished text = RunProgram({TUTTI_INFO, "--explain", "all_reduce", "1M", "-n", "8"});
  EXPECT_THAT(text.out, HasSubstr("circulant *"));
  EXPECT_THAT(text.out, HasSubstr("where all ranks share memory: shared_slices"));
  EXPECT_THAT(text.out, HasSubstr("where ranks outnumber cores: double_tree"));
  EXPECT_EQ(usual["crowded"], "double_tree");
  EXPECT_TRUE(wish["crowded"].is_null()) << "what is asked for comes first";
  EXPECT_EQ(RunProgram({TUTTI_INFO, "--explain", "all_reduce", "many"}).status, 2);
  EXPECT_THAT(RunProgram({TUTTI_INFO, "--explain", "all_redcue", "1"}).err, HasSubstr("\"all_redcue\" is not one of"));
}

// Eight ranks on two cores, and eight on eight.
TEST(TuttiInfo, ExplainsWhatIsUsedWhereRanksOutnumberCores) {
  const ScratchDirectory folder;
  const std::string file = folder.path() + "/host.json";
  std::vector<std::string> command = {TUTTI_INFO, "--explain", "all_reduce", "64", "-n", "8", "--calibration", file};
  std::ofstream(file) << R"({"hosts": [8], "cores_per_host": 2})";
  const std::string crowded = RunProgram(command).out;
  EXPECT_THAT(crowded, HasSubstr("all_reduce, 64 bytes, 8 ranks: hierarchical\n"));
  EXPECT_THAT(crowded, HasSubstr("why: the library's rules where ranks outnumber cores: any number of ranks"));
  EXPECT_THAT(crowded, HasSubstr("hierarchical *"));
  EXPECT_THAT(crowded, Not(HasSubstr("where ranks outnumber cores: hierarchical")));
  std::ofstream(file) << R"({"hosts": [8], "cores_per_host": 8})";
  const std::string roomy = RunProgram(command).out;
  EXPECT_THAT(roomy, HasSubstr("all_reduce, 64 bytes, 8 ranks: one_shot\n"));
  EXPECT_THAT(roomy, HasSubstr("where ranks outnumber cores: hierarchical\n"));
}

// Two ranks on two hosts, with 100 Mb/s between them: nothing that a core does takes as long as the bytes.
TEST(TuttiInfo, ExplainsThatACodecPaysOnASlowPath) {
  const ScratchDirectory folder;
  const std::string slow = folder.path() + "/slow.json";
  std::ofstream(slow) << R"({"ranks_per_host": 1, "paths": {"rack": {"GBps": 0.0125}}})";
  const std::vector<std::string> command = {TUTTI_INFO, "--explain", "all_reduce", "1M", "-n", "2", "--codec"};
  std::vector<std::string> on_slow = command;
  on_slow.insert(on_slow.end(), {"auto:0.01", "--calibration", slow, "--json"});
  const Finished run = RunProgram(on_slow);
  ASSERT_EQ(run.status, 0) << run.err;
  const json codec = json::parse(run.out)["explain"]["codec"];
  EXPECT_EQ(codec["chosen"], "int8") << run.out;
  EXPECT_NEAR(codec["none_p50_ps"].get<double>(), 1048576 / 0.0125e9 * 1e12, 0.05e12 * 0.084);
  const json int8 = codec["candidates"][0];
  EXPECT_EQ(int8["algorithm"], "encoded_direct");
  EXPECT_NEAR(int8["encoded_share"].get<double>(), 0.254, 0.001);
  EXPECT_GT(int8["saved_ps"].get<double>(), 0.7 * codec["none_p50_ps"].get<double>());
  EXPECT_LT(int8["cost_ps"].get<double>(), int8["saved_ps"].get<double>());
  on_slow.pop_back();
  EXPECT_THAT(RunProgram(on_slow).out, HasSubstr("codec auto:0.01: int8 pays: "));
  // As much in no time: not even a byte less can be gained back.
  const std::string quick = folder.path() + "/quick.json";
  std::ofstream(quick) << R"({"ranks_per_host": 1, "paths": {"rack": {"GBps": 10000}}})";
  std::vector<std::string> on_quick = command;
  on_quick.insert(on_quick.end(), {"lossless", "--calibration", quick});
  EXPECT_THAT(RunProgram(on_quick).out, HasSubstr("codec lossless: none pays: "));
  std::vector<std::string> wrong = command;
  wrong.push_back("int9");
  EXPECT_THAT(RunProgram(wrong).err, HasSubstr("--codec: \"int9\" is no codec"));
  EXPECT_THAT(RunProgram({TUTTI_INFO, "--codec", "int8"}).err, HasSubstr("--codec needs --explain all_reduce SIZE"));
}

TEST(TuttiInfo, DrawsTheMachine) {
  const ScratchDirectory folder;
  const std::string svg = folder.path() + "/machine.svg";
  const std::vector<std::string> server = {"HWLOC_SYNTHETIC=pack:2 numa:1 core:4 pu:2"};
  const Finished text = RunProgram({TUTTI_INFO, "--topology", "--svg", svg}, server);
  ASSERT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("  package 1: CPUs 8-15\n"));
  EXPECT_THAT(text.out, HasSubstr("cores 4-7: CPUs 8-15"));
  std::ifstream drawn(svg);
  std::string first;
  std::getline(drawn, first);
  EXPECT_THAT(first, HasSubstr("<svg xmlns="));
  const json machine = json::parse(RunProgram({TUTTI_INFO, "--topology", "--json"}, server).out)["topology"];
  EXPECT_EQ(machine["parts"][1]["kind"], "package");
  EXPECT_EQ(machine["cpus"].size(), 16u);
}

// The ranks in --topology -n --json.
json RanksOn(const std::vector<std::string>& machine, const std::vector<std::string>& options) {
  std::vector<std::string> command = {TUTTI_INFO, "--topology", "--json"};
  command.insert(command.end(), options.begin(), options.end());
  const Finished run = RunProgram(command, machine);
  EXPECT_EQ(run.status, 0) << run.err;
  return json::parse(run.out)["topology"]["ranks"];
}

TEST(TuttiInfo, PutsRanksAndTheirDevicesOnAServerOfTwoSockets) {
  const std::vector<std::string> server = {std::string("HWLOC_XMLFILE=") + TWO_SOCKETS, "TUTTI_VERBS_RAILS=1"};
  const json bound = RanksOn(server, {"-n", "8", "--bound"});
  ASSERT_EQ(bound.size(), 8u);
  for (int rank = 0; rank < 8; ++rank) {
    const json& shown = bound[static_cast<size_t>(rank)];
    EXPECT_EQ(shown["package"], rank / 4);
    EXPECT_EQ(shown["rails"], json({"mlx5_" + std::to_string(rank) + ":1"}));
    EXPECT_EQ(shown["cpus"].size(), 8u);
  }
  const json unbound = RanksOn(server, {"-n", "2"});
  EXPECT_EQ(unbound[1]["cpus"].size(), 64u);
  EXPECT_TRUE(unbound[1]["numa_node"].is_null());
  const ScratchDirectory folder;
  const std::string svg = folder.path() + "/machine.svg";
  const Finished text = RunProgram({TUTTI_INFO, "--topology", "-n", "8", "--svg", svg}, server);
  EXPECT_THAT(text.out,
              HasSubstr("8 ranks, bound to no core, as tutti-run starts them:\n  each may run on any of CPUs 0-63\n"));
  EXPECT_THAT(text.out, HasSubstr("  rank 5: sends by mlx5_5:1\n"));
  EXPECT_THAT(text.out, HasSubstr("--bound shows that"));
  std::ifstream file(svg);
  const std::string drawn((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_THAT(drawn, HasSubstr(">mlx5_7</text>"));
  EXPECT_THAT(drawn, HasSubstr(">rank 7</text>"));
}

TEST(TuttiInfo, RefusesADescriptionThatIsNone) {
  const Finished no_file = RunProgram({TUTTI_INFO, "--topology"}, {"HWLOC_XMLFILE=no/such/machine.xml"});
  EXPECT_EQ(no_file.status, 1);
  EXPECT_THAT(no_file.err, HasSubstr("no/such/machine.xml is no machine as \"lstopo --of xml\" writes it"));
  const Finished no_form = RunProgram({TUTTI_INFO, "--topology"}, {"HWLOC_SYNTHETIC=seven dwarfs"});
  EXPECT_EQ(no_form.status, 1);
  EXPECT_THAT(no_form.err, HasSubstr("\"seven dwarfs\" describes no machine"));
}

TEST(TuttiInfo, HeedsTheDevicesThatMayBeUsedOnADescribedServer) {
  const json ranks = RanksOn({std::string("HWLOC_XMLFILE=") + TWO_SOCKETS, "TUTTI_VERBS_DEVICES=mlx5_6"}, {"-n", "2"});
  EXPECT_EQ(ranks[0]["rails"], json({"mlx5_6:1"}));
  EXPECT_EQ(ranks[0]["why"], "it is the only one that is usable");
  const json none = RanksOn({std::string("HWLOC_XMLFILE=") + TWO_SOCKETS, "TUTTI_TRANSPORT=shm,tcp"}, {"-n", "2"});
  EXPECT_TRUE(none[0]["rails"].empty());
}

TEST(TuttiInfo, RanksOnThisMachineHaveAPlace) {
  // What hwloc's plug-in for PCI reads from pci.ids is never freed, which the address sanitizer would see.
  const json ranks = RanksOn({"TUTTI_TRANSPORT=shm,tcp", "HWLOC_COMPONENTS=-pci"}, {"-n", "3"});
  ASSERT_EQ(ranks.size(), 3u);
  EXPECT_FALSE(ranks[2]["cpus"].empty());
  EXPECT_LE(ranks[2]["rails"].size(), 1u);
}

TEST(TuttiInfo, DrawsWhatACollectiveSendsOnACluster) {
  const ScratchDirectory folder;
  const std::string svg = folder.path() + "/traffic.svg";
  const std::string file = folder.path() + "/cluster.json";
  std::ofstream(file) << R"({"ranks_per_host": 4, "hosts_per_rack": 2})";
  const std::vector<std::string> call = {TUTTI_INFO, "--topology", "all_reduce", "1M", "-n", "16", "--cluster", file};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), call.begin(), call.end());
    return more;
  };
  const Finished ring = RunProgram(with({"--algorithm", "ring", "--svg", svg}));
  ASSERT_EQ(ring.status, 0) << ring.err;
  EXPECT_THAT(ring.out,
              HasSubstr("all_reduce, 1 MiB, 16 ranks on 4 hosts in 2 racks: ring\nwhy: --algorithm says so\n"));
  EXPECT_THAT(ring.out, HasSubstr("ring: 0 > 1 > 2 > 3 > 4 >"));
  std::ifstream drawn(svg);
  std::string first;
  std::getline(drawn, first);
  EXPECT_THAT(first, HasSubstr("<svg xmlns="));
  const json usual = json::parse(RunProgram(with({"--json"})).out)["topology"];
  const json explained =
      json::parse(RunProgram({TUTTI_INFO, "--explain", "all_reduce", "1M", "-n", "16", "--cluster", file, "--json"})
                      .out)["explain"];
  EXPECT_EQ(usual["algorithm"], explained["used"]);
  EXPECT_EQ(usual["why"], explained["why"]);
  EXPECT_EQ(usual["racks"].size(), 2u);
  EXPECT_EQ(usual["between"], "ranks");
  const json wish =
      json::parse(RunProgram(with({"--json"}), {"TUTTI_ALGORITHM=all_reduce:double_tree"}).out)["topology"];
  EXPECT_EQ(wish["algorithm"], "double_tree");
  EXPECT_EQ(wish["strands"].size(), 2u);
}

TEST(TuttiInfo, SaysWhatIsWrongWithAQuestionAboutTopology) {
  const auto error = [](const std::vector<std::string>& words) {
    std::vector<std::string> command = {TUTTI_INFO};
    command.insert(command.end(), words.begin(), words.end());
    const Finished run = RunProgram(command);
    EXPECT_NE(run.status, 0);
    EXPECT_EQ(run.out, "");
    return run.err;
  };
  EXPECT_THAT(error({"--topology", "all_reduce"}), HasSubstr("--topology all_reduce: which size?"));
  EXPECT_THAT(error({"--topology", "all_redcue", "1M"}), HasSubstr("\"all_redcue\" is not one of"));
  EXPECT_THAT(error({"--topology", "all_reduce", "1M", "--algorithm", "rnig"}), HasSubstr("Did you mean \"ring\"?"));
  EXPECT_THAT(error({"--topology", "--bound"}), HasSubstr("--bound needs --topology -n N"));
  EXPECT_THAT(error({"--topology", "--algorithm", "ring"}), HasSubstr("--algorithm needs --topology COLLECTIVE SIZE"));
  EXPECT_THAT(error({"--topology", "--cluster", "some.json"}), HasSubstr("needs a collective and its size"));
  EXPECT_THAT(error({"--topology", "-n", "100000"}), HasSubstr("at most 4096 ranks"));
  EXPECT_THAT(error({"--topology", "all_reduce", "1M", "-n", "100", "--svg", "x.svg"}),
              HasSubstr("100 ranks are more than the 64 that can be told apart"));
}

TEST(TuttiInfo, PrintsATableThatItWouldHeedItself) {
  const ScratchDirectory folder;
  const Finished table = RunProgram({TUTTI_INFO, "--table", "all", "-n", "4,8"});
  ASSERT_EQ(table.status, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("all_reduce:"));
  EXPECT_THAT(table.out, HasSubstr("/2-4\n"));
  EXPECT_THAT(table.out, HasSubstr("/5-8\n"));
  const std::string file = folder.path() + "/table";
  std::ofstream(file) << table.out;
  const Finished run =
      RunProgram({TUTTI_INFO, "--explain", "broadcast", "64", "-n", "8"}, {"TUTTI_ALGORITHM_TABLE=" + file});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("why: TUTTI_ALGORITHM_TABLE: " + file + " says so"));
}

TEST(TuttiInfo, CalibratesAsAJobOfTwo) {
  const ScratchDirectory folder;
  const std::string file = folder.path() + "/costs.json";
  const Finished run = RunProgram({TUTTI_RUN, "-n", "2", "--", TUTTI_INFO, "--calibrate", file});
  ASSERT_EQ(run.status, 0) << run.err;
  std::ifstream in(file);
  const json costs = json::parse(in);
  EXPECT_GT(costs["paths"]["host"]["latency_us"], 0);
  EXPECT_GT(costs["reduce_GBps"], 0);
  EXPECT_FALSE(costs["paths"].contains("rack"));
  EXPECT_EQ(costs["ranks_per_host"], 1 << 20) << "all ranks are on the host that was measured";
  const Finished heeded = RunProgram({TUTTI_INFO, "--explain", "all_reduce", "1K", "-n", "2", "--calibration", file});
  EXPECT_EQ(heeded.status, 0) << heeded.err;
  const Finished alone = RunProgram({TUTTI_INFO, "--calibrate", file});
  EXPECT_EQ(alone.status, 1);
  EXPECT_THAT(alone.err, HasSubstr("tutti-run -n 2 -- tutti-info --calibrate FILE"));
}

TEST(TuttiInfo, MeasuresTheNoiseOfEachCoreForAsLongAsAsked) {
  const Finished run = RunProgram({TUTTI_INFO, "--noise", "200ms", "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_GE(run.seconds, 0.2);
  const json noise = json::parse(run.out)["noise"];
  EXPECT_EQ(noise["duration_ns"], 200'000'000);
  ASSERT_FALSE(noise["cores"].empty());
  for (const json& core : noise["cores"]) {
    EXPECT_GT(core["quanta"], 0);
    EXPECT_EQ(core["histogram"].size(), 5u);
    EXPECT_LE(core["detour_ns"]["p50"], core["detour_ns"]["max"]);
  }
  EXPECT_FALSE(noise["advice"].empty());
  const Finished text = RunProgram({TUTTI_INFO, "--noise", "100ms"});
  EXPECT_THAT(text.out, HasSubstr("worst gaps:"));
  EXPECT_THAT(text.out, HasSubstr("\n- "));
}

TEST(TuttiInfo, RefusesToMeasureNoiseForNoTimeOrForDays) {
  for (const char* duration : {"soon", "0s", "1us", "99h"}) {
    const Finished run = RunProgram({TUTTI_INFO, "--noise", duration});
    EXPECT_EQ(run.status, 2) << duration;
    EXPECT_THAT(run.err, HasSubstr(duration));
  }
}

TEST(TuttiInfo, AWrongCommandLineIsRefused) {
  const Finished run = RunProgram({TUTTI_INFO, "--no-such-view"});
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("no-such-view"));
}

}  // namespace
}  // namespace tutti
