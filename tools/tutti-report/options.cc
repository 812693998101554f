// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-report/options.h"

#include <CLI/CLI.hpp>
#include <iostream>

namespace tutti::report {

constexpr int kUsageStatus = 2;

std::optional<Options> ParseOptions(int argc, char** argv, int* status) {
  Options options;
  CLI::App app("Merges what the ranks of a job recorded (TUTTI_TRACE=DIR) into one page that says who was late.",
               "tutti-report");
  app.set_version_flag("--version", "tutti-report " TUTTI_VERSION);
  app.add_option("directory", options.directory, "The folder that TUTTI_TRACE named")->required()->option_text("DIR");
  app.add_option("-o,--output", options.output, "The page (default: report.html in the folder)")->option_text("FILE");
  app.add_flag("--json", options.json, "Print the merged facts as JSON instead of writing the page");
  app.add_option("--perfetto", options.perfetto, "Write a trace for ui.perfetto.dev or chrome://tracing instead")
      ->option_text("FILE");
  app.add_option("--job", options.job, "The job, if the folder has several (default: the latest)")->option_text("ID");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    *status = app.exit(help_or_version);
    return std::nullopt;
  } catch (const CLI::ParseError& wrong) {
    std::cerr << "tutti-report: " << wrong.what() << "; see tutti-report --help\n";
    *status = kUsageStatus;
    return std::nullopt;
  }
  if (options.output.empty()) options.output = options.directory + "/report.html";
  return options;
}

}  // namespace tutti::report
