// SPDX-License-Identifier: Apache-2.0
// The drawing of a machine: boxes in boxes. Places of a kind stand in a grid, kinds below each other. A core has the
// colour of the rank that may run on it, a device that of the rank that sends by it.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "tools/drawing/svg.h"
#include "tools/drawing/words.h"
#include "tools/topology/draw.h"

namespace tutti::topology {
namespace {

using drawing::Svg;

constexpr double kLine = 17;  // height of a text
constexpr double kMargin = 8;
constexpr double kLeastWidth = 64;
constexpr double kAspect = 1.6;  // width of a grid by its height, about

const char* const kRankColours[] = {"#cfe0f1", "#f6dcc8", "#d3ead0", "#e6d6ea",
                                    "#fbebb8", "#c9e8e8", "#f4d2d8", "#dedbc8"};
constexpr size_t kNumRankColours = 8;
constexpr const char* kSharedColour = "#ececec";  // by several ranks

const char* ColourOf(const Place& place) {
  switch (place.kind) {
    case PlaceKind::kMachine:
      return "#ffffff";
    case PlaceKind::kPackage:
      return "#f7f7f5";
    case PlaceKind::kNumaNode:
      return "#efe6cc";
    case PlaceKind::kCache:
      return "#e9eaec";
    case PlaceKind::kCore:
      return place.allowed.empty() ? "#eeeeee" : "#d9ead6";
    case PlaceKind::kDevice:
      return "#ffffff";
  }
  return "white";
}

// Which ranks are at a place: "rank 3", "ranks 0-2", with another word before it.
std::string RankNumbers(const std::vector<int>& ranks) {
  return absl::StrCat(ranks.size() == 1 ? "rank " : "ranks ", drawing::RangesText(ranks));
}

class Drawing {
 public:
  explicit Drawing(const std::vector<LocalRank>& ranks) : ranks_(ranks), shows_cores_(!ShareAllCpus(ranks)) {
    for (const LocalRank& rank : ranks) {
      for (size_t i = 0; i < rank.rails.size(); ++i) {
        const std::string device = rank.rails[i].substr(0, rank.rails[i].find(':'));
        (i == 0 ? first_of_ : other_of_)[device].push_back(rank.rank);
      }
    }
  }

  struct Box {
    const Place* place = nullptr;
    std::vector<std::string> lines;
    const char* colour = "white";
    double x = 0;  // from the upper left corner of the box that it is in
    double y = 0;
    double width = 0;
    double height = 0;
    std::vector<Box> parts;
  };

  Box Measure(const Place& place) const {
    Box box;
    box.place = &place;
    box.colour = ColourOf(place);
    Describe(place, &box);
    box.width = kLeastWidth;
    for (const std::string& line : box.lines) {
      box.width = std::max(box.width, drawing::WidthOf(line) + 2 * kMargin);
    }
    box.height = kLine * static_cast<double>(box.lines.size()) + kMargin;
    for (const Place& part : place.parts) box.parts.push_back(Measure(part));
    std::stable_sort(box.parts.begin(), box.parts.end(),
                     [](const Box& a, const Box& b) { return KindOf(a) < KindOf(b); });
    double width = 0;
    for (size_t first = 0; first < box.parts.size();) {
      const size_t end = EndOfKind(box.parts, first);
      width = std::max(width, WidthOfGrid(box.parts, first, end));
      first = end;
    }
    for (size_t first = 0; first < box.parts.size();) {
      const size_t end = EndOfKind(box.parts, first);
      LayOut(first, end, width, &box);
      first = end;
    }
    return box;
  }

  void Draw(const Box& box, double x, double y, Svg* svg) const {
    svg->Box(x, y, box.width, box.height, absl::StrFormat("fill=\"%s\" stroke=\"#8a8a8a\"", box.colour),
             PlaceText(*box.place));
    double line_y = y + kLine - 2;
    for (const std::string& line : box.lines) {
      svg->Text(x + kMargin, line_y, line, &line == &box.lines.front() ? "fill=\"#222222\"" : "fill=\"#555555\"");
      line_y += kLine;
    }
    for (const Box& part : box.parts) Draw(part, x + part.x, y + part.y, svg);
  }

 private:
  void Describe(const Place& place, Box* box) const {
    if (place.kind == PlaceKind::kCore) {
      box->lines = {absl::StrCat("core ", place.index), CpuNumbersText(place.cpus)};
      if (place.allowed != place.cpus && !place.allowed.empty()) {
        box->lines.push_back(absl::StrCat("usable: ", drawing::RangesText(place.allowed)));
      }
      if (place.allowed.empty()) box->lines.push_back("not usable");
      if (!shows_cores_) return;
      std::vector<int> here;
      for (const LocalRank& rank : ranks_) {
        const bool is_here = std::any_of(place.cpus.begin(), place.cpus.end(), [&](int cpu) {
          return std::binary_search(rank.cpus.begin(), rank.cpus.end(), cpu);
        });
        if (is_here) here.push_back(rank.rank);
      }
      if (here.empty()) return;
      box->lines.push_back(RankNumbers(here));
      box->colour = ColourFor(here);
    } else if (place.kind == PlaceKind::kDevice) {
      box->lines = {place.name, place.is_rdma ? "RDMA" : "network"};
      const auto first = first_of_.find(place.name);
      if (first != first_of_.end()) {
        box->lines.push_back(RankNumbers(first->second));
        box->colour = ColourFor(first->second);
      }
      const auto other = other_of_.find(place.name);
      if (other != other_of_.end()) box->lines.push_back(absl::StrCat("also ", RankNumbers(other->second)));
    } else {
      box->lines = {PlaceText(place)};
    }
  }

