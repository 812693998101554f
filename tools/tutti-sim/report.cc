// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "tools/tutti-sim/point.h"

namespace tutti::simtool {
namespace {

using simulate::CriticalPath;
using simulate::LinkLoad;
using simulate::Prediction;

constexpr size_t kLinksShown = 6;
constexpr size_t kStepsShown = 40;

double Share(int64_t part, int64_t whole) {
  return whole > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string CriticalText(const Prediction& p) {
  const CriticalPath& path = p.critical;
  const int64_t whole = path.late_ps + path.processor_ps + path.noise_ps + path.queued_ps + path.way_ps;
  std::string text = absl::StrFormat(
      "critical path: %d steps; entering %s (%.0f %%), processors %s (%.0f %%), noise %s (%.0f %%), waiting for links "
      "and receivers %s (%.0f %%), on the way %s (%.0f %%)\n",
      path.steps.size(), TimeText(path.late_ps), Share(path.late_ps, whole), TimeText(path.processor_ps),
      Share(path.processor_ps, whole), TimeText(path.noise_ps), Share(path.noise_ps, whole), TimeText(path.queued_ps),
      Share(path.queued_ps, whole), TimeText(path.way_ps), Share(path.way_ps, whole));
  const size_t steps = path.steps.size();
  for (size_t i = 0; i < steps; ++i) {
    if (steps > kStepsShown && i == kStepsShown / 2) {
      absl::StrAppend(&text, "    ... ", steps - kStepsShown, " more ...\n");
      i = steps - kStepsShown / 2;
    }
    const simulate::CriticalStep& step = path.steps[i];
    absl::StrAppendFormat(&text, "    %10s  rank %d %s\n", TimeText(step.start_ps), step.work.rank,
                          StepText(step.work));
  }
  return text;
}

std::string LinksText(const Prediction& p) {
  std::vector<size_t> order(p.link_loads.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return p.link_loads[a].busy_ps > p.link_loads[b].busy_ps; });
  std::string text = "busiest links:\n";
  for (size_t i = 0; i < std::min(kLinksShown, order.size()); ++i) {
    const LinkLoad& load = p.link_loads[order[i]];
    if (load.messages == 0) break;
    absl::StrAppendFormat(&text, "    %-14s busy %4.0f %%, %d messages, %s; messages waited for it %s in all\n",
                          p.cluster->links()[order[i]].name, Share(load.busy_ps, p.p50_ps), load.messages,
                          SizeText(load.bytes), TimeText(load.waited_ps));
  }
  return text;
}

}  // namespace

std::string TimeText(int64_t ps) {
  const double us = static_cast<double>(ps) / static_cast<double>(simulate::kPsPerUs);
  if (us < 1000) return absl::StrFormat("%.*f us", us < 10 ? 2 : us < 100 ? 1 : 0, us);
  const double ms = us / 1000;
  if (ms < 1000) return absl::StrFormat("%.*f ms", ms < 10 ? 2 : ms < 100 ? 1 : 0, ms);
  return absl::StrFormat("%.*f s", ms < 10000 ? 2 : 1, ms / 1000);
}

std::string SizeText(uint64_t bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (unit + 1 < 5 && bytes >= 1024 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return absl::StrCat(bytes, " ", units[unit]);
}

std::string StepText(const simulate::WorkStep& step) {
  const std::string size = SizeText(step.bytes);
  switch (step.kind) {
    case StepKind::kSend:
      return absl::StrCat("sends ", size, " to ", step.peer);
    case StepKind::kRecv:
      return absl::StrCat("receives ", size, " from ", step.peer);
    case StepKind::kRecvReduce:
      return absl::StrCat("receives and reduces ", size, " from ", step.peer);
    case StepKind::kReduce:
      return absl::StrCat("reduces ", size);
    case StepKind::kCopy:
      return absl::StrCat("copies ", size);
    case StepKind::kEncode:
      return absl::StrCat("encodes ", size);
    case StepKind::kDecode:
      return absl::StrCat("decodes ", size);
    case StepKind::kDecodeReduce:
      return absl::StrCat("decodes and reduces ", size);
  }
  return "";
}

std::string DetailText(const Point& point) {
  const Prediction& p = *point.prediction;
  std::string text = absl::StrCat(CollectiveName(point.question.collective), ", ", SizeText(point.question.bytes), ", ",
                                  point.question.ranks, " ranks: ", point.choice.algorithm->name,
                                  point.is_library_choice ? " (the library's choice)" : "");
  if (point.choice.segment_bytes > 0) {
    absl::StrAppend(&text, ", segments of ", SizeText(point.choice.segment_bytes));
  }
  absl::StrAppend(&text, "\npredicted: p50 ", TimeText(p.p50_ps), ", p99 ", TimeText(p.p99_ps));
  if (p.trials == 1) {
    absl::StrAppend(&text, " (one trial, as nothing is random)");
  } else {
    absl::StrAppend(&text, ", from ", TimeText(p.least_ps), " to ", TimeText(p.most_ps), " (", p.trials, " trials",
                    p.trials < 100 ? ", so p99 is the largest" : "", ")");
  }
  absl::StrAppend(&text, "\n", p.num_steps, " steps, ", p.num_messages, " messages\n");
  if (!p.extrapolated.empty()) {
    absl::StrAppend(&text, p.extrapolated, ".\nWhat follows is of ", p.simulated_ranks, " ranks.\n");
  }
  absl::StrAppend(&text, CriticalText(p), LinksText(p));
  return text;
}

std::string TableText(const std::vector<Point>& points) {
  std::string text =
      absl::StrFormat("%8s %12s  %-20s %12s %12s %7s\n", "ranks", "bytes", "algorithm", "p50", "p99", "trials");
  std::string notes;
  for (const Point& point : points) {
    const std::string name = absl::StrCat(point.choice.algorithm->name, point.is_library_choice ? " *" : "");
    absl::StrAppendFormat(&text, "%8d %12d  %-20s ", point.question.ranks, point.question.bytes, name);
    if (!point.prediction.ok()) {
      absl::StrAppendFormat(&text, "%12s %12s\n", "-", "-");
      absl::StrAppend(&notes, point.choice.algorithm->name, " with ", point.question.ranks,
                      " ranks: ", point.prediction.status().message(), "\n");
      continue;
    }
    const Prediction& p = *point.prediction;
    absl::StrAppendFormat(&text, "%12s %12s %7d%s\n", TimeText(p.p50_ps), TimeText(p.p99_ps), p.trials,
                          p.extrapolated.empty() ? "" : " ~");
  }
  const bool some_extrapolated = std::any_of(points.begin(), points.end(), [](const Point& point) {
    return point.prediction.ok() && !point.prediction->extrapolated.empty();
  });
  absl::StrAppend(&text, "* what the library chooses\n");
  if (some_extrapolated)
    absl::StrAppend(&text, "~ fewer ranks were simulated, and the time continued in a straight line\n");
  return absl::StrCat(text, notes);
}

nlohmann::ordered_json PointJson(const Point& point) {
  nlohmann::ordered_json json = {{"collective", CollectiveName(point.question.collective)},
                                 {"ranks", point.question.ranks},
                                 {"bytes", point.question.bytes},
                                 {"algorithm", point.choice.algorithm->name},
                                 {"segment_bytes", point.choice.segment_bytes},
                                 {"library_choice", point.is_library_choice}};
  if (!point.prediction.ok()) {
    json["error"] = std::string(point.prediction.status().message());
    return json;
  }
  const Prediction& p = *point.prediction;
  json.update({{"p50_ps", p.p50_ps},
               {"p99_ps", p.p99_ps},
               {"min_ps", p.least_ps},
               {"max_ps", p.most_ps},
               {"trials", p.trials},
               {"simulated_ranks", p.simulated_ranks},
               {"steps", p.num_steps},
               {"messages", p.num_messages}});
  json["extrapolated"] =
      p.extrapolated.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(p.extrapolated);
  const CriticalPath& path = p.critical;
  json["critical_path"] = {{"entering_ps", path.late_ps}, {"processors_ps", path.processor_ps},
                           {"noise_ps", path.noise_ps},   {"queued_ps", path.queued_ps},
                           {"way_ps", path.way_ps},       {"steps", nlohmann::ordered_json::array()}};
  for (const simulate::CriticalStep& step : path.steps) {
    json["critical_path"]["steps"].push_back({{"rank", step.work.rank},
                                              {"kind", StepKindName(step.work.kind)},
                                              {"peer", step.work.peer},
                                              {"bytes", step.work.bytes},
                                              {"start_ps", step.start_ps},
                                              {"end_ps", step.end_ps}});
  }
  json["links"] = nlohmann::ordered_json::array();
  for (size_t i = 0; i < p.link_loads.size(); ++i) {
    const LinkLoad& load = p.link_loads[i];
    if (load.messages == 0) continue;
    json["links"].push_back({{"link", p.cluster->links()[i].name},
                             {"bytes", load.bytes},
                             {"messages", load.messages},
                             {"busy_ps", load.busy_ps},
                             {"waited_ps", load.waited_ps}});
  }
  return json;
}

}  // namespace tutti::simtool
