// SPDX-License-Identifier: Apache-2.0
// The drawing: units in a row, inside boxes for what holds them, and arcs for what is sent. No number stands at an arc,
// where it would lie on others: the legend says what colours and widths mean, and each arc's title what it stands for.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "tools/drawing/svg.h"
#include "tools/drawing/words.h"
#include "tools/traffic/report.h"

namespace tutti::traffic {
namespace {

using drawing::BytesText;
using drawing::Svg;
using simulate::Cluster;
using simulate::PathClass;

constexpr double kMargin = 16;
constexpr double kGap = 3;          // between boxes
constexpr double kPadding = 6;      // inside a box, around what it holds
constexpr double kLabel = 15;       // the strip at the left of a box, in which its name is written upwards
constexpr double kUnitHeight = 58;  // a name of eight letters fits, upwards
constexpr double kLine = 20;        // of the legend
constexpr double kMostArcHeight = 330;
constexpr double kArcSteepness = 0.75;  // height grows slower than width, so that short arcs are seen beside long ones
constexpr double kWidestLine = 6;
constexpr double kThinnestLine = 0.8;
constexpr double kStrongest = 0.85;  // opacity where arcs are few, ...
constexpr double kFaintest = 0.16;   // ... and where everyone sends to everyone

// By PathClass: the farther, the warmer.
constexpr std::array<const char*, simulate::kNumPathClasses> kColours = {"#93a1b0", "#3f77ad", "#d8913a", "#b5485d"};

struct Column {
  double x = 0;
  double width = 0;
  double Centre() const { return x + width / 2; }
};

struct Container {
  Unit unit = Unit::kHost;
  int index = 0;
  size_t depth = 0;  // how many levels of boxes are inside
  double x = 0;
  double width = 0;
};

struct Row {
  std::vector<Column> columns;        // by unit
  std::vector<Container> containers;  // the outermost first
  size_t levels = 0;
  double width = 0;
};

// The levels of boxes that say something, the outermost first: not racks where there is one, not hosts of one rank
// each.
std::vector<Unit> ContainersOf(const Traffic& traffic, const Cluster& cluster) {
  std::vector<Unit> levels;
  for (const Unit unit : {Unit::kPod, Unit::kRack, Unit::kHost}) {
    if (unit <= traffic.unit) continue;
    const bool alone = NumUnits(cluster, unit) == 1 && unit != Unit::kHost;
    const bool of_one_each = NumUnits(cluster, unit) == traffic.num_units;
    if (!alone && !of_one_each) levels.push_back(unit);
  }
  return levels;
}

Row LayOut(const Traffic& traffic, const Cluster& cluster) {
  Row row;
  const std::vector<Unit> levels = ContainersOf(traffic, cluster);
  row.levels = levels.size();
  const double unit_width = traffic.num_units <= 16 ? 38 : traffic.num_units <= 32 ? 28 : 21;
  std::vector<int> first_rank(static_cast<size_t>(traffic.num_units), -1);
  for (int rank = cluster.num_ranks() - 1; rank >= 0; --rank) {
    first_rank[static_cast<size_t>(UnitOf(cluster, traffic.unit, rank))] = rank;
  }
  std::vector<size_t> open;  // places in row.containers, one for each level
  double x = kMargin;
  const auto close_from = [&](size_t level) {
    for (size_t i = open.size(); i-- > level;) {
      Container& container = row.containers[open[i]];
      x += kPadding - kGap;
      container.width = x - container.x;
      x += 2 * kGap;
    }
    open.resize(std::min(open.size(), level));
  };
  for (int unit = 0; unit < traffic.num_units; ++unit) {
    const int rank = first_rank[static_cast<size_t>(unit)];
    size_t same = 0;
    while (same < open.size() && row.containers[open[same]].index == UnitOf(cluster, levels[same], rank)) {
      ++same;
    }
    close_from(same);
    for (size_t level = same; level < levels.size(); ++level) {
      open.push_back(row.containers.size());
      row.containers.push_back({levels[level], UnitOf(cluster, levels[level], rank), levels.size() - level, x, 0});
      x += kLabel + kPadding / 2;
    }
    row.columns.push_back({x, unit_width});
    x += unit_width + kGap;
  }
  close_from(0);
  row.width = x + kMargin;
  return row;
}

const char* FillOf(Unit unit) {
  switch (unit) {
    case Unit::kRank:
      return "#ffffff";
    case Unit::kHost:
      return "#e9eef3";
    case Unit::kRack:
      return "#f1f0ea";
    case Unit::kPod:
      return "#f9f8f5";
  }
  return "white";
}

void DrawRow(const Row& row, const Traffic& traffic, double top, Svg* svg) {
  const double unit_top = top + kPadding * static_cast<double>(row.levels);
  for (const Container& container : row.containers) {
    const double inset = kPadding * static_cast<double>(row.levels - container.depth);
    const double y = top + inset;
    const double height = kUnitHeight + 2 * kPadding * static_cast<double>(container.depth);
    const std::string name = absl::StrCat(UnitName(container.unit), " ", container.index);
    svg->Box(container.x, y, container.width, height,
             absl::StrFormat("fill=\"%s\" stroke=\"#b9b9b4\"", FillOf(container.unit)), name);
    const double text_x = container.x + kLabel - 3;
    const double text_y = y + height / 2;
    svg->Text(
        text_x, text_y, name,
        absl::StrFormat("text-anchor=\"middle\" fill=\"#555555\" font-size=\"11\" transform=\"rotate(-90 %.1f %.1f)\"",
                        text_x, text_y));
  }
  for (size_t i = 0; i < row.columns.size(); ++i) {
    const Column& column = row.columns[i];
    svg->Box(column.x, unit_top, column.width, kUnitHeight,
             absl::StrFormat("fill=\"%s\" stroke=\"#8a8a8a\"",
                             traffic.unit == Unit::kRank ? "#ffffff" : FillOf(traffic.unit)),
             absl::StrCat(UnitName(traffic.unit), " ", i));
    svg->Text(column.Centre(), unit_top + kUnitHeight / 2 + 4, absl::StrCat(i), "text-anchor=\"middle\"");
  }
}

class Arcs {
 public:
  Arcs(const Row& row, const Report& report) : row_(row), traffic_(report.traffic), strands_(report.strands) {
    const Traffic& traffic = report.traffic;
    for (const Flow& flow : traffic.flows) {
      most_bytes_ = std::max(most_bytes_, flow.amount.bytes);
      double& widest = flow.to > flow.from ? widest_above_ : widest_below_;
      widest = std::max(widest, WidthOf(flow));
    }
    const double for_each = traffic.flows.empty() ? 1 : static_cast<double>(traffic.flows.size()) / traffic.num_units;
    widest_line_ = std::clamp(5 * kWidestLine / for_each, 1.5 * kThinnestLine, kWidestLine);
    opacity_ = std::clamp(6 / for_each, kFaintest, kStrongest);
  }

