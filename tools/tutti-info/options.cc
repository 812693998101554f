// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/options.h"

#include <CLI/CLI.hpp>
#include <iostream>

namespace tutti::info {

constexpr int kUsageStatus = 2;

std::optional<Options> ParseOptions(int argc, char** argv, int* status) {
  Options options;
  CLI::App app("Shows what tutti finds on this host, and what a rank started from here would make of it.",
               "tutti-info");
  app.set_version_flag("--version", "tutti-info " TUTTI_VERSION);
  app.add_flag("--devices", options.devices,
               "RDMA ports: which one is used and why, addresses, locked memory, how soon a broken path is noticed "
               "(shown if nothing else is asked for)");
  app.add_flag("--env", options.environment, "All TUTTI_* variables: the value in force, and where it came from");
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
  if (!options.environment) options.devices = true;
  return options;
}

}  // namespace tutti::info
