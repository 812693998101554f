// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-sim/options.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "absl/strings/str_cat.h"

#include "collectives/select/select.h"
#include "collectives/simulate/predict.h"
#include "tools/cluster/collective_word.h"

namespace tutti::simtool {
namespace {

constexpr int kUsageStatus = 2;
constexpr int kMostRanks = 1'000'000;
constexpr int kMostTrials = 1'000'000;

std::string CheckAll(const std::string& collective, Options& o) {
  const std::optional<Collective> known = cluster::CollectiveOf(collective);
  if (!known) return cluster::NoCollective(collective);
  o.collective = *known;
  for (const std::string& name : o.algorithms) {
    if (name == "all") continue;
    const auto algorithm = ParseAlgorithm(o.collective, name);
    if (!algorithm.ok()) return std::string(algorithm.status().message());
  }
  for (const int ranks : o.ranks) {
    if (ranks < 1 || ranks > kMostRanks) return absl::StrCat("--ranks must be from 1 to ", kMostRanks);
    if (o.root < 0 || o.root >= ranks) return absl::StrCat("--root ", o.root, " is not a rank of ", ranks);
  }
  const uint32_t e = o.element_bytes;
  if (e != 1 && e != 2 && e != 4 && e != 8) return "--element-bytes must be 1, 2, 4 or 8";
  if (o.trials < 0 || o.trials > kMostTrials) return absl::StrCat("--trials must be from 0 to ", kMostTrials);
  const bool one_point = o.ranks.size() == 1 && o.bytes.size() == 1 && o.algorithms.size() <= 1 &&
                         (o.algorithms.empty() || o.algorithms[0] != "all");
  if (!one_point && !(o.svg_file.empty() && o.goal_file.empty())) {
    return "--svg and --goal are for one algorithm, one size and one number of ranks";
  }
  return "";
}

}  // namespace

std::optional<Options> ParseOptions(int argc, char** argv, int* status) {
  Options o;
  o.max_steps = simulate::PredictOptions().max_steps;
  std::string collective;
  CLI::App app(
      "Predicts what a collective takes on a cluster, from the library's own schedules and a model of the cluster.",
      "tutti-sim");
  app.set_version_flag("--version", "tutti-sim " TUTTI_VERSION);
  app.add_option("collective", collective, cluster::CollectiveNames())->required();
  const CLI::AsSizeValue as_size(/*kb_is_1000=*/false);
  app.add_option("-n,--ranks", o.ranks, "Ranks, or a list: 8,64,512")->delimiter(',')->capture_default_str();
  app.add_option("-b,--bytes", o.bytes, "Length of the larger buffer, or a list: 8,64K,1M (powers of 1024)")
      ->delimiter(',')
      ->transform(as_size)
      ->default_str("1M");
  app.add_option("-a,--algorithm", o.algorithms, "By name, a list, or all; default: the library's choice")
      ->delimiter(',');
  app.add_option("-t,--topology", o.topology_file, "What the cluster looks like, and what is broken there; JSON");
  app.add_option("-c,--calibration", o.calibration_file, "What paths and processors cost; JSON, as measured");
  app.add_option("-s,--seed", o.seed, "The same seed gives the same answer")->capture_default_str();
  app.add_option("--trials", o.trials, "Runs with other noise each; 0: as many as a few seconds allow")
      ->capture_default_str();
  app.add_option("--segment-bytes", o.segment_bytes, "Pieces for pipelining; 0: the library's choice")
      ->transform(as_size)
      ->default_str("0");
  app.add_option("--element-bytes", o.element_bytes, "1, 2, 4 or 8")->capture_default_str();
  app.add_option("--root", o.root, "Root of the calls that have one")->capture_default_str();
  app.add_flag("--in-place", o.in_place, "Input and output are the same memory");
  app.add_option("--max-steps", o.max_steps, "Beyond this, fewer ranks are simulated and the rest is extrapolated")
      ->capture_default_str();
  app.add_flag("--json", o.json, "For programs: one JSON object");
  app.add_option("--svg", o.svg_file, "Draw the run in the middle: ranks over time, and the critical path");
  app.add_option("--goal", o.goal_file, "Write the schedules in GOAL, for LogGOPSim");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    *status = app.exit(help_or_version);
    return std::nullopt;
  } catch (const CLI::ParseError& wrong) {
    std::cerr << "tutti-sim: " << wrong.what() << "; see tutti-sim --help\n";
    *status = kUsageStatus;
    return std::nullopt;
  }
  if (const std::string error = CheckAll(collective, o); !error.empty()) {
    std::cerr << "tutti-sim: " << error << "; see tutti-sim --help\n";
    *status = kUsageStatus;
    return std::nullopt;
  }
  return o;
}

}  // namespace tutti::simtool
