// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/traffic_view.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "collectives/select/rules.h"
#include "lib/bootstrap/settings.h"
#include "tools/cluster/candidates.h"
#include "tools/cluster/collective_word.h"
#include "tools/traffic/report.h"
#include "tools/traffic/traffic.h"
#include "tools/tutti-info/call_question.h"
#include "tools/tutti-info/write_file.h"

namespace tutti::info {
namespace {

constexpr size_t kMostStrands = 4;  // more are no trees that people could tell apart

// The algorithm, and why this one.
struct Reasoned {
  Choice choice;
  std::string why;
};

absl::StatusOr<Reasoned> ChooseFor(const Options& options, const JobSettings& settings, const Shape& shape,
                                   const simulate::Cluster& cluster) {
  if (!options.algorithm.empty()) {
    const absl::StatusOr<const Algorithm*> named = ParseAlgorithm(shape.collective, options.algorithm);
    if (!named.ok())
      return absl::Status(named.status().code(), absl::StrCat("--algorithm: ", named.status().message()));
    return Reasoned{ChooseAlgorithm(shape, *named), "--algorithm says so"};
  }
  const absl::StatusOr<Wish> wish = WishFor(shape, settings);
  if (!wish.ok()) return wish.status();
  if (wish->algorithm != nullptr) return Reasoned{ChooseAlgorithm(shape, wish->algorithm), wish->origin};
  ChoiceOptions choice_options;
  choice_options.crowded = cluster::IsCrowded(cluster);
  return Reasoned{ChooseAlgorithm(shape, nullptr, choice_options), WhyByRules(shape, choice_options.crowded)};
}

}  // namespace

View TrafficView(const Options& options, const Environment& environment) {
  const absl::StatusOr<JobSettings> settings = ResolveSettings({}, environment);
  if (!settings.ok()) return ViewError(settings.status().message());
  const absl::StatusOr<simulate::ClusterSpec> spec = ReadSpec(options);
  if (!spec.ok()) return ViewError(spec.status().message());
  const std::optional<Collective> collective = cluster::CollectiveOf(options.topology_collective);
  if (!collective) return ViewError(cluster::NoCollective(options.topology_collective));
  const absl::StatusOr<simulate::Cluster> cluster = simulate::Cluster::Make(*spec, options.ranks.front());
  if (!cluster.ok()) return ViewError(cluster.status().message());

  cluster::Question question;
  question.collective = *collective;
  question.ranks = options.ranks.front();
  question.bytes = options.topology_bytes;
  Shape shape = cluster::ShapeOf(question);
  cluster->levels().SetIn(shape);
  const absl::StatusOr<Reasoned> reasoned = ChooseFor(options, *settings, shape, *cluster);
  if (!reasoned.ok()) return ViewError(reasoned.status().message());
  shape.segment_bytes = reasoned->choice.segment_bytes;
  const Algorithm& algorithm = *reasoned->choice.algorithm;
  const traffic::Unit unit = traffic::SmallestUnit(*cluster, traffic::kMostUnits);
  absl::StatusOr<traffic::Traffic> traffic = traffic::TrafficOf(shape, algorithm.build, *cluster, unit);
  if (!traffic.ok()) return ViewError(traffic.status().message());

  traffic::Report report = {
      options.topology_collective, question.bytes, algorithm.name, shape.root, *std::move(traffic), {}};
  if (unit == traffic::Unit::kRank) report.strands = traffic::StrandsOf(shape, algorithm.build, kMostStrands);
  View view;
  const bool one_host = cluster->num_hosts() == 1 && algorithm.window == nullptr;
  const SelectionRule* shared = one_host ? SharedRuleFor(shape, cluster::IsCrowded(*cluster)) : nullptr;
  view.text = absl::StrCat(
      traffic::TitleOf(report, *cluster), "\nwhy: ", reasoned->why, "\n",
      shared != nullptr
          ? absl::StrCat("where all ranks share memory, which needs no messages: ", shared->algorithm, "\n")
          : "",
      "\n", traffic::TrafficText(report, *cluster));
  view.json = traffic::TrafficJson(report, *cluster);
  view.json["why"] = reasoned->why;
  if (!options.svg_file.empty()) {
    const std::string why_not = traffic::WhyNotDrawn(report, *cluster);
    if (!why_not.empty()) return ViewError(absl::StrCat("--svg: ", why_not));
    view.error = WriteFile(options.svg_file, traffic::TrafficSvg(report, *cluster));
    if (!view.error.empty()) view.text = "";
  }
  return view;
}

}  // namespace tutti::info
