// SPDX-License-Identifier: Apache-2.0
// Settings as text, for logs and tutti-info.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "lib/bootstrap/knobs.h"
#include "lib/bootstrap/settings.h"

namespace tutti {
namespace {

std::string Shown(const KnobValue& value) {
  if (value.text.empty()) return "-";
  return value.knob->is_secret ? "(set)" : value.text;
}

}  // namespace

std::string FormatSettings(const JobSettings& settings) {
  size_t name_width = 0;
  size_t value_width = 0;
  for (const KnobValue& value : settings.provenance) {
    name_width = std::max(name_width, absl::string_view(value.knob->variable).size());
    value_width = std::max(value_width, std::min<size_t>(Shown(value).size(), 40));
  }
  std::string out;
  for (const KnobValue& value : settings.provenance) {
    absl::StrAppendFormat(&out, "%-*s  %-*s  %s\n", static_cast<int>(name_width), value.knob->variable,
                          static_cast<int>(value_width), Shown(value), value.origin);
  }
  return out;
}

std::string SummarizeSettings(const JobSettings& settings) {
  std::string out = "settings:";
  for (const KnobValue& value : settings.provenance) {
    if (value.origin == "default") continue;
    absl::StrAppend(&out, out.back() == ':' ? " " : "; ", absl::StripPrefix(value.knob->variable, "TUTTI_"), "=",
                    Shown(value), " from ", value.origin);
  }
  if (out.back() == ':') absl::StrAppend(&out, " all at their defaults, a job of one rank");
  return out;
}

}  // namespace tutti
