// SPDX-License-Identifier: Apache-2.0
// Boxes, lines and text as an SVG picture. It knows nothing of what is drawn.
#ifndef TUTTI_TOOLS_DRAWING_SVG_H_
#define TUTTI_TOOLS_DRAWING_SVG_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tutti::drawing {

inline constexpr double kFontSize = 12;

// About what the text takes in a common sans-serif font; rather too much than too little.
double WidthOf(absl::string_view text, double font_size = kFontSize);

// Styles are attributes, like fill="white". A title is shown while the pointer is there; "": none. Lengths are pixels,
// from the upper left corner. What comes later lies on top.
class Svg {
 public:
  void Box(double x, double y, double width, double height, absl::string_view style, absl::string_view title = "");
  // y: of the letters' base.
  void Text(double x, double y, absl::string_view text, absl::string_view style = "");
  void Line(double x1, double y1, double x2, double y2, absl::string_view style);
  // `commands` as SVG's path has them, like "M 0 0 L 1 1".
  void Path(absl::string_view commands, absl::string_view style, absl::string_view title = "");

  // The whole file, on white.
  std::string Finish(double width, double height) const;

 private:
  void Append(absl::string_view element, absl::string_view title);

  std::string body_;
};

}  // namespace tutti::drawing

#endif  // TUTTI_TOOLS_DRAWING_SVG_H_
