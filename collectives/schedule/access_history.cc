// SPDX-License-Identifier: Apache-2.0
#include "collectives/schedule/access_history.h"

#include <iterator>
#include <utility>

namespace tutti {

AccessHistory::Intervals::iterator AccessHistory::CutAt(uint64_t begin) {
  auto next = intervals_.upper_bound(begin);
  if (next == intervals_.begin()) return next;
  auto it = std::prev(next);
  if (it->second.end <= begin) return next;
  if (it->first == begin) return it;
  Interval tail = it->second;
  it->second.end = begin;
  return intervals_.emplace_hint(next, begin, std::move(tail));
}

void AccessHistory::CutEnd(Intervals::iterator it, uint64_t end) {
  if (it->second.end <= end) return;
  Interval tail = it->second;
  it->second.end = end;
  intervals_.emplace_hint(std::next(it), end, std::move(tail));
}

void AccessHistory::Read(uint64_t begin, uint64_t end, uint32_t step, std::vector<uint32_t>& after) {
  if (begin >= end) return;
  auto it = CutAt(begin);
  while (begin < end) {
    if (it == intervals_.end() || it->first > begin) {
      const uint64_t gap_end = it == intervals_.end() || it->first > end ? end : it->first;
      it = intervals_.emplace_hint(it, begin, Interval{gap_end, kNone, {}});
    }
    CutEnd(it, end);
    Interval& interval = it->second;
    if (interval.writer != kNone && interval.writer != step) after.push_back(interval.writer);
    if (interval.readers.empty() || interval.readers.back() != step) interval.readers.push_back(step);
    begin = interval.end;
    ++it;
  }
}

void AccessHistory::Write(uint64_t begin, uint64_t end, uint32_t step, std::vector<uint32_t>& after) {
  if (begin >= end) return;
  auto it = CutAt(begin);
  while (it != intervals_.end() && it->first < end) {
    CutEnd(it, end);
    const Interval& interval = it->second;
    // The readers waited for the writer already, but a reader that is this step itself says nothing of others.
    bool read_by_others = false;
    for (uint32_t reader : interval.readers) {
      if (reader == step) continue;
      after.push_back(reader);
      read_by_others = true;
    }
    if (!read_by_others && interval.writer != kNone && interval.writer != step) after.push_back(interval.writer);
    it = intervals_.erase(it);
  }
  intervals_.emplace_hint(it, begin, Interval{end, step, {}});
}

}  // namespace tutti
