// SPDX-License-Identifier: Apache-2.0
// One line of a trace file. What it says is checked before it is used: the file may be cut off, damaged or made up.
#ifndef TUTTI_TOOLS_TUTTI_REPORT_TRACE_LINE_H_
#define TUTTI_TOOLS_TUTTI_REPORT_TRACE_LINE_H_

#include <string>

#include "absl/strings/string_view.h"

#include "tools/tutti-report/records.h"

namespace tutti::report {

// Adds what the line says to `rank`. "" or what is wrong with it; then nothing was added. `names` gets what entries point to.
std::string AddLine(absl::string_view line, RankRecords* rank, std::set<std::string>* names);

}  // namespace tutti::report

#endif  // TUTTI_TOOLS_TUTTI_REPORT_TRACE_LINE_H_
