// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

#include "tools/topology/machine.h"

namespace tutti::topology {
namespace {

std::string CpusText(const Place& place) {
  const std::string all = absl::StrCat(place.cpus.size() == 1 ? "CPU " : "CPUs ", RangesText(place.cpus));
  if (place.allowed == place.cpus) return all;
  return absl::StrCat(all, " (this process may use ", RangesText(place.allowed), ")");
}

// A core without parts, like the one before it: as many CPUs, of which all or none may be used.
bool LikeBefore(const Place& before, const Place& place) {
  const auto usable = [](const Place& p) { return p.allowed.empty() ? 0 : p.allowed == p.cpus ? 1 : 2; };
  return place.kind == PlaceKind::kCore && before.kind == PlaceKind::kCore && place.parts.empty() &&
         before.parts.empty() && place.cpus.size() == before.cpus.size() && usable(place) == usable(before) &&
         usable(place) != 2;
}

void Append(const Place& place, size_t depth, std::string* text) {
  const std::string indent(2 * depth, ' ');
  absl::StrAppend(text, indent, PlaceText(place), "\n");
  for (size_t i = 0; i < place.parts.size();) {
    size_t end = i + 1;
    while (end < place.parts.size() && LikeBefore(place.parts[end - 1], place.parts[end])) ++end;
    if (end - i == 1) {
      Append(place.parts[i], depth + 1, text);
    } else {
      Place all;
      std::vector<int> cores;
      for (size_t k = i; k < end; ++k) {
        cores.push_back(place.parts[k].index);
        all.cpus.insert(all.cpus.end(), place.parts[k].cpus.begin(), place.parts[k].cpus.end());
        all.allowed.insert(all.allowed.end(), place.parts[k].allowed.begin(), place.parts[k].allowed.end());
      }
      std::sort(cores.begin(), cores.end());
      std::sort(all.cpus.begin(), all.cpus.end());
      std::sort(all.allowed.begin(), all.allowed.end());
      absl::StrAppend(text, indent, "  cores ", RangesText(cores), ": ", CpusText(all), "\n");
    }
    i = end;
  }
}

constexpr double kBox = 70;   // width of a core
constexpr double kLine = 22;  // height of a text
constexpr double kMargin = 6;
constexpr double kLetter = 6.5;  // width of a letter, about

// How many parts are beside each other.
size_t InARow(const Place& place) {
  const bool has_grandchildren =
      std::any_of(place.parts.begin(), place.parts.end(), [](const Place& part) { return !part.parts.empty(); });
  if (!has_grandchildren) return 4;
  return place.kind == PlaceKind::kMachine ? 1 : 2;
}

const char* Colour(PlaceKind kind) {
  switch (kind) {
    case PlaceKind::kMachine:
      return "#ffffff";
    case PlaceKind::kPackage:
      return "#f4f4f4";
    case PlaceKind::kNumaNode:
      return "#e8d9b0";
    case PlaceKind::kCache:
      return "#dddddd";
    case PlaceKind::kCore:
      return "#c6e2c6";
    case PlaceKind::kDevice:
      return "#bcd2ee";
  }
  return "white";
}

struct Size {
  double width = 0;
  double height = 0;
};

// Draws the place with its parts in rows and returns its size; with text == nullptr it only measures.
Size Box(const Place& place, double x, double y, std::string* text) {
  const std::string label = PlaceText(place);
  Size size = {std::max(kBox, kLetter * static_cast<double>(label.size()) + 2 * kMargin), kLine};
  const size_t in_a_row = InARow(place);
  const auto lay_out = [&](std::string* parts_text) {
    double row_y = y + kLine;
    for (size_t i = 0; i < place.parts.size(); i += in_a_row) {
      double part_x = x + kMargin;
      double row_height = 0;
      for (size_t k = i; k < std::min(i + in_a_row, place.parts.size()); ++k) {
        const Size part = Box(place.parts[k], part_x, row_y, parts_text);
        part_x += part.width + kMargin;
        row_height = std::max(row_height, part.height);
      }
      size.width = std::max(size.width, part_x - x);
      row_y += row_height + kMargin;
      size.height = row_y - y;
    }
  };
  lay_out(nullptr);
  if (text == nullptr) return size;
  const bool usable = place.kind != PlaceKind::kCore || !place.allowed.empty();
  absl::StrAppendFormat(text,
                        "<rect x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"%.0f\" fill=\"%s\" stroke=\"#555555\"/>\n"
                        "<text x=\"%.0f\" y=\"%.0f\">%s</text>\n",
                        x, y, size.width, size.height, usable ? Colour(place.kind) : "#eeeeee", x + kMargin, y + 15,
                        absl::StrReplaceAll(label, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}}));
  lay_out(text);  // the box is drawn first, so that its parts lie on it
  return size;
}

}  // namespace

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

std::string PlaceText(const Place& place) {
  switch (place.kind) {
    case PlaceKind::kMachine:
      return absl::StrCat("machine", place.name.empty() ? "" : absl::StrCat(" (", place.name, ")"), ": ",
                          CpusText(place));
    case PlaceKind::kPackage:
      return absl::StrCat("package ", place.index, ": ", CpusText(place));
    case PlaceKind::kNumaNode:
      return absl::StrCat("NUMA node ", place.index, ": ", BytesText(place.bytes));
    case PlaceKind::kCache:
      return absl::StrCat("L", place.cache_level, " cache: ", BytesText(place.bytes));
    case PlaceKind::kCore:
      return absl::StrCat("core ", place.index, ": ", CpusText(place));
    case PlaceKind::kDevice:
      return absl::StrCat("network device ", place.name);
  }
  return "";
}

std::string DrawText(const Place& machine) {
  std::string text;
  Append(machine, 0, &text);
  return text;
}

std::string DrawSvg(const Place& machine) {
  std::string boxes;
  const Size size = Box(machine, kMargin, kMargin, &boxes);
  return absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n%s</svg>\n",
      size.width + 2 * kMargin, size.height + 2 * kMargin, boxes);
}

}  // namespace tutti::topology
