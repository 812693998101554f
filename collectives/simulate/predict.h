// SPDX-License-Identifier: Apache-2.0
// What a collective will cost on a cluster: many trials, their quantiles, and a look into the one in the middle.
#ifndef TUTTI_COLLECTIVES_SIMULATE_PREDICT_H_
#define TUTTI_COLLECTIVES_SIMULATE_PREDICT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "collectives/schedule/shape.h"
#include "collectives/simulate/cluster.h"
#include "collectives/simulate/critical_path.h"
#include "collectives/simulate/simulator.h"
#include "collectives/simulate/workload.h"

namespace tutti::simulate {

struct PredictOptions {
  uint64_t seed = 1;
  int trials = 0;  // 0: as many as kDefaultWork allows, 10 to 1000; 1 where nothing is random
  bool keep_steps = false;
  uint64_t max_steps = 6'000'000;  // of all ranks; beyond, fewer ranks are simulated and the rest is extrapolated
};

// Steps of all trials together, by default: a few seconds.
inline constexpr uint64_t kDefaultWork = 5'000'000;

struct Prediction {
  int trials = 0;
  int64_t p50_ps = 0;
  int64_t p99_ps = 0;  // the largest, with fewer than 100 trials
  int64_t least_ps = 0;
  int64_t most_ps = 0;
  uint64_t num_steps = 0;  // of all ranks; those of the ranks that were simulated, if extrapolated
  uint64_t num_messages = 0;
  std::vector<int64_t> times_ps;  // of the trials, sorted
  // How it was extrapolated, as a sentence; empty: all ranks were simulated. Then what follows is of the largest number of
  // ranks that was simulated.
  std::string extrapolated;
  int simulated_ranks = 0;

  // Of the trial in the middle.
  uint64_t middle_trial = 0;
  CriticalPath critical;
  std::vector<int64_t> end_of_rank_ps;
  std::vector<LinkLoad> link_loads;          // by link of the cluster
  std::vector<StepTrace> step_traces;        // by step of the workload; if options.keep_steps
  std::shared_ptr<const Workload> workload;  // likewise
  std::shared_ptr<const Cluster> cluster;
};

// For the cluster's number of ranks, shape.num_ranks. The shape's levels are set to the cluster's.
// ResourceExhausted: too many steps, and the algorithm is not of the kind that can be extrapolated.
absl::StatusOr<Prediction> Predict(const ClusterSpec& spec, const Shape& shape, BuildSchedule build,
                                   const PredictOptions& options);

// The smallest of `sorted` that is not below a share of them (nearest rank). Not empty; 0 < share <= 1.
int64_t Quantile(const std::vector<int64_t>& sorted, double share);

}  // namespace tutti::simulate

#endif  // TUTTI_COLLECTIVES_SIMULATE_PREDICT_H_
