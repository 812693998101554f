// SPDX-License-Identifier: Apache-2.0
#include "collectives/simulate/extrapolate.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tutti::simulate {
namespace {

constexpr double kTolerance = 0.15;

// What one rank in the middle does: it is no root, and at no end of anything.
struct Sample {
  double steps = 0;
  double message_bytes = 0;  // mean
};

Sample SampleOf(const Shape& shape, BuildSchedule build) {
  const Schedule schedule = build(shape, shape.num_ranks / 2);
  Sample sample;
  sample.steps = static_cast<double>(schedule.steps.size());
  double bytes = 0;
  double sends = 0;
  for (const Step& step : schedule.steps) {
    if (step.kind != StepKind::kSend) continue;
    bytes += static_cast<double>(schedule.SourcesOf(step)[0].count * shape.element_bytes);
    ++sends;
  }
  sample.message_bytes = sends > 0 ? bytes / sends : 0;
  return sample;
}

bool Near(double a, double b) { return std::abs(a - b) <= kTolerance * std::max(std::abs(a), std::abs(b)); }

// Where ranks lie in hosts and racks, only whole ones look like the whole.
int WholePart(const ClusterSpec& spec, int num_ranks) {
  int part = spec.hosts.empty() ? spec.ranks_per_host : 1;
  if (spec.hosts_per_rack > 0) part *= spec.hosts_per_rack;
  if (spec.hosts_per_rack > 0 && spec.racks_per_pod > 0) part *= spec.racks_per_pod;
  return part < num_ranks ? part : 1;
}

// Its levels are those of all ranks: the first of them are looked at.
Shape WithRanks(const Shape& shape, int num_ranks, bool scale_count) {
  Shape smaller = shape;
  smaller.num_ranks = num_ranks;
  smaller.root = std::min(shape.root, num_ranks - 1);
  if (scale_count) {
    const double count = static_cast<double>(shape.count) * num_ranks / shape.num_ranks;
    smaller.count = std::max<uint64_t>(static_cast<uint64_t>(count), 1);
  }
  return smaller;
}

}  // namespace

absl::StatusOr<Ladder> MakeLadder(const ClusterSpec& spec, const Shape& shape, BuildSchedule build,
                                  uint64_t max_steps) {
  Ladder ladder;
  ladder.steps_of_all = EstimateSteps(shape, build);
  // Steps grow with the square of the ranks.
  const double share = std::sqrt(static_cast<double>(max_steps) / 8 / static_cast<double>(ladder.steps_of_all));
  const int part = WholePart(spec, shape.num_ranks);
  const int parts = static_cast<int>(static_cast<double>(shape.num_ranks) * share) / part;
  const int high = std::max(parts, 2) * part;
  const int low = std::max(parts / 2, 1) * part;
  if (low < 4 || high >= shape.num_ranks) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "about ", ladder.steps_of_all, " steps are more than ", max_steps,
        ", and there are too few ranks to simulate fewer of them and extrapolate. Ask for shorter vectors, "
        "longer segments or fewer ranks, or allow more steps (--max-steps)."));
  }
  const Sample whole = SampleOf(shape, build);
  for (const bool scale_count : {false, true}) {
    ladder.low = WithRanks(shape, low, scale_count);
    ladder.high = WithRanks(shape, high, scale_count);
    const Sample at_low = SampleOf(ladder.low, build);
    const Sample at_high = SampleOf(ladder.high, build);
    const bool keeps_length =
        Near(at_low.message_bytes, whole.message_bytes) && Near(at_high.message_bytes, whole.message_bytes);
    const double growth = static_cast<double>(high) / low;
    const bool grows = Near(at_high.steps / at_low.steps, growth) &&
                       Near(whole.steps / at_high.steps, static_cast<double>(shape.num_ranks) / high);
    if (keeps_length && grows) return ladder;
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "about ", ladder.steps_of_all, " steps are more than ", max_steps,
      ", and fewer ranks would not tell what more of them take, as this algorithm does not do the same for "
      "each further rank. Allow more steps (--max-steps; 100 bytes of memory each), or ask for fewer ranks."));
}

}  // namespace tutti::simulate
