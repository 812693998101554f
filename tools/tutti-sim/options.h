// SPDX-License-Identifier: Apache-2.0
// The command line of tutti-sim.
#ifndef TUTTI_TOOLS_TUTTI_SIM_OPTIONS_H_
#define TUTTI_TOOLS_TUTTI_SIM_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectives/schedule/shape.h"

namespace tutti::simtool {

struct Options {
  Collective collective = Collective::kAllReduce;
  std::vector<int> ranks = {8};
  std::vector<uint64_t> bytes = {uint64_t{1} << 20};
  std::vector<std::string> algorithms;  // empty: the library's choice
  uint32_t element_bytes = 4;
  uint64_t segment_bytes = 0;
  int root = 0;
  bool in_place = false;
  std::string topology_file;     // "": the default cluster
  std::string calibration_file;  // "": the default costs
  uint64_t seed = 1;
  int trials = 0;
  uint64_t max_steps = 0;
  bool json = false;
  std::string svg_file;
  std::string goal_file;
};

// Nothing if tutti-sim is to end at once with *status: help was asked for and is printed, or the command line is wrong and a
// sentence on stderr says how.
std::optional<Options> ParseOptions(int argc, char** argv, int* status);

}  // namespace tutti::simtool

#endif  // TUTTI_TOOLS_TUTTI_SIM_OPTIONS_H_
