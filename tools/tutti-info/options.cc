// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/options.h"

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/bootstrap/parse_value.h"
#include "lib/recorder/flight_layout.h"

namespace tutti::info {

namespace {

constexpr int kUsageStatus = 2;

constexpr int kMostLocalRanks = 4096;  // on a machine, drawn and listed one by one
constexpr int64_t kShortestNoiseNs = 10 * kNsPerMs;
constexpr int64_t kLongestNoiseNs = 600 * kNsPerSecond;

// A sentence if it is none.
std::string ParseNoiseDuration(const std::string& text, int64_t* duration_ns) {
  const std::optional<int64_t> ns = ParseDurationNs(text);
  if (!ns || *ns < kShortestNoiseNs || *ns > kLongestNoiseNs) {
    return "\"" + text + "\" must be a duration from 10ms to 10m, like 10s";
  }
  *duration_ns = *ns;
  return "";
}

// A sentence if the words of an option are no collective's name and size.
std::string ReadCall(const std::string& option, const std::vector<std::string>& words, std::string* collective,
                     uint64_t* bytes) {
  if (words.size() != 2) return option + " " + words[0] + ": which size? Like 8, 64K or 1M";
  std::string size = words[1];
  try {
    CLI::AsSizeValue(/*kb_is_1000=*/false)(size);
    *bytes = std::stoull(size);
  } catch (const std::exception&) {
    return option + " " + words[0] + " \"" + words[1] + "\": it is no size like 8, 64K or 1M";
  }
  *collective = words[0];
  return "";
}

}  // namespace

std::optional<Options> ParseOptions(int argc, char** argv, int* status) {
  Options options;
  CLI::App app("Shows what tutti finds on this host, and what a rank started from here would make of it.",
               "tutti-info");
  app.set_version_flag("--version", "tutti-info " TUTTI_VERSION);
  app.add_flag("--devices", options.devices,
               "RDMA ports: which one is used and why, addresses, locked memory, how soon a broken path is noticed "
               "(shown if nothing else is asked for)");
  app.add_flag("--env", options.environment, "All TUTTI_* variables: the value in force, and where it came from");
  CLI::Option* live =
      app.add_option(
             "--live", options.live_options.job,
             "What the ranks of this host are in, for how long, and whom they wait for: of all jobs, or of the one "
             "with that run name, job id, or process id of a rank; on a terminal once a second")
          ->expected(0, 1)
          ->type_name("[JOB]");
  app.add_flag("--once", options.once, "With --live: show it once")->needs(live);
  app.add_option("--last", options.live_options.last, "With --live: the last N operations of each rank, too")
      ->needs(live)
      ->check(CLI::Range(1, static_cast<int>(kFlightOperations)))
      ->type_name("N");
  app.add_flag("--clean", options.live_options.clean, "With --live: remove the records of dead processes first")
      ->needs(live);
  std::vector<std::string> topology_words;
  CLI::Option* topology = app.add_option("--topology", topology_words,
                                         "This machine: packages, NUMA nodes, caches, cores, near network devices, and "
                                         "what may be used of it; with -n "
                                         "also ranks, and by which device each sends. With a collective and its size: "
                                         "the cluster's hosts, racks and "
                                         "pods, and which messages such a call sends between them")
                              ->expected(0, 2)
                              ->type_name("[COLLECTIVE SIZE]");
  app.add_option("--svg", options.svg_file, "With --topology: also draw it to this file")
      ->needs(topology)
      ->type_name("FILE");
  app.add_flag("--bound", options.bound,
               "With --topology -n: ranks as a launcher starts them that binds each to an equal part of the cores")
      ->needs(topology);
  app.add_option("--algorithm", options.algorithm,
                 "With --topology COLLECTIVE SIZE: this algorithm, instead of the one that would be used")
      ->needs(topology)
      ->type_name("NAME");
  std::vector<std::string> explain;
  app.add_option("--explain", explain, "Which algorithm a call uses, why, and what each is predicted to take")
      ->expected(2)
      ->type_name("COLLECTIVE SIZE");
  app.add_option(
      "--codec", options.codec,
      "With --explain all_reduce: whether this codec (or, by auto:E, one whose error is at most that part of "
      "the largest value) pays there, and why");
  app.add_option("--table", options.table,
                 "Print a file for TUTTI_ALGORITHM_TABLE: the shortest predicted tails of a collective, or all");
  CLI::Option* ranks =
      app.add_option("-n,--ranks", options.ranks, "Ranks, for --explain and --topology; a list, for --table")
          ->delimiter(',')
          ->check(CLI::Range(1, 1'000'000))
          ->capture_default_str();
  app.add_option(
      "--calibrate", options.calibrate,
      "As a job of two ranks or more (tutti-run -n 2 -- tutti-info --calibrate FILE): measure costs, and write "
      "them for --calibration");
  app.add_option("--calibration", options.calibration_file, "Measured costs; without it they are assumed");
  app.add_option("--cluster", options.topology_file, "Where ranks are, as --topology of tutti-sim");
  app.add_flag("--by-p50", options.by_p50, "Order by the median instead of the tail (p99)");
  std::string noise;
  app.add_option(
         "--noise", noise,
         "How evenly the cores run that this process may use: computes on all of them for so long (like 10s), and "
         "says what to do about what disturbs them")
      ->check([&options](const std::string& text) { return ParseNoiseDuration(text, &options.noise_ns); })
      ->type_name("DURATION");
  app.add_flag("--json", options.json, "For programs: one JSON object, with a member for each view");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    *status = app.exit(help_or_version);
    return std::nullopt;
  } catch (const CLI::ParseError& wrong) {
    std::cerr << "tutti-info: " << wrong.what() << "; see tutti-info --help\n";
    *status = kUsageStatus;
    return std::nullopt;
  }
  options.live = live->count() > 0;
  if (!options.codec.empty() && explain.empty()) {
    std::cerr << "tutti-info: --codec needs --explain all_reduce SIZE\n";
    *status = kUsageStatus;
    return std::nullopt;
  }
  options.topology = topology->count() > 0;
  options.ranks_are_given = ranks->count() > 0;
  std::string wrong;
  if (!explain.empty()) wrong = ReadCall("--explain", explain, &options.explain, &options.bytes);
  if (wrong.empty() && !(topology_words.empty() || topology_words[0].empty())) {
    wrong = ReadCall("--topology", topology_words, &options.topology_collective, &options.topology_bytes);
  }
  if (wrong.empty() && !options.algorithm.empty() && options.topology_collective.empty()) {
    wrong = "--algorithm needs --topology COLLECTIVE SIZE";
  }
  if (wrong.empty() && options.bound && (!options.ranks_are_given || !options.topology_collective.empty())) {
    wrong = "--bound needs --topology -n N, without a collective";
  }
  const bool asks_of_machine = options.topology && options.topology_collective.empty();
  if (wrong.empty() && asks_of_machine && !options.topology_file.empty() && explain.empty() && options.table.empty()) {
    wrong = "--cluster with --topology needs a collective and its size, like --topology all_reduce 1M";
  }
  if (wrong.empty() && asks_of_machine && options.ranks_are_given && options.ranks.front() > kMostLocalRanks) {
    wrong = "--topology shows at most " + std::to_string(kMostLocalRanks) + " ranks on a machine";
  }
  if (!wrong.empty()) {
    std::cerr << "tutti-info: " << wrong << "\n";
    *status = kUsageStatus;
    return std::nullopt;
  }
  const bool other = options.environment || options.live || options.topology || options.noise_ns > 0 ||
                     !options.explain.empty() || !options.table.empty();
  if (!other) options.devices = true;
  return options;
}

}  // namespace tutti::info
