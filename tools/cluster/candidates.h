// SPDX-License-Identifier: Apache-2.0
// Which algorithms could serve a call on a cluster, which of them the library would take, and what each would take there.
#ifndef TUTTI_TOOLS_CLUSTER_CANDIDATES_H_
#define TUTTI_TOOLS_CLUSTER_CANDIDATES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "collectives/select/select.h"
#include "collectives/simulate/predict.h"

namespace tutti::cluster {

struct Question {
  Collective collective = Collective::kAllReduce;
  int ranks = 1;
  uint64_t bytes = 0;  // of the larger buffer: all ranks' blocks together where there are blocks
  uint32_t element_bytes = 4;
  uint64_t segment_bytes = 0;  // 0: the library's choice
  int root = 0;
  bool in_place = false;
};

// Its count is rounded down to whole elements of whole blocks.
Shape ShapeOf(const Question& question);

// Whether a host has more ranks than cores; false where the cluster does not say how many cores there are.
bool IsCrowded(const simulate::Cluster& cluster);

// As the library would without a wish, between hosts or on one without shared memory.
absl::StatusOr<Choice> LibraryChoice(const Question& question, const simulate::ClusterSpec& spec);

// With a codec; see ChooseEncodedAlgorithm. For all_reduce.
absl::StatusOr<Choice> EncodedChoice(const Question& question, const simulate::ClusterSpec& spec, bool very_sparse);

// All that make sense there: none for shared memory between hosts, none for several hosts on one that is not crowded.
absl::StatusOr<std::vector<Choice>> Candidates(const Question& question, const simulate::ClusterSpec& spec);

absl::StatusOr<simulate::Prediction> Predict(const Question& question, const Choice& choice,
                                             const simulate::ClusterSpec& spec,
                                             const simulate::PredictOptions& options);

}  // namespace tutti::cluster

#endif  // TUTTI_TOOLS_CLUSTER_CANDIDATES_H_
