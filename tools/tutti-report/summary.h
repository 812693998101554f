// SPDX-License-Identifier: Apache-2.0
// The report in a few sentences, for whoever asks "why was it slow?".
#ifndef TUTTI_TOOLS_TUTTI_REPORT_SUMMARY_H_
#define TUTTI_TOOLS_TUTTI_REPORT_SUMMARY_H_

#include <cstdint>
#include <string>
#include <vector>

namespace tutti::report {

struct Facts;

// The most important first. Plain text: what shows it must escape it.
std::vector<std::string> Summarize(const Facts& facts);

std::string DurationText(int64_t ns);    // "2.1 ms"
std::string BytesText(uint64_t bytes);   // "64 KiB"
std::string CountText(uint64_t number);  // "12,345"

}  // namespace tutti::report

#endif  // TUTTI_TOOLS_TUTTI_REPORT_SUMMARY_H_
