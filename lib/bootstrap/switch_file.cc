// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/switch_file.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tutti {

// Nothing for a line that is empty.
absl::StatusOr<std::optional<SwitchFile::Switch>> SwitchFile::ParseLine(absl::string_view line) {
  Switch parsed;
  bool is_empty = true;
  for (const absl::string_view word : absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty())) {
    is_empty = false;
    const std::pair<absl::string_view, absl::string_view> pair = absl::StrSplit(word, absl::MaxSplits('=', 1));
    const auto& [key, value] = pair;
    if (!absl::StrContains(word, '=') || key.empty() || value.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("\"", word, "\" is not of the form Key=Value"));
    }
    if (absl::EqualsIgnoreCase(key, "SwitchName")) {
      parsed.name = std::string(value);
    } else if (absl::EqualsIgnoreCase(key, "Nodes") || absl::EqualsIgnoreCase(key, "Switches")) {
      absl::StatusOr<SlurmNames> names = SlurmNames::Parse(value);
      if (!names.ok()) return absl::InvalidArgumentError(absl::StrCat(key, ": ", names.status().message()));
      (absl::EqualsIgnoreCase(key, "Nodes") ? parsed.nodes : parsed.switches) = *std::move(names);
    }
  }
  if (is_empty) return std::nullopt;
  if (parsed.name.empty()) return absl::InvalidArgumentError("there is no SwitchName=");
  if (!parsed.nodes && !parsed.switches) {
    return absl::InvalidArgumentError(absl::StrCat("switch ", parsed.name, " has neither Nodes= nor Switches="));
  }
  return parsed;
}

absl::StatusOr<SwitchFile> SwitchFile::Parse(absl::string_view text, absl::string_view path) {
  SwitchFile file;
  file.path_ = std::string(path);
  int number = 0;
  int first = 1;       // line of what is continued
  std::string joined;  // lines that end with "\"
  for (const absl::string_view whole : absl::StrSplit(text, '\n')) {
    ++number;
    absl::string_view line = absl::StripSuffix(whole.substr(0, whole.find('#')), "\r");
    if (joined.empty()) first = number;
    const bool goes_on = absl::ConsumeSuffix(&line, "\\");
    absl::StrAppend(&joined, line, " ");
    if (goes_on) continue;
    absl::StatusOr<std::optional<Switch>> parsed = ParseLine(joined);
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ", line ", first, ": ", parsed.status().message()));
    }
    joined.clear();
    if (!*parsed) continue;
    (*parsed)->line = first;
    file.switches_.push_back(**std::move(parsed));
  }
  if (!joined.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ", line ", first, ": the last line ends with \"\\\""));
  }
  return file;
}

const SwitchFile::Switch* SwitchFile::Above(absl::string_view name, bool is_switch) const {
  const auto found = std::find_if(switches_.begin(), switches_.end(), [&](const Switch& at) {
    const std::optional<SlurmNames>& names = is_switch ? at.switches : at.nodes;
    return names && names->Has(name);
  });
  return found == switches_.end() ? nullptr : &*found;
}

absl::StatusOr<std::vector<std::string>> SwitchFile::SwitchesOf(absl::string_view host) const {
  std::vector<std::string> names;
  const Switch* above = Above(host, /*is_switch=*/false);
  if (above == nullptr) return absl::NotFoundError(absl::StrCat(path_, " names no switch for host ", host));
  for (; above != nullptr; above = Above(above->name, /*is_switch=*/true)) {
    if (std::find(names.begin(), names.end(), above->name) != names.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path_, ", line ", above->line, ": switch ", above->name, " is above itself"));
    }
    names.push_back(above->name);
  }
  std::reverse(names.begin(), names.end());
  return names;
}

}  // namespace tutti
