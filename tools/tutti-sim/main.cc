// SPDX-License-Identifier: Apache-2.0
// tutti-sim: predicts what a collective takes on a cluster. The model is collectives/simulate; this asks it and tells.
#include <fstream>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"

#include "tools/cluster/cluster_file.h"
#include "tools/tutti-sim/goal.h"
#include "tools/tutti-sim/options.h"
#include "tools/tutti-sim/point.h"

namespace tutti::simtool {
namespace {

int Fail(absl::string_view sentence) {
  std::cerr << "tutti-sim: " << sentence << "\n";
  return 1;
}

absl::StatusOr<std::vector<Choice>> ChoicesOf(const Options& options, const cluster::Question& question,
                                              const simulate::ClusterSpec& spec) {
  absl::StatusOr<Choice> usual = cluster::LibraryChoice(question, spec);
  if (!usual.ok()) return usual.status();
  if (options.algorithms.empty()) return std::vector<Choice>{*usual};
  std::vector<Choice> choices;
  for (const std::string& name : options.algorithms) {
    if (name == "all") {
      absl::StatusOr<std::vector<Choice>> all = cluster::Candidates(question, spec);
      if (!all.ok()) return all.status();
      choices.insert(choices.end(), all->begin(), all->end());
      continue;
    }
    const Algorithm* algorithm = FindAlgorithm(options.collective, name);
    choices.push_back(algorithm == usual->algorithm ? *usual : ChooseAlgorithm(cluster::ShapeOf(question), algorithm));
  }
  return choices;
}

absl::StatusOr<std::vector<Point>> Answer(const Options& options, const simulate::ClusterSpec& spec) {
  std::vector<Point> points;
  simulate::PredictOptions predict;
  predict.seed = options.seed;
  predict.trials = options.trials;
  predict.max_steps = options.max_steps;
  predict.keep_steps = !options.svg_file.empty();
  for (const int ranks : options.ranks) {
    for (const uint64_t bytes : options.bytes) {
      const cluster::Question question = {options.collective,    ranks,        bytes,           options.element_bytes,
                                          options.segment_bytes, options.root, options.in_place};
      const absl::StatusOr<std::vector<Choice>> choices = ChoicesOf(options, question, spec);
      if (!choices.ok()) return choices.status();
      const absl::StatusOr<Choice> usual = cluster::LibraryChoice(question, spec);
      if (!usual.ok()) return usual.status();
      for (const Choice& choice : *choices) {
        points.push_back({question, choice, choice.algorithm == usual->algorithm,
                          cluster::Predict(question, choice, spec, predict)});
      }
    }
  }
  return points;
}

absl::Status WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file ? absl::OkStatus() : absl::UnavailableError(absl::StrCat(path, " cannot be written"));
}

absl::Status WriteGoalFile(const Options& options, const simulate::ClusterSpec& spec, const Point& point) {
  const absl::StatusOr<simulate::Cluster> cluster = simulate::Cluster::Make(spec, point.question.ranks);
  if (!cluster.ok()) return cluster.status();
  Shape shape = cluster::ShapeOf(point.question);
  cluster->levels().SetIn(shape);
  shape.segment_bytes = point.choice.segment_bytes;
  std::ofstream file(options.goal_file);
  WriteGoal(shape, point.choice.algorithm->build, spec.costs, file);
  file << std::flush;
  return file ? absl::OkStatus() : absl::UnavailableError(absl::StrCat(options.goal_file, " cannot be written"));
}

int Run(const Options& options) {
  const absl::StatusOr<simulate::ClusterSpec> spec =
      cluster::ReadClusterFiles({options.calibration_file, options.topology_file});
  if (!spec.ok()) return Fail(spec.status().message());
  const absl::StatusOr<std::vector<Point>> points = Answer(options, *spec);
  if (!points.ok()) return Fail(points.status().message());
  const bool one = points->size() == 1;
  const Point& first = points->front();
  if (one && !first.prediction.ok()) return Fail(first.prediction.status().message());
  if (!options.svg_file.empty()) {
    if (absl::Status status = WriteFile(options.svg_file, DrawSvg(first)); !status.ok()) return Fail(status.message());
  }
  if (!options.goal_file.empty()) {
    if (absl::Status status = WriteGoalFile(options, *spec, first); !status.ok()) return Fail(status.message());
  }
  if (options.json) {
    nlohmann::ordered_json json = {{"version", TUTTI_VERSION}, {"seed", options.seed}};
    json["costs"] = cluster::CostsToJson(spec->costs);
    json["points"] = nlohmann::ordered_json::array();
    for (const Point& point : *points) json["points"].push_back(PointJson(point));
    std::cout << json.dump(2) << "\n" << std::flush;
  } else {
    std::cout << (one ? DetailText(first) : TableText(*points)) << std::flush;
  }
  return std::cout ? 0 : 1;
}

}  // namespace
}  // namespace tutti::simtool

int main(int argc, char** argv) {
  int status = 0;
  const auto options = tutti::simtool::ParseOptions(argc, argv, &status);
  if (!options) return status;
  return tutti::simtool::Run(*options);
}
