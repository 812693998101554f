// SPDX-License-Identifier: Apache-2.0
// tutti-run: starts the ranks of a job on this machine.
#include "tools/tutti-run/options.h"

int main(int argc, char** argv) {
  int status = 0;
  const auto line = tutti::launch::ParseCommandLine(argc, argv, &status);
  return line ? tutti::launch::RunJob(line->job, line->program) : status;
}
