// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "tools/drawing/words.h"
#include "tools/traffic/pattern.h"
#include "tools/traffic/report.h"

namespace tutti::traffic {
namespace {

using drawing::BytesText;
using drawing::CountText;
using simulate::Cluster;
using simulate::PathClass;

std::string AmountText(const Amount& amount) {
  return absl::StrCat(BytesText(amount.bytes), " in ", CountText(amount.messages, "message"));
}

std::string BordersText(const Traffic& traffic, const Cluster& cluster) {
  std::string text = absl::StrFormat("%-26s %12s %12s\n", "messages", "bytes", "messages");
  for (size_t path = 0; path < simulate::kNumPathClasses; ++path) {
    const Amount& amount = traffic.by_path[path];
    if (amount.messages == 0) continue;
    absl::StrAppendFormat(&text, "%-26s %12s %12d\n", CrossingText(static_cast<PathClass>(path)),
                          BytesText(amount.bytes), amount.messages);
  }
  for (const Unit unit : {Unit::kHost, Unit::kRack, Unit::kPod}) {
    if (NumUnits(cluster, unit) == 1) continue;
    const std::vector<Border>& borders = traffic.borders[static_cast<size_t>(unit)];
    const int out = traffic.MostOut(unit);
    const int in = traffic.MostIn(unit);
    const char* const name = UnitName(unit);
    absl::StrAppend(&text, "most out of a ", name, ": ", AmountText(borders[static_cast<size_t>(out)].out), " (", name,
                    " ", out, "); most into one: ", AmountText(borders[static_cast<size_t>(in)].in), " (", name, " ",
                    in, ")\n");
  }
  return text;
}

// What all flows have in common, if they do.
std::optional<Amount> CommonAmount(const std::vector<Flow>& flows) {
  const bool all_equal =
      std::all_of(flows.begin(), flows.end(), [&](const Flow& flow) { return flow.amount == flows.front().amount; });
  return !flows.empty() && all_equal ? std::optional<Amount>(flows.front().amount) : std::nullopt;
}

// Who sends to whom, a line for each sender; receivers that get as much are named together.
std::string ListText(const Traffic& traffic, const Cluster& cluster) {
  std::vector<std::vector<std::pair<Amount, std::vector<int>>>> sent(static_cast<size_t>(traffic.num_units));
  for (const Flow& flow : traffic.flows) {
    auto& of_sender = sent[static_cast<size_t>(flow.from)];
    const auto same =
        std::find_if(of_sender.begin(), of_sender.end(), [&](const auto& entry) { return entry.first == flow.amount; });
    if (same != of_sender.end()) {
      same->second.push_back(flow.to);
    } else {
      of_sender.push_back({flow.amount, {flow.to}});
    }
  }
  std::string text;
  for (size_t unit = 0; unit < sent.size(); ++unit) {
    absl::StrAppend(&text, UnitName(traffic.unit), " ", unit);
    if (traffic.unit == Unit::kRank && cluster.num_hosts() > 1) {
      absl::StrAppend(&text, " (host ", cluster.HostOf(static_cast<int>(unit)), ")");
    }
    if (sent[unit].empty()) absl::StrAppend(&text, ": sends nothing");
    const char* before = ": sends to ";
    for (const auto& [amount, receivers] : sent[unit]) {
      absl::StrAppend(&text, before, drawing::RangesText(receivers), " (", AmountText(amount),
                      receivers.size() > 1 ? " each)" : ")");
      before = ", ";
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

std::vector<Flow> FlowsThat(const std::vector<Flow>& flows, bool stay_on_host) {
  std::vector<Flow> some;
  std::copy_if(flows.begin(), flows.end(), std::back_inserter(some),
               [&](const Flow& flow) { return (flow.path == PathClass::kHost) == stay_on_host; });
  return some;
}

std::string StrandsText(const std::vector<Strand>& strands) {
  std::string text;
  for (const Strand& strand : strands) {
    absl::StrAppend(&text, "bytes ", strand.first_byte, " to ", strand.end_byte - 1, " of the vector:\n",
                    PatternText(strand.pattern));
  }
  return text;
}

// Rings and trees inside hosts, and between them, where all messages together make neither.
std::string PartsText(const Report& report) {
  const Traffic& traffic = report.traffic;
  std::string text;
  if (traffic.unit != Unit::kRank) return text;
  for (const bool stay_on_host : {true, false}) {
    const std::vector<Flow> flows = FlowsThat(traffic.flows, stay_on_host);
    if (flows.size() == traffic.flows.size()) return "";
    const std::string pattern = PatternText(PatternOf(flows, traffic.num_units, report.root));
    if (!pattern.empty()) absl::StrAppend(&text, stay_on_host ? "inside hosts:\n" : "between hosts:\n", pattern);
  }
  return text;
}

}  // namespace

std::string CrossingText(PathClass path) {
  switch (path) {
    case PathClass::kHost:
      return "inside a host";
    case PathClass::kRack:
      return "between hosts of a rack";
    case PathClass::kPod:
      return "between racks of a pod";
    case PathClass::kFar:
      return "between pods";
  }
  return "unknown";
}

std::string TitleOf(const Report& report, const Cluster& cluster) {
  std::string title = absl::StrCat(report.collective, ", ", BytesText(report.bytes), ", ",
                                   CountText(static_cast<uint64_t>(cluster.num_ranks()), "rank"), " on ",
                                   CountText(static_cast<uint64_t>(cluster.num_hosts()), "host"));
  const char* before = " in ";
  for (const Unit unit : {Unit::kRack, Unit::kPod}) {
    if (NumUnits(cluster, unit) == 1) continue;
    absl::StrAppend(&title, before, CountText(static_cast<uint64_t>(NumUnits(cluster, unit)), UnitName(unit)));
    before = " of ";
  }
  return absl::StrCat(title, ": ", report.algorithm);
}

std::string WhyNotDrawn(const Report& report, const Cluster& cluster) {
  const Traffic& traffic = report.traffic;
  const char* const advice = "ask with fewer ranks (-n), or a cluster of larger racks or pods (--cluster)";
  if (traffic.num_units > kMostUnits) {
    return absl::StrCat(traffic.num_units, " pods are more than the ", kMostUnits, " that can be told apart; ", advice);
  }
  if (traffic.unit == Unit::kRank || traffic.num_units > 1) return "";
  return absl::StrCat(cluster.num_ranks(), " ranks are more than the ", kMostUnits,
                      " that can be told apart, and all are in one ", UnitName(traffic.unit),
                      "; ask with fewer ranks (-n), or a cluster of more hosts, racks or pods (--cluster)");
}

std::string TrafficText(const Report& report, const Cluster& cluster) {
  const Traffic& traffic = report.traffic;
  const char* const name = UnitName(traffic.unit);
  if (std::all_of(traffic.by_path.begin(), traffic.by_path.end(), [](const Amount& a) { return a.messages == 0; })) {
    return "No rank sends to another.\n";
  }
  std::string text = BordersText(traffic, cluster);
  if (const std::string why_not = WhyNotDrawn(report, cluster); !why_not.empty()) {
    return absl::StrCat(text, "\nNot listed: ", why_not, ".\n");
  }
  if (traffic.unit != Unit::kRank) {
    absl::StrAppend(&text, "\nMore than ", kMostUnits, " ranks: ", name, "s are listed, all ranks of one together.\n");
  }
  absl::StrAppend(&text, "\n");
  if (traffic.flows.empty()) {
    absl::StrAppend(&text, "No ", name, " sends to another.\n");
    return text;
  }
  std::string pattern =
      PatternText(PatternOf(traffic.flows, traffic.num_units, traffic.unit == Unit::kRank ? report.root : 0));
  if (pattern.empty()) pattern = StrandsText(report.strands);
  const std::optional<Amount> each = CommonAmount(traffic.flows);
  if (!pattern.empty() && each) {
    absl::StrAppend(&text, pattern, "from each ", name, " to the next, each way that is used: ", AmountText(*each),
                    "\n");
    return text;
  }
  if (pattern.empty()) pattern = PartsText(report);
  absl::StrAppend(&text, pattern, pattern.empty() ? "" : "\n", ListText(traffic, cluster));
  return text;
}

}  // namespace tutti::traffic
