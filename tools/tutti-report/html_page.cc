// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-report/html_page.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "tools/tutti-report/facts_json.h"
#include "tools/tutti-report/page_parts.h"
#include "tools/tutti-report/summary.h"

namespace tutti::report {
namespace {

// Escaped, and numbers stay on a line with their units.
std::string Sentence(absl::string_view text) {
  std::string html = EscapeHtml(text);
  for (size_t at = html.find(' '); at != std::string::npos; at = html.find(' ', at + 1)) {
    const size_t end = std::min(html.find_first_of(" ,.;", at + 1), html.size());
    const absl::string_view unit = absl::string_view(html).substr(at + 1, end - at - 1);
    const bool after_number = at > 0 && absl::ascii_isdigit(static_cast<unsigned char>(html[at - 1]));
    if (after_number && (unit == "%" || unit == "ns" || unit == "us" || unit == "ms" || unit == "s")) {
      html.replace(at, 1, "&nbsp;");
    }
  }
  return html;
}

std::string List(const std::vector<std::string>& lines, absl::string_view attributes) {
  std::string html = absl::StrCat("<ul", attributes, ">");
  for (const std::string& line : lines) absl::StrAppend(&html, "<li>", Sentence(line), "</li>");
  return html + "</ul>";
}

// JSON that may stand in a script element: nothing in it can end the element or begin a comment.
std::string EmbeddedJson(const Facts& facts) {
  const std::string json = ToJson(facts).dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
  return absl::StrReplaceAll(json, {{"<", "\\u003c"}, {">", "\\u003e"}, {"&", "\\u0026"}});
}

std::string Notes(const Facts& facts) {
  std::vector<std::string> notes = facts.problems;
  for (const std::string& job : facts.other_jobs) {
    notes.push_back(absl::StrCat("The folder also has files of job ", job, ", which are not in this report (--job ",
                                 job, " shows that one)."));
  }
  if (notes.empty()) return "";
  return absl::StrCat("<section id=\"notes\"><h2>Notes</h2>", List(notes, " class=\"notes\""), "</section>");
}

}  // namespace

std::string EscapeHtml(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string MakePage(const Facts& facts) {
  const std::string headline = facts.summary.empty() ? "" : facts.summary.front();
  const std::vector<std::string> rest(facts.summary.begin() + (facts.summary.empty() ? 0 : 1), facts.summary.end());
  const std::string facts_line =
      absl::StrCat(facts.size, facts.size == 1 ? " rank" : " ranks", " · ", CountText(facts.recorded),
                   " recorded operations · ", DurationText(facts.span_ns), " · job ", facts.job);
  // One pass over the template: what is put in is not looked at again.
  return absl::StrReplaceAll(kPageHtml, {{"{{style}}", kPageStyle},
                                         {"{{script}}", kPageScript},
                                         {"{{headline}}", Sentence(headline)},
                                         {"{{summary}}", List(rest, " class=\"summary\"")},
                                         {"{{facts_line}}", EscapeHtml(facts_line)},
                                         {"{{notes}}", Notes(facts)},
                                         {"{{facts}}", EmbeddedJson(facts)}});
}

}  // namespace tutti::report
