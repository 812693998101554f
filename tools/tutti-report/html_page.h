// SPDX-License-Identifier: Apache-2.0
// The report as one HTML page that needs nothing else: style, script and facts are in it. The summary is text in the page; the
// drawings are made of the facts by page/page.js, in the reader's browser.
#ifndef TUTTI_TOOLS_TUTTI_REPORT_HTML_PAGE_H_
#define TUTTI_TOOLS_TUTTI_REPORT_HTML_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"

#include "tools/tutti-report/facts.h"

namespace tutti::report {

std::string MakePage(const Facts& facts);

// `text` as the content of an element or a quoted attribute.
std::string EscapeHtml(absl::string_view text);

}  // namespace tutti::report

#endif  // TUTTI_TOOLS_TUTTI_REPORT_HTML_PAGE_H_
