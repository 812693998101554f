// SPDX-License-Identifier: Apache-2.0
// The channels that were closed, for ever: frames that arrive late for one of them are dropped. Kept as ranges, because
// channels are numbered in order and mostly die in order.
#ifndef TUTTI_LIB_TRANSPORT_CLOSED_CHANNELS_H_
#define TUTTI_LIB_TRANSPORT_CLOSED_CHANNELS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tutti {

class ClosedChannels {
 public:
  bool Contains(uint32_t channel) const {
    const auto after = After(channel);
    return after != ranges_.begin() && channel <= std::prev(after)->last;
  }

  void Add(uint32_t channel) {
    if (Contains(channel)) return;
    auto after = ranges_.begin() + (After(channel) - ranges_.cbegin());
    const bool joins_before = after != ranges_.begin() && std::prev(after)->last + 1 == channel;
    const bool joins_after = after != ranges_.end() && channel + 1 == after->first;
    if (joins_before && joins_after) {
      std::prev(after)->last = after->last;
      ranges_.erase(after);
    } else if (joins_before) {
      std::prev(after)->last = channel;
    } else if (joins_after) {
      after->first = channel;
    } else {
      ranges_.insert(after, Range{channel, channel});
    }
  }

  size_t num_ranges() const { return ranges_.size(); }

 private:
  struct Range {
    uint32_t first;
    uint32_t last;
  };

  // The first range that begins behind `channel`.
  std::vector<Range>::const_iterator After(uint32_t channel) const {
    return std::upper_bound(ranges_.begin(), ranges_.end(), channel,
                            [](uint32_t value, const Range& range) { return value < range.first; });
  }

  std::vector<Range> ranges_;  // ascending, never touching
};

}  // namespace tutti

#endif  // TUTTI_LIB_TRANSPORT_CLOSED_CHANNELS_H_
