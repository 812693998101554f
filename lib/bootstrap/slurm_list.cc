// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/slurm_list.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/bootstrap/parse_value.h"

namespace tutti {

std::optional<std::string> FirstSlurmHost(absl::string_view host_list) {
  std::string host;
  for (size_t i = 0; i < host_list.size() && host_list[i] != ',';) {
    if (host_list[i] == ']') return std::nullopt;
    if (host_list[i] != '[') {
      host.push_back(host_list[i++]);
      continue;
    }
    const size_t close = host_list.find(']', i);
    if (close == absl::string_view::npos) return std::nullopt;
    const absl::string_view ranges = host_list.substr(i + 1, close - i - 1);
    const absl::string_view first = ranges.substr(0, ranges.find_first_of(",-"));
    if (first.empty()) return std::nullopt;
    for (char c : first) {
      if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
    }
    host.append(first.data(), first.size());
    i = close + 1;
  }
  if (host.empty()) return std::nullopt;
  return host;
}

std::optional<int> SlurmTasksOnNode(absl::string_view task_list, int node_index) {
  int64_t first_node = 0;
  for (absl::string_view item : absl::StrSplit(task_list, ',')) {
    int repeats = 1;
    const size_t open = item.find("(x");
    if (open != absl::string_view::npos) {
      if (!absl::EndsWith(item, ")")) return std::nullopt;
      const auto parsed = ParseNumber(item.substr(open + 2, item.size() - open - 3), 1, INT32_MAX);
      if (!parsed) return std::nullopt;
      repeats = *parsed;
    }
    const auto tasks = ParseNumber(item.substr(0, open), 1, INT32_MAX);
    if (!tasks) return std::nullopt;
    if (node_index >= first_node && node_index < first_node + repeats) return tasks;
    first_node += repeats;
  }
  return std::nullopt;
}

namespace {

constexpr size_t kMaxDigits = 18;  // of a number in brackets: no overflow

bool IsNumber(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxDigits &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

template <typename... Parts>
absl::Status Bad(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

}  // namespace

absl::StatusOr<SlurmNames::Range> SlurmNames::ParseRange(absl::string_view text) {
  const size_t dash = text.find('-');
  const absl::string_view first = text.substr(0, dash);
  const absl::string_view last = dash == absl::string_view::npos ? first : text.substr(dash + 1);
  Range range;
  range.digits = first.size();
  if (!IsNumber(first) || !IsNumber(last) || !absl::SimpleAtoi(first, &range.first) ||
      !absl::SimpleAtoi(last, &range.last)) {
    return Bad("\"", text, "\" is neither a number nor two with a \"-\" between them");
  }
  if (range.last < range.first) return Bad("the range \"", text, "\" ends before it begins");
  return range;
}

absl::StatusOr<SlurmNames::Name> SlurmNames::ParseName(absl::string_view text) {
  Name name;
  for (size_t at = 0; at < text.size();) {
    Part part;
    if (text[at] == ']') return Bad("a \"]\" has no \"[\" in \"", text, "\"");
    if (text[at] != '[') {
      const size_t end = std::min(text.find_first_of("[]", at), text.size());
      part.text = std::string(text.substr(at, end - at));
      at = end;
    } else {
      const size_t close = text.find(']', at);
      if (close == absl::string_view::npos) return Bad("a \"[\" is not closed in \"", text, "\"");
      for (const absl::string_view item : absl::StrSplit(text.substr(at + 1, close - at - 1), ',')) {
        absl::StatusOr<Range> range = ParseRange(item);
        if (!range.ok()) return range.status();
        part.ranges.push_back(*range);
      }
      at = close + 1;
    }
    name.push_back(std::move(part));
  }
  if (name.empty()) return Bad("a name is empty");
  return name;
}

absl::StatusOr<SlurmNames> SlurmNames::Parse(absl::string_view list) {
  SlurmNames names;
  size_t begin = 0;
  bool in_brackets = false;
  for (size_t at = 0; at <= list.size(); ++at) {
    if (at < list.size() && (list[at] != ',' || in_brackets)) {
      in_brackets = list[at] == '[' || (in_brackets && list[at] != ']');
      continue;
    }
    absl::StatusOr<Name> name = ParseName(list.substr(begin, at - begin));
    if (!name.ok()) return name.status();
    names.names_.push_back(*std::move(name));
    begin = at + 1;
  }
  return names;
}

bool SlurmNames::Matches(absl::string_view name, const Name& pattern, size_t part) {
  if (part == pattern.size()) return name.empty();
  if (pattern[part].ranges.empty()) {
    const std::string& text = pattern[part].text;
    return absl::StartsWith(name, text) && Matches(name.substr(text.size()), pattern, part + 1);
  }
  // A number may be followed by digits that belong to the next part.
  for (size_t digits = 1; digits <= name.size() && IsNumber(name.substr(0, digits)); ++digits) {
    uint64_t number = 0;
    if (!absl::SimpleAtoi(name.substr(0, digits), &number)) return false;
    const auto is_in = [&](const Range& range) {
      return number >= range.first && number <= range.last &&
             digits == std::max(range.digits, absl::StrCat(number).size());
    };
    const auto& ranges = pattern[part].ranges;
    if (std::any_of(ranges.begin(), ranges.end(), is_in) && Matches(name.substr(digits), pattern, part + 1))
      return true;
  }
  return false;
}

bool SlurmNames::Has(absl::string_view name) const {
  return std::any_of(names_.begin(), names_.end(), [&](const Name& pattern) { return Matches(name, pattern, 0); });
}

}  // namespace tutti
