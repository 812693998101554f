// SPDX-License-Identifier: Apache-2.0
#include "tools/traffic/strands.h"

#include <algorithm>
#include <map>
#include <set>

namespace tutti::traffic {
namespace {

using Ends = std::pair<int, int>;
using Intervals = std::vector<std::pair<uint64_t, uint64_t>>;  // of elements, [first, end)

// What each two ranks send of the vector; nothing at all if that is not told.
std::map<Ends, Intervals> Sent(const Shape& shape, simulate::BuildSchedule build) {
  std::map<Ends, Intervals> sent;
  if (HasBlockPerRank(shape.collective)) return {};
  for (int rank = 0; rank < shape.num_ranks; ++rank) {
    const Schedule schedule = build(shape, rank);
    for (const Step& step : schedule.steps) {
      if (step.kind != StepKind::kSend) continue;
      const Region& source = schedule.SourcesOf(step)[0];
      if (source.buffer != Buffer::kInput && source.buffer != Buffer::kOutput) return {};
      if (source.count > 0) sent[{rank, step.peer}].push_back({source.offset, source.offset + source.count});
    }
  }
  return sent;
}

// Sorted, and as few as can be.
void Merge(Intervals* intervals) {
  std::sort(intervals->begin(), intervals->end());
  size_t kept = 0;
  for (const auto& [first, end] : *intervals) {
    if (kept > 0 && first <= (*intervals)[kept - 1].second) {
      (*intervals)[kept - 1].second = std::max((*intervals)[kept - 1].second, end);
    } else {
      (*intervals)[kept++] = {first, end};
    }
  }
  intervals->resize(kept);
}

bool Has(const Intervals& intervals, uint64_t element) {
  return std::any_of(intervals.begin(), intervals.end(), [element](const auto& interval) {
    return interval.first <= element && element < interval.second;
  });
}

Pattern PatternOfEnds(const std::vector<Ends>& ends, const Shape& shape) {
  std::vector<Flow> flows;
  flows.reserve(ends.size());
  for (const auto& [from, to] : ends) flows.push_back({from, to, simulate::PathClass::kHost, {}});
  return PatternOf(flows, shape.num_ranks, shape.root);
}

}  // namespace

std::vector<Strand> StrandsOf(const Shape& shape, simulate::BuildSchedule build, size_t most) {
  std::map<Ends, Intervals> sent = Sent(shape, build);
  std::set<uint64_t> borders;
  for (auto& [ends, intervals] : sent) {
    Merge(&intervals);
    for (const auto& [first, end] : intervals) borders.insert({first, end});
  }
  std::vector<Strand> strands;
  if (borders.empty() || borders.size() > most + 1) return strands;
  for (auto border = borders.begin(); std::next(border) != borders.end(); ++border) {
    Strand strand;
    for (const auto& [ends, intervals] : sent) {
      if (Has(intervals, *border)) strand.ends.push_back(ends);
    }
    strand.first_byte = *border * shape.element_bytes;
    strand.end_byte = *std::next(border) * shape.element_bytes;
    strand.pattern = PatternOfEnds(strand.ends, shape);
    if (strand.pattern.kind == PatternKind::kOther) return {};
    strands.push_back(std::move(strand));
  }
  return strands.size() < 2 ? std::vector<Strand>() : strands;
}

}  // namespace tutti::traffic
