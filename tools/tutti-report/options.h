// SPDX-License-Identifier: Apache-2.0
// The command line of tutti-report.
#ifndef TUTTI_TOOLS_TUTTI_REPORT_OPTIONS_H_
#define TUTTI_TOOLS_TUTTI_REPORT_OPTIONS_H_

#include <optional>
#include <string>

namespace tutti::report {

struct Options {
  std::string directory;
  std::string job;       // "": the one that began last
  std::string output;    // the page; "": report.html in the folder
  std::string perfetto;  // "": no such file
  bool json = false;
};

// Nothing if tutti-report is to end at once with *status: help was asked for and is printed, or the command line is wrong and a
// sentence on stderr says how.
std::optional<Options> ParseOptions(int argc, char** argv, int* status);

}  // namespace tutti::report

#endif  // TUTTI_TOOLS_TUTTI_REPORT_OPTIONS_H_
