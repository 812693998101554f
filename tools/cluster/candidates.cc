// SPDX-License-Identifier: Apache-2.0
#include "tools/cluster/candidates.h"

#include <algorithm>

#include "absl/strings/string_view.h"

namespace tutti::cluster {

bool IsCrowded(const simulate::Cluster& cluster) {
  const int cores = cluster.spec().cores_per_host;
  if (cores == 0) return false;
  std::vector<int> ranks_on(static_cast<size_t>(cluster.num_hosts()), 0);
  for (int rank = 0; rank < cluster.num_ranks(); ++rank) ++ranks_on[static_cast<size_t>(cluster.HostOf(rank))];
  return *std::max_element(ranks_on.begin(), ranks_on.end()) > cores;
}

Shape ShapeOf(const Question& question) {
  Shape shape;
  shape.collective = question.collective;
  shape.num_ranks = question.ranks;
  shape.root = HasRoot(question.collective) ? question.root : 0;
  shape.element_bytes = question.element_bytes;
  shape.in_place = question.in_place;
  shape.segment_bytes = question.segment_bytes;
  const uint64_t blocks = HasBlockPerRank(question.collective) ? static_cast<uint64_t>(question.ranks) : 1;
  const bool barrier = question.collective == Collective::kBarrier;
  shape.count = barrier ? 0 : question.bytes / question.element_bytes / blocks;
  return shape;
}

absl::StatusOr<Choice> LibraryChoice(const Question& question, const simulate::ClusterSpec& spec) {
  const absl::StatusOr<simulate::Cluster> cluster = simulate::Cluster::Make(spec, question.ranks);
  if (!cluster.ok()) return cluster.status();
  Shape shape = ShapeOf(question);
  cluster->levels().SetIn(shape);
  ChoiceOptions options;
  options.crowded = IsCrowded(*cluster);
  return ChooseAlgorithm(shape, nullptr, options);
}

absl::StatusOr<Choice> EncodedChoice(const Question& question, const simulate::ClusterSpec& spec, bool very_sparse) {
  const absl::StatusOr<simulate::Cluster> cluster = simulate::Cluster::Make(spec, question.ranks);
  if (!cluster.ok()) return cluster.status();
  Shape shape = ShapeOf(question);
  cluster->levels().SetIn(shape);
  return ChooseEncodedAlgorithm(shape, nullptr, very_sparse);
}

absl::StatusOr<std::vector<Choice>> Candidates(const Question& question, const simulate::ClusterSpec& spec) {
  const absl::StatusOr<simulate::Cluster> cluster = simulate::Cluster::Make(spec, question.ranks);
  if (!cluster.ok()) return cluster.status();
  Shape shape = ShapeOf(question);
  cluster->levels().SetIn(shape);
  const bool is_flat = cluster->levels().empty() && !IsCrowded(*cluster);
  std::vector<Choice> candidates;
  for (const Algorithm& algorithm : Algorithms(question.collective)) {
    if (algorithm.window != nullptr) continue;  // they are not made of messages, where they are worth having
    // On one host it saves messages, and nothing else.
    if (is_flat && absl::string_view(algorithm.name) == "hierarchical") continue;
    candidates.push_back(ChooseAlgorithm(shape, &algorithm));
  }
  return candidates;
}

absl::StatusOr<simulate::Prediction> Predict(const Question& question, const Choice& choice,
                                             const simulate::ClusterSpec& spec,
                                             const simulate::PredictOptions& options) {
  Shape shape = ShapeOf(question);
  shape.segment_bytes = choice.segment_bytes;
  return simulate::Predict(spec, shape, choice.algorithm->build, options);
}

}  // namespace tutti::cluster
