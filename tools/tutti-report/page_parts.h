// SPDX-License-Identifier: Apache-2.0
// The files in page/, which the build puts into the program (CMakeLists.txt).
#ifndef TUTTI_TOOLS_TUTTI_REPORT_PAGE_PARTS_H_
#define TUTTI_TOOLS_TUTTI_REPORT_PAGE_PARTS_H_

namespace tutti::report {

extern const char* const kPageHtml;
extern const char* const kPageStyle;
extern const char* const kPageScript;

}  // namespace tutti::report

#endif  // TUTTI_TOOLS_TUTTI_REPORT_PAGE_PARTS_H_
