// SPDX-License-Identifier: Apache-2.0
// The command line of tutti-info.
#ifndef TUTTI_TOOLS_TUTTI_INFO_OPTIONS_H_
#define TUTTI_TOOLS_TUTTI_INFO_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/tutti-info/live_view.h"

namespace tutti::info {

struct Options {
  bool devices = false;
  bool environment = false;
  bool live = false;
  LiveOptions live_options;
  bool once = false;
  int64_t noise_ns = 0;  // 0: not asked for
  bool json = false;
  bool topology = false;
  std::string topology_collective;  // "": the machine is shown, and not a cluster
  std::string algorithm;            // with `topology_collective`; "": what the library would use
  bool bound = false;               // ranks on the machine: each has cores of its own
  std::string svg_file;
  std::string explain;  // a collective's name; "": not asked
  uint64_t bytes = 0;   // of `explain`
  uint64_t topology_bytes = 0;
  std::string codec;  // with `explain`; "": not asked
  std::string table;  // a collective's name, or all; "": not asked
  std::vector<int> ranks = {8};
  bool ranks_are_given = false;
  bool by_p50 = false;
  std::string calibrate;  // the file to write; "": not asked
  std::string calibration_file;
  std::string topology_file;
};

// Nothing if tutti-info is to end at once with *status: help was asked for and is printed, or the command line is wrong and
// a sentence on stderr says how.
std::optional<Options> ParseOptions(int argc, char** argv, int* status);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_OPTIONS_H_
