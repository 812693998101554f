// SPDX-License-Identifier: Apache-2.0
#include "transports/shm/shared_regions.h"

#include <fcntl.h>

#include <iterator>
#include <utility>

namespace tutti::shm {

uint32_t SharedRegions::Add(const void* data, uint64_t bytes, int fd) {
  const auto begin = reinterpret_cast<uint64_t>(data);
  const auto after = regions_.lower_bound(begin);
  const bool overlaps_next = after != regions_.end() && after->first - begin < bytes;
  const bool overlaps_previous =
      after != regions_.begin() && begin - std::prev(after)->first < std::prev(after)->second.bytes;
  if (overlaps_next || overlaps_previous || bytes == 0 || last_number_ == UINT32_MAX) return 0;
  UniqueFd own(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!own.valid()) return 0;
  regions_.emplace(begin, Region{++last_number_, bytes, std::move(own), {}});
  return last_number_;
}

void SharedRegions::Remove(uint32_t number) {
  std::erase_if(regions_, [number](const auto& entry) { return entry.second.number == number; });
}

void SharedRegions::SetMapped(uint32_t number, int32_t peer) {
  const auto index = static_cast<size_t>(peer);
  for (auto& [begin, region] : regions_) {
    if (region.number != number) continue;
    if (region.mapped_by.size() <= index) region.mapped_by.resize(index + 1);
    region.mapped_by[index] = true;
  }
}

}  // namespace tutti::shm
