// SPDX-License-Identifier: Apache-2.0
#include "collectives/schedule/blocks.h"

#include <algorithm>

namespace tutti {

uint64_t BlockList::Extent() const {
  uint64_t extent = 0;
  for (size_t r = 0; r < counts.size(); ++r) {
    extent = offsets.empty() ? extent + counts[r] : std::max<uint64_t>(extent, offsets[r] + counts[r]);
  }
  return extent;
}

uint64_t BlockList::OffsetOf(int rank) const {
  const size_t r = static_cast<size_t>(rank);
  if (!offsets.empty()) return offsets[r];
  uint64_t offset = 0;
  for (size_t i = 0; i < r; ++i) offset += counts[i];
  return offset;
}

OwnedBlocks::OwnedBlocks(absl::Span<const RankBlocks> ranks, Offsets offsets) {
  ranks_.reserve(ranks.size());
  for (const RankBlocks& blocks : ranks) {
    ranks_.push_back({Own(blocks.input, offsets), Own(blocks.output, offsets), blocks.own});
  }
}

BlockList OwnedBlocks::Own(const BlockList& list, Offsets offsets) {
  if (list.counts.empty()) return {};
  BlockList own;
  own.counts = numbers_.emplace_back(list.counts.begin(), list.counts.end());
  if (!list.offsets.empty()) {
    own.offsets = numbers_.emplace_back(list.offsets.begin(), list.offsets.end());
  } else if (offsets == Offsets::kWrittenOut) {
    std::vector<size_t>& sums = numbers_.emplace_back(list.counts.size(), 0);
    for (size_t r = 1; r < sums.size(); ++r) sums[r] = sums[r - 1] + list.counts[r - 1];
    own.offsets = sums;
  }
  return own;
}

}  // namespace tutti