  double HeightAbove() const { return HighestOf(widest_above_); }
  double HeightBelow() const { return HighestOf(widest_below_); }
  uint64_t most_bytes() const { return most_bytes_; }

  // Between the upper and the lower edges of the units. Wide arcs first, so that narrow ones lie on top.
  void Draw(double upper, double lower, Svg* svg) const {
    std::vector<const Flow*> flows;
    for (const Flow& flow : traffic_.flows) flows.push_back(&flow);
    std::stable_sort(flows.begin(), flows.end(),
                     [&](const Flow* a, const Flow* b) { return WidthOf(*a) > WidthOf(*b); });
    for (const Flow* flow : flows) Draw(*flow, flow->to > flow->from ? upper : lower, svg);
  }

  double LineOf(uint64_t bytes) const {
    if (most_bytes_ == 0) return 2 * kThinnestLine;
    return std::max(kThinnestLine, widest_line_ * static_cast<double>(bytes) / static_cast<double>(most_bytes_));
  }

 private:
  void Draw(const Flow& flow, double y, Svg* svg) const {
    const bool above = flow.to > flow.from;
    const double outwards = above ? -1 : 1;
    const double highest = above ? HeightAbove() : HeightBelow();
    const double height = highest * std::pow(WidthOf(flow) / (above ? widest_above_ : widest_below_), kArcSteepness);
    const double bend = y + outwards * height * 4 / 3;  // the curve goes three quarters of the way there
    const double from = EndOf(flow.from, above, true);
    const double to = EndOf(flow.to, above, false);
    const double line = LineOf(flow.amount.bytes);
    const double head = 5 + line / 2;
    const double base = y + outwards * head;
    const char* const colour = kColours[static_cast<size_t>(flow.path)];
    const std::string name = UnitName(traffic_.unit);
    svg->Path(absl::StrFormat("M %.1f %.1f C %.1f %.1f %.1f %.1f %.1f %.1f", from, y, from, bend, to, bend, to, base),
              absl::StrFormat("fill=\"none\" stroke=\"%s\" stroke-width=\"%.2f\" opacity=\"%.2f\"%s", colour, line,
                              opacity_, IsInFirstStrand(flow) ? "" : " stroke-dasharray=\"9 5\""),
              absl::StrCat(name, " ", flow.from, " to ", name, " ", flow.to, ": ", BytesText(flow.amount.bytes), " in ",
                           drawing::CountText(flow.amount.messages, "message"), ", ", CrossingText(flow.path)));
    const double half = 2 + line * 0.75;
    svg->Path(absl::StrFormat("M %.1f %.1f L %.1f %.1f L %.1f %.1f Z", to - half, base, to + half, base, to, y),
              absl::StrFormat("fill=\"%s\"", colour));
  }

