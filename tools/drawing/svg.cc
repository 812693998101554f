// SPDX-License-Identifier: Apache-2.0
#include "tools/drawing/svg.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace tutti::drawing {
namespace {

constexpr double kLetter = 0.6;  // width of a letter, by the size of the font

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
}

}  // namespace

double WidthOf(absl::string_view text, double font_size) {
  return kLetter * font_size * static_cast<double>(text.size());
}

void Svg::Append(absl::string_view element, absl::string_view title) {
  if (title.empty()) return absl::StrAppend(&body_, "<", element, "/>\n");
  const absl::string_view name = element.substr(0, element.find(' '));
  absl::StrAppend(&body_, "<", element, "><title>", Escaped(title), "</title></", name, ">\n");
}

void Svg::Box(double x, double y, double width, double height, absl::string_view style, absl::string_view title) {
  Append(absl::StrFormat("rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"3\" %s", x, y, width, height,
                         style),
         title);
}

void Svg::Text(double x, double y, absl::string_view text, absl::string_view style) {
  absl::StrAppendFormat(&body_, "<text x=\"%.1f\" y=\"%.1f\" %s>%s</text>\n", x, y, style, Escaped(text));
}

void Svg::Line(double x1, double y1, double x2, double y2, absl::string_view style) {
  Append(absl::StrFormat("line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s", x1, y1, x2, y2, style), "");
}

void Svg::Path(absl::string_view commands, absl::string_view style, absl::string_view title) {
  Append(absl::StrCat("path d=\"", commands, "\" ", style), title);
}

std::string Svg::Finish(double width, double height) const {
  return absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" font-family=\"sans-serif\" "
      "font-size=\"%.0f\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n%s</svg>\n",
      width, height, kFontSize, body_);
}

}  // namespace tutti::drawing
