// SPDX-License-Identifier: Apache-2.0
#include "collectives/simulate/predict.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "collectives/simulate/extrapolate.h"

namespace tutti::simulate {
namespace {

bool IsRandom(const ClusterSpec& spec) { return !spec.costs.noise.none() || !spec.arrival.none(); }

int TrialsFor(const ClusterSpec& spec, const PredictOptions& options, uint64_t steps) {
  if (!IsRandom(spec)) return 1;
  if (options.trials > 0) return options.trials;
  return static_cast<int>(std::clamp<uint64_t>(kDefaultWork / std::max<uint64_t>(steps, 1), 10, 1000));
}

void Summarize(Prediction& prediction) {
  std::sort(prediction.times_ps.begin(), prediction.times_ps.end());
  prediction.p50_ps = Quantile(prediction.times_ps, 0.50);
  prediction.p99_ps = Quantile(prediction.times_ps, 0.99);
  prediction.least_ps = prediction.times_ps.front();
  prediction.most_ps = prediction.times_ps.back();
}

absl::StatusOr<Prediction> Simulate(const ClusterSpec& spec, Shape shape, BuildSchedule build,
                                    const PredictOptions& options) {
  absl::StatusOr<Cluster> made = Cluster::Make(spec, shape.num_ranks);
  if (!made.ok()) return made.status();
  const auto cluster = std::make_shared<const Cluster>(*std::move(made));
  cluster->levels().SetIn(shape);
  absl::StatusOr<Workload> built = Workload::Make(shape, build, spec.costs.codec.encoded_share);
  if (!built.ok()) return built.status();
  const auto workload = std::make_shared<const Workload>(*std::move(built));
  Prediction prediction;
  prediction.simulated_ranks = shape.num_ranks;
  prediction.num_steps = workload->num_steps();
  prediction.num_messages = workload->num_messages();
  prediction.trials = TrialsFor(spec, options, workload->num_steps());
  Simulator simulator(*workload, *cluster);
  for (int trial = 0; trial < prediction.trials; ++trial) {
    prediction.times_ps.push_back(simulator.Run(options.seed, static_cast<uint64_t>(trial)));
  }
  const std::vector<int64_t> in_order = prediction.times_ps;
  Summarize(prediction);
  prediction.middle_trial =
      static_cast<uint64_t>(std::find(in_order.begin(), in_order.end(), prediction.p50_ps) - in_order.begin());
  Trace trace;
  simulator.Run(options.seed, prediction.middle_trial, &trace, &prediction.end_of_rank_ps);
  prediction.critical = FindCriticalPath(*workload, trace);
  prediction.cluster = cluster;
  prediction.link_loads = std::move(trace.links);
  if (options.keep_steps) {
    prediction.workload = workload;
    prediction.step_traces = std::move(trace.steps);
  }
  return prediction;
}

// The same spec for the first ranks only: what is said of others is dropped.
ClusterSpec Smaller(ClusterSpec spec, int num_ranks) {
  const auto host_of = [&](int rank) {
    if (spec.hosts.empty()) return rank / spec.ranks_per_host;
    int host = 0;
    for (int end = 0; host < static_cast<int>(spec.hosts.size()); ++host) {
      end += spec.hosts[static_cast<size_t>(host)];
      if (rank < end) break;
    }
    return host;
  };
  const int hosts = host_of(num_ranks - 1) + 1;
  std::erase_if(spec.late, [&](const LateRank& late) { return late.rank >= num_ranks; });
  std::erase_if(spec.slow, [&](const SlowHost& slow) { return slow.host >= hosts; });
  const int racks = spec.hosts_per_rack > 0 ? (hosts - 1) / spec.hosts_per_rack + 1 : 1;
  const int pods = spec.racks_per_pod > 0 ? (racks - 1) / spec.racks_per_pod + 1 : 1;
  std::erase_if(spec.faults, [&](const LinkFault& fault) {
    const bool of_host = fault.level == LinkFault::Level::kHost;
    return fault.index >= (of_host ? hosts : fault.level == LinkFault::Level::kRack ? racks : pods);
  });
  return spec;
}

absl::StatusOr<Prediction> Extrapolate(const ClusterSpec& spec, const Shape& shape, const Ladder& ladder,
                                       BuildSchedule build, const PredictOptions& options) {
  absl::StatusOr<Prediction> low = Simulate(Smaller(spec, ladder.low.num_ranks), ladder.low, build, options);
  if (!low.ok()) return low.status();
  absl::StatusOr<Prediction> high = Simulate(Smaller(spec, ladder.high.num_ranks), ladder.high, build, options);
  if (!high.ok()) return high.status();
  const double more = static_cast<double>(shape.num_ranks - ladder.high.num_ranks) /
                      static_cast<double>(ladder.high.num_ranks - ladder.low.num_ranks);
  const auto extend = [&](int64_t at_low, int64_t at_high) {
    return at_high + static_cast<int64_t>(static_cast<double>(at_high - at_low) * more);
  };
  Prediction prediction = *std::move(high);
  for (int64_t& time : prediction.times_ps) time += extend(low->p50_ps, prediction.p50_ps) - prediction.p50_ps;
  const int64_t p99 = extend(low->p99_ps, prediction.p99_ps);
  Summarize(prediction);
  prediction.p99_ps = std::max(p99, prediction.p50_ps);
  prediction.most_ps = std::max(prediction.most_ps, prediction.p99_ps);
  prediction.extrapolated = absl::StrCat(
      "extrapolated: all ", shape.num_ranks, " ranks would take about ", ladder.steps_of_all, " steps, so ",
      ladder.low.num_ranks, " and ", ladder.high.num_ranks,
      " ranks were simulated with messages of the same length, and the time continued in a straight line, as "
      "this algorithm's steps grow with the number of ranks");
  return prediction;
}

}  // namespace

int64_t Quantile(const std::vector<int64_t>& sorted, double share) {
  const double place = std::ceil(share * static_cast<double>(sorted.size()) - 1e-9);
  const size_t index = static_cast<size_t>(std::max(place, 1.0)) - 1;
  return sorted[std::min(index, sorted.size() - 1)];
}

absl::StatusOr<Prediction> Predict(const ClusterSpec& spec, const Shape& shape, BuildSchedule build,
                                   const PredictOptions& options) {
  Shape placed = shape;
  const absl::StatusOr<Cluster> cluster = Cluster::Make(spec, shape.num_ranks);
  if (!cluster.ok()) return cluster.status();
  cluster->levels().SetIn(placed);
  if (EstimateSteps(placed, build) <= options.max_steps) return Simulate(spec, placed, build, options);
  const absl::StatusOr<Ladder> ladder = MakeLadder(spec, placed, build, options.max_steps);
  if (!ladder.ok()) return ladder.status();
  return Extrapolate(spec, placed, *ladder, build, options);
}

}  // namespace tutti::simulate