  double WidthOf(const Flow& flow) const {
    return std::abs(row_.columns[static_cast<size_t>(flow.to)].Centre() -
                    row_.columns[static_cast<size_t>(flow.from)].Centre());
  }
  static double HighestOf(double widest) { return widest == 0 ? 0 : std::min(kMostArcHeight, 24 + 0.36 * widest); }

  bool IsInFirstStrand(const Flow& flow) const {
    return strands_.empty() ||
           std::binary_search(strands_[0].ends.begin(), strands_[0].ends.end(), std::pair(flow.from, flow.to));
  }

  // What comes and what goes are apart, on the side where the other end is.
  double EndOf(int unit, bool above, bool is_from) const {
    const Column& column = row_.columns[static_cast<size_t>(unit)];
    return column.Centre() + (above == is_from ? 1 : -1) * column.width / 5;
  }

  const Row& row_;
  const Traffic& traffic_;
  const std::vector<Strand>& strands_;
  uint64_t most_bytes_ = 0;
  double widest_above_ = 0;
  double widest_below_ = 0;
  double widest_line_ = kWidestLine;
  double opacity_ = 1;
};

struct Legend {
  std::vector<std::pair<PathClass, std::string>> colours;
  std::vector<std::string> lines;
};

Legend LegendOf(const Report& report, const Arcs& arcs) {
  const Traffic& traffic = report.traffic;
  Legend legend;
  for (size_t path = 0; path < simulate::kNumPathClasses; ++path) {
    const Amount& amount = traffic.by_path[path];
    if (amount.messages == 0) continue;
    legend.colours.push_back({static_cast<PathClass>(path),
                              absl::StrCat(CrossingText(static_cast<PathClass>(path)), ": ", BytesText(amount.bytes),
                                           " in ", drawing::CountText(amount.messages, "message"))});
  }
  legend.lines.push_back(absl::StrCat("arcs above go to higher numbers, below to lower ones; the widest is ",
                                      BytesText(arcs.most_bytes())));
  if (traffic.unit != Unit::kRank) {
    const std::string name = UnitName(traffic.unit);
    legend.lines.push_back(absl::StrCat("more than ", kMostUnits, " ranks: each box is a ", name,
                                        " with all its ranks; what stays inside it is not drawn"));
  }
  if (!report.strands.empty()) {
    legend.lines.push_back(absl::StrCat("solid: bytes 0 to ", report.strands[0].end_byte - 1,
                                        " of the vector go there; dashed: only bytes after them"));
  }
  return legend;
}

}  // namespace

std::string TrafficSvg(const Report& report, const Cluster& cluster) {
  const Traffic& traffic = report.traffic;
  const Row row = LayOut(traffic, cluster);
  const Arcs arcs(row, report);
  const Legend legend = LegendOf(report, arcs);
  const std::string title = TitleOf(report, cluster);
  Svg svg;
  double y = kMargin + 10;
  double width = std::max(row.width, drawing::WidthOf(title, 15) + 2 * kMargin);
  svg.Text(kMargin, y, title, "font-weight=\"bold\" font-size=\"15\"");
  for (const auto& [path, text] : legend.colours) {
    y += kLine;
    svg.Line(kMargin, y - 4, kMargin + 28, y - 4,
             absl::StrFormat("stroke=\"%s\" stroke-width=\"4\"", kColours[static_cast<size_t>(path)]));
    svg.Text(kMargin + 36, y, text, "fill=\"#333333\"");
    width = std::max(width, drawing::WidthOf(text) + 36 + 2 * kMargin);
  }
  for (const std::string& text : legend.lines) {
    y += kLine;
    svg.Text(kMargin, y, text, "fill=\"#666666\"");
    width = std::max(width, drawing::WidthOf(text) + 2 * kMargin);
  }
  const double padding = kPadding * static_cast<double>(row.levels);
  const double top = y + kMargin + std::max(0.0, arcs.HeightAbove() - padding);
  DrawRow(row, traffic, top, &svg);
  const double upper = top + padding;
  arcs.Draw(upper, upper + kUnitHeight, &svg);
  const double bottom = upper + kUnitHeight + std::max(padding, arcs.HeightBelow());
  return svg.Finish(width, bottom + kMargin);
}

}  // namespace tutti::traffic
