// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/lendable.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace tutti {
namespace {

// Bytes of a buffer, as few ranges.
class Written {
 public:
  void Add(uint64_t begin, uint64_t end) {
    if (begin >= end) return;
    auto next = ranges_.upper_bound(end);
    while (next != ranges_.begin() && std::prev(next)->second >= begin) {
      --next;
      begin = std::min(begin, next->first);
      end = std::max(end, next->second);
      next = ranges_.erase(next);
    }
    ranges_.emplace(begin, end);
  }
  bool Overlaps(uint64_t begin, uint64_t end) const {
    const auto next = ranges_.lower_bound(end);
    return next != ranges_.begin() && std::prev(next)->second > begin;
  }

 private:
  std::map<uint64_t, uint64_t> ranges_;  // end by begin; apart from each other
};

}  // namespace

void FindLendable(std::vector<WindowPlanStep>& steps) {
  Written input, output;  // by later steps
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const uint64_t begin = step->own.offset_bytes;
    const uint64_t end = begin + step->published_bytes;
    if (step->kind == WindowStepKind::kPublish) {
      if (step->published_bytes < kLeastLentBytes) continue;
      if (step->own.buffer == Buffer::kInput && !input.Overlaps(begin, end)) step->lend = Lend::kIfApart;
      // Nothing but this program's own steps writes there, wherever the input lies.
      if (step->own.buffer == Buffer::kOutput && !output.Overlaps(begin, end)) step->lend = Lend::kYes;
      continue;
    }
    const uint64_t at = step->dst.offset_bytes;
    if (step->dst.buffer == Buffer::kInput) input.Add(at, at + step->bytes);
    if (step->dst.buffer == Buffer::kOutput) output.Add(at, at + step->bytes);
  }
}

}  // namespace tutti
