// SPDX-License-Identifier: Apache-2.0
// The command line of tutti-run.
#ifndef TUTTI_TOOLS_TUTTI_RUN_OPTIONS_H_
#define TUTTI_TOOLS_TUTTI_RUN_OPTIONS_H_

#include <optional>

#include "tools/launch/supervisor.h"

namespace tutti::launch {

struct CommandLine {
  JobOptions job;
  Program program;
};

// Nothing if tutti-run is to end at once with *status: help was asked for and is printed, or the command line is wrong and a
// sentence on stderr says how.
std::optional<CommandLine> ParseCommandLine(int argc, char** argv, int* status);

}  // namespace tutti::launch

#endif  // TUTTI_TOOLS_TUTTI_RUN_OPTIONS_H_
