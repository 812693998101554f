// SPDX-License-Identifier: Apache-2.0
#include "tools/drawing/words.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace tutti::drawing {

std::string RangesText(const std::vector<int>& numbers) {
  if (numbers.empty()) return "none";
  std::vector<std::string> ranges;
  for (size_t i = 0; i < numbers.size();) {
    size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    ranges.push_back(end - i == 1 ? absl::StrCat(numbers[i]) : absl::StrCat(numbers[i], "-", numbers[end - 1]));
    i = end;
  }
  return absl::StrJoin(ranges, ",");
}

std::string BytesText(uint64_t bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  double value = static_cast<double>(bytes);
  for (; value >= 1024 && unit < 4; ++unit) value /= 1024;
  const int digits = value < 10 && value != static_cast<int>(value) ? 1 : 0;
  return absl::StrFormat("%.*f %s", digits, value, units[unit]);
}

std::string CountText(uint64_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

}  // namespace tutti::drawing
