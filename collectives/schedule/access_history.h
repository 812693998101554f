// SPDX-License-Identifier: Apache-2.0
// Who last wrote, and who has since read, each byte of one piece of memory: an interval map, so that its cost follows
// the number of steps, never the number of bytes. The builder finds dependencies with it. Knows nothing of buffers or
// peers.
#ifndef TUTTI_COLLECTIVES_SCHEDULE_ACCESS_HISTORY_H_
#define TUTTI_COLLECTIVES_SCHEDULE_ACCESS_HISTORY_H_

#include <cstdint>
#include <map>
#include <vector>

namespace tutti {

class AccessHistory {
 public:
  // [begin, end) is in elements. Both append to `after` the steps that must be done before `step` may make this access
  // (with duplicates); a step never waits for itself. Accesses come in the order of their steps.
  void Read(uint64_t begin, uint64_t end, uint32_t step, std::vector<uint32_t>& after);
  void Write(uint64_t begin, uint64_t end, uint32_t step, std::vector<uint32_t>& after);

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};

  struct Interval {
    uint64_t end = 0;
    uint32_t writer = kNone;
    std::vector<uint32_t> readers;  // since the last write, ascending
  };
  using Intervals = std::map<uint64_t, Interval>;  // by first element; they never overlap and may leave gaps

  // The first interval that ends after `begin`. An interval that contains `begin` is cut there.
  Intervals::iterator CutAt(uint64_t begin);
  // Cuts the interval so that it ends at or before `end`.
  void CutEnd(Intervals::iterator it, uint64_t end);

  Intervals intervals_;
};

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_SCHEDULE_ACCESS_HISTORY_H_
