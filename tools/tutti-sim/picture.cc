// SPDX-License-Identifier: Apache-2.0
// The drawing: how the trials spread, and below it ranks over time with the critical path on top. Of many ranks only those on
// the critical path are shown.
#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "tools/tutti-sim/point.h"

namespace tutti::simtool {
namespace {

using simulate::Prediction;

constexpr double kLeft = 80;
constexpr double kWidth = 1000;
constexpr double kLane = 14;
constexpr size_t kMostLanes = 64;
constexpr size_t kBars = 60;
constexpr double kBarsHeight = 80;
constexpr double kLeastWidth = 0.4;  // so that short steps are seen

const char* Colour(StepKind kind) {
  switch (kind) {
    case StepKind::kSend:
      return "#4477aa";
    case StepKind::kRecv:
      return "#66ccee";
    case StepKind::kRecvReduce:
      return "#228833";
    case StepKind::kReduce:
      return "#ccbb44";
    case StepKind::kCopy:
      return "#bbbbbb";
    case StepKind::kEncode:
    case StepKind::kDecode:
    case StepKind::kDecodeReduce:
      return "#aa3377";
  }
  return "black";
}

class Svg {
 public:
  void Text(double x, double y, absl::string_view text, const char* anchor = "start") {
    absl::StrAppendFormat(&body_, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, text);
  }
  void Box(double x, double y, double width, double height, const char* colour, absl::string_view title) {
    absl::StrAppendFormat(
        &body_, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\"><title>%s</title></rect>\n", x,
        y, std::max(width, kLeastWidth), height, colour, title);
  }
  void Line(double x1, double y1, double x2, double y2, const char* style) {
    absl::StrAppendFormat(&body_, "<line x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\" %s/>\n", x1, y1, x2, y2,
                          style);
  }
  std::string Finish(double height) const {
    return absl::StrFormat(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" font-family=\"sans-serif\" "
        "font-size=\"11\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n%s</svg>\n",
        kLeft + kWidth + 40, height, body_);
  }

 private:
  std::string body_;
};

// Returns where it ends.
double DrawTrials(const Prediction& p, double top, Svg* svg) {
  const int64_t span = std::max<int64_t>(p.times_ps.back() - p.times_ps.front(), 1);
  std::vector<size_t> bars(kBars, 0);
  for (const int64_t time : p.times_ps) {
    const double place = static_cast<double>(time - p.times_ps.front()) / static_cast<double>(span);
    ++bars[std::min(static_cast<size_t>(place * kBars), kBars - 1)];
  }
  const size_t most = *std::max_element(bars.begin(), bars.end());
  const double bottom = top + kBarsHeight;
  for (size_t i = 0; i < kBars; ++i) {
    if (bars[i] == 0) continue;
    const double height = kBarsHeight * static_cast<double>(bars[i]) / static_cast<double>(most);
    svg->Box(kLeft + kWidth / kBars * static_cast<double>(i), bottom - height, kWidth / kBars - 1, height, "#4477aa",
             absl::StrCat(bars[i], " trials"));
  }
  svg->Text(kLeft, bottom + 14, TimeText(p.times_ps.front()));
  svg->Text(kLeft + kWidth, bottom + 14, TimeText(p.times_ps.back()), "end");
  svg->Text(kLeft + kWidth / 2, bottom + 14,
            absl::StrCat(p.trials, " trials: p50 ", TimeText(p.p50_ps), ", p99 ", TimeText(p.p99_ps)), "middle");
  return bottom + 34;
}

// All ranks if they are few, else those on the critical path that come first.
std::vector<int> RanksShown(const Prediction& p) {
  std::vector<int> ranks;
  if (static_cast<size_t>(p.simulated_ranks) <= kMostLanes) {
    for (int r = 0; r < p.simulated_ranks; ++r) ranks.push_back(r);
    return ranks;
  }
  for (const simulate::CriticalStep& step : p.critical.steps) {
    if (ranks.size() < kMostLanes && std::find(ranks.begin(), ranks.end(), step.work.rank) == ranks.end()) {
      ranks.push_back(step.work.rank);
    }
  }
  return ranks;
}

double DrawRanks(const Prediction& p, double top, Svg* svg) {
  const std::vector<int> ranks = RanksShown(p);
  const int64_t end = std::max<int64_t>(*std::max_element(p.end_of_rank_ps.begin(), p.end_of_rank_ps.end()), 1);
  const auto x = [&](int64_t ps) { return kLeft + kWidth * static_cast<double>(ps) / static_cast<double>(end); };
  std::vector<double> lane_of(static_cast<size_t>(p.simulated_ranks), -1);
  for (size_t i = 0; i < ranks.size(); ++i) {
    const double y = top + kLane * static_cast<double>(i);
    const size_t rank = static_cast<size_t>(ranks[i]);
    lane_of[rank] = y;
    svg->Text(kLeft - 6, y + kLane - 4, absl::StrCat("rank ", rank), "end");
    svg->Line(kLeft, y + kLane - 2, x(p.end_of_rank_ps[rank]), y + kLane - 2, "stroke=\"#dddddd\"");
    for (uint32_t s = p.workload->FirstStepOf(ranks[i]); s < p.workload->FirstStepOf(ranks[i] + 1); ++s) {
      const simulate::StepTrace& trace = p.step_traces[s];
      const simulate::WorkStep& step = p.workload->steps()[s];
      svg->Box(x(trace.start_ps), y + 2, x(trace.end_ps) - x(trace.start_ps), kLane - 5, Colour(step.kind),
               absl::StrCat("rank ", step.rank, " ", StepText(step), ", ", TimeText(trace.start_ps), " to ",
                            TimeText(trace.end_ps)));
    }
  }
  for (size_t i = 0; i + 1 < p.critical.steps.size(); ++i) {
    const simulate::CriticalStep& from = p.critical.steps[i];
    const simulate::CriticalStep& to = p.critical.steps[i + 1];
    const double y_from = lane_of[static_cast<size_t>(from.work.rank)];
    const double y_to = lane_of[static_cast<size_t>(to.work.rank)];
    if (y_from < 0 || y_to < 0) continue;
    svg->Line(x(from.start_ps), y_from + kLane / 2, x(to.start_ps), y_to + kLane / 2,
              "stroke=\"#ee6677\" stroke-width=\"1.5\"");
  }
  const double bottom = top + kLane * static_cast<double>(ranks.size());
  svg->Text(kLeft, bottom + 14, "0");
  svg->Text(kLeft + kWidth, bottom + 14, TimeText(end), "end");
  return bottom + 34;
}

}  // namespace

std::string DrawSvg(const Point& point) {
  const Prediction& p = *point.prediction;
  Svg svg;
  svg.Text(kLeft, 20,
           absl::StrCat(CollectiveName(point.question.collective), ", ", SizeText(point.question.bytes), ", ",
                        point.question.ranks, " ranks, ", point.choice.algorithm->name,
                        p.extrapolated.empty() ? "" : absl::StrCat(" (drawn: ", p.simulated_ranks, " ranks)")));
  double y = 36;
  if (p.trials > 1) y = DrawTrials(p, y, &svg);
  svg.Text(kLeft, y,
           "ranks at work in the trial in the middle: send blue, receive light blue, receive and reduce green, reduce "
           "yellow, "
           "copy grey; the critical path red");
  y = DrawRanks(p, y + 8, &svg);
  return svg.Finish(y);
}

}  // namespace tutti::simtool
