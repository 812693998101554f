// SPDX-License-Identifier: Apache-2.0
// The command line of tutti-info.
#ifndef TUTTI_TOOLS_TUTTI_INFO_OPTIONS_H_
#define TUTTI_TOOLS_TUTTI_INFO_OPTIONS_H_

#include <optional>

namespace tutti::info {

struct Options {
  bool devices = false;
  bool environment = false;
  bool json = false;
};

// Nothing if tutti-info is to end at once with *status: help was asked for and is printed, or the command line is wrong and
// a sentence on stderr says how.
std::optional<Options> ParseOptions(int argc, char** argv, int* status);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_OPTIONS_H_
