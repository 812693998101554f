// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-run/options.h"

#include <CLI/CLI.hpp>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace tutti::launch {
namespace {

constexpr int kUsageStatus = 2;

constexpr const char* kDescription =
    "Starts N ranks of a tutti program on this machine, and ends all of them when one fails.\n\n"
    "  tutti-run -n 4 -- ./my_program its arguments\n";

constexpr const char* kFooter =
    "Each rank gets TUTTI_RANK, TUTTI_SIZE, TUTTI_LOCAL_RANK, TUTTI_LOCAL_SIZE, TUTTI_RENDEZVOUS (a file in a fresh\n"
    "private directory), TUTTI_INTERFACE=lo and a random TUTTI_SECRET; the last two only if they are not set already.\n"
    "Its stdin is empty. Each line it writes is passed on with \"[rank] \" before it.\n\n"
    "SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 are forwarded to all ranks and what they started. A second\n"
    "request to end stops the job (SIGTERM, then SIGKILL), a third kills it at once.\n\n"
    "Exit status: 0 if all ranks ended with 0; else that of the first that failed, 128 + N if it was killed by signal "
    "N;\n"
    "124 if --timeout passed; 127 if the program cannot be started; 2 if the command line is wrong.\n";

class Help : public CLI::Formatter {
 public:
  Help() { column_width(28); }
  std::string make_usage(const CLI::App*, std::string) const override {
    return "Usage: tutti-run -n N [OPTIONS] [--] PROGRAM [ARGUMENTS]\n";
  }
};

int Refuse(const std::string& why) {
  std::cerr << "tutti-run: " << why << "; see tutti-run --help\n";
  return kUsageStatus;
}

}  // namespace

std::optional<CommandLine> ParseCommandLine(int argc, char** argv, int* status) {
  CommandLine line;
  line.job.name = "tutti-run";
  std::vector<std::string> assignments;

  CLI::App app(kDescription, "tutti-run");
  app.footer(kFooter);
  app.formatter(std::make_shared<Help>());
  app.set_version_flag("--version", "tutti-run " TUTTI_VERSION);
  app.add_option("-n,--ranks", line.job.size, "How many ranks to start, 1 to " + std::to_string(kMaxRanks))->required();
  app.add_option("-e,--env", assignments, "NAME=VALUE: set it for all ranks; may be repeated")->allow_extra_args(false);
  app.add_flag("--bind", line.job.bind, "Bind each rank to one of the CPUs that may be used, in turn");
  app.add_option("--timeout", line.job.timeout_s, "Stop the job after this many seconds; 0: never");
  app.add_option("--grace", line.job.grace_s, "Seconds between SIGTERM and SIGKILL when the job is stopped")
      ->capture_default_str();
  app.prefix_command();  // from the first word that is no option of ours on, all belongs to the program

  // Ours end at "--" at the latest. CLI11 is given only those, so that it cannot touch the program's.
  int own = 1;
  while (own < argc && std::strcmp(argv[own], "--") != 0) ++own;
  try {
    app.parse(own, argv);
  } catch (const CLI::CallForHelp& help) {
    *status = app.exit(help);
    return std::nullopt;
  } catch (const CLI::CallForVersion& version) {
    *status = app.exit(version);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    *status = Refuse(error.what());
    return std::nullopt;
  }

  const auto refuse = [&](const std::string& why) {
    *status = Refuse(why);
    return std::nullopt;
  };
  line.program.argv = app.remaining();
  const size_t words_before = line.program.argv.size();
  for (int i = own; i < argc; ++i) line.program.argv.emplace_back(argv[i]);
  // A "--" right after our options is ours; a later one is the program's.
  if (words_before == 0 && own < argc) line.program.argv.erase(line.program.argv.begin());

  if (!line.program.argv.empty() && words_before > 0 && line.program.argv[0].front() == '-') {
    return refuse("there is no option " + line.program.argv[0]);
  }
  if (line.program.argv.empty() || line.program.argv[0].empty()) return refuse("which program? Name it after \"--\"");
  if (line.job.size < 1 || line.job.size > kMaxRanks) {
    return refuse("-n " + std::to_string(line.job.size) + " is not from 1 to " + std::to_string(kMaxRanks));
  }
  if (!(line.job.timeout_s >= 0 && line.job.timeout_s <= 1e9)) return refuse("--timeout must be seconds, 0 or more");
  if (!(line.job.grace_s >= 0 && line.job.grace_s <= 1e6)) return refuse("--grace must be seconds, 0 or more");
  for (const std::string& text : assignments) {
    std::string error;
    Assignment assignment;
    if (!ParseAssignment(text, &assignment, &error)) return refuse("--env: " + error);
    line.job.environment.push_back(assignment);
  }
  return line;
}

}  // namespace tutti::launch
