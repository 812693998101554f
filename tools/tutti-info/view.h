// SPDX-License-Identifier: Apache-2.0
// One thing that tutti-info can show: for people and for programs. Each has a file of its own.
#ifndef TUTTI_TOOLS_TUTTI_INFO_VIEW_H_
#define TUTTI_TOOLS_TUTTI_INFO_VIEW_H_

#include <string>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tutti::info {

struct View {
  std::string text;             // whole lines
  nlohmann::ordered_json json;  // the value under the view's name
  std::string error;            // a sentence: what kept it from being shown; then text is empty
};

inline View ViewError(absl::string_view sentence) {
  View view;
  view.error = absl::StrCat(sentence);
  return view;
}

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_VIEW_H_