  static const char* ColourFor(const std::vector<int>& ranks) {
    return ranks.size() == 1 ? kRankColours[static_cast<size_t>(ranks[0]) % kNumRankColours] : kSharedColour;
  }

  // What stands in a grid of its own: NUMA nodes first, devices last, plain network interfaces after the others.
  static int KindOf(const Box& box) {
    if (box.place->kind == PlaceKind::kNumaNode) return -1;
    return 2 * static_cast<int>(box.place->kind) +
           (box.place->kind == PlaceKind::kDevice && !box.place->is_rdma ? 1 : 0);
  }

  static size_t EndOfKind(const std::vector<Box>& parts, size_t first) {
    size_t end = first + 1;
    while (end < parts.size() && KindOf(parts[end]) == KindOf(parts[first])) ++end;
    return end;
  }

  static std::pair<double, double> Largest(const std::vector<Box>& parts, size_t first, size_t end) {
    std::pair<double, double> largest = {0, 0};
    for (size_t i = first; i < end; ++i) {
      largest.first = std::max(largest.first, parts[i].width);
      largest.second = std::max(largest.second, parts[i].height);
    }
    return largest;
  }

  // Of the number of columns that makes the grid about as wide as is pleasant. Devices are a row under what is there.
  static double WidthOfGrid(const std::vector<Box>& parts, size_t first, size_t end) {
    const auto [width, height] = Largest(parts, first, end);
    const double area = (width + kMargin) * (height + kMargin) * static_cast<double>(end - first);
    const double pleasant = std::round(std::sqrt(area * kAspect) / (width + kMargin) + 0.2);
    const bool are_devices = parts[first].place->kind == PlaceKind::kDevice;
    const double columns = std::max(are_devices ? 4.0 : 1.0, pleasant);
    return std::min(columns, static_cast<double>(end - first)) * (width + kMargin) - kMargin;
  }

  // In rows as wide as there is room for, all columns alike.
  static void LayOut(size_t first, size_t end, double width, Box* box) {
    const auto [part_width, part_height] = Largest(box->parts, first, end);
    const size_t most = std::max<size_t>(1, static_cast<size_t>((width + kMargin) / (part_width + kMargin)));
    const size_t rows = (end - first + most - 1) / most;
    const size_t columns = (end - first + rows - 1) / rows;
    const double top = box->height;
    // What holds others takes all the room, so that borders are in line.
    const bool hold = std::any_of(box->parts.begin() + static_cast<std::ptrdiff_t>(first),
                                  box->parts.begin() + static_cast<std::ptrdiff_t>(end),
                                  [](const Box& part) { return !part.parts.empty(); });
    const double column = hold ? (width + kMargin) / static_cast<double>(columns) : part_width + kMargin;
    for (size_t i = first; i < end; ++i) {
      const size_t row = (i - first) / columns;
      Box& part = box->parts[i];
      part.width = column - kMargin;
      part.height = part_height;
      part.x = kMargin + static_cast<double>((i - first) % columns) * column;
      part.y = top + static_cast<double>(row) * (part_height + kMargin);
      box->width = std::max(box->width, part.x + part.width + kMargin);
      box->height = std::max(box->height, part.y + part_height + kMargin);
    }
  }

  const std::vector<LocalRank>& ranks_;
  const bool shows_cores_;
  std::map<std::string, std::vector<int>> first_of_;  // ranks that send by a device
  std::map<std::string, std::vector<int>> other_of_;  // ranks that have it beside their first
};

}  // namespace

std::string DrawSvg(const Place& machine, const std::vector<LocalRank>& ranks, const std::string& title) {
  const Drawing drawing(ranks);
  const Drawing::Box box = drawing.Measure(machine);
  Svg svg;
  double y = kMargin;
  const auto line = [&](const std::string& text, const char* style) {
    svg.Text(kMargin, y + kLine - 2, text, style);
    y += kLine + 2;
  };
  double width = box.width;
  const auto widen = [&](const std::string& text) { width = std::max(width, drawing::WidthOf(text)); };
  if (!title.empty()) line(title, "font-weight=\"bold\"");
  widen(title);
  if (ShareAllCpus(ranks)) {
    const std::string where = absl::StrCat("each may run on any of ", CpuNumbersText(ranks[0].cpus));
    line(where, "fill=\"#555555\"");
    widen(where);
  }
  if (!ranks.empty() && !ranks[0].rails.empty()) {
    const std::string rails = "a device names the ranks that send by it; \"also\": beside their first, or in its place";
    line(rails, "fill=\"#555555\"");
    widen(rails);
  }
  if (y > kMargin) y += kMargin / 2;
  drawing.Draw(box, kMargin, y, &svg);
  return svg.Finish(width + 2 * kMargin, y + box.height + kMargin);
}

}  // namespace tutti::topology
