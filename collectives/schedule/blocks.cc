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

}  // namespace tutti
