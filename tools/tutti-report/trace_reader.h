// SPDX-License-Identifier: Apache-2.0
// Reads the trace files of a folder.
#ifndef TUTTI_TOOLS_TUTTI_REPORT_TRACE_READER_H_
#define TUTTI_TOOLS_TUTTI_REPORT_TRACE_READER_H_

#include <string>

#include "tools/tutti-report/records.h"

namespace tutti::report {

// All *.jsonl files there that are of job `job`, or of the job that began last if that is "". Files, or lines of them, that
// make no sense are left out and become problems. "" or why nothing could be read at all.
std::string ReadTraces(const std::string& directory, const std::string& job, Records* records);

}  // namespace tutti::report

#endif  // TUTTI_TOOLS_TUTTI_REPORT_TRACE_READER_H_
