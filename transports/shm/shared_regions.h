// SPDX-License-Identifier: Apache-2.0
// This rank's memory that its peers may map: ranges with a number each, found by address, and which peers have mapped them.
#ifndef TUTTI_TRANSPORTS_SHM_SHARED_REGIONS_H_
#define TUTTI_TRANSPORTS_SHM_SHARED_REGIONS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/types/span.h"

#include "lib/base/unique_fd.h"
#include "lib/transport/window_source.h"

namespace tutti::shm {

class SharedRegions {
 public:
  struct Region {
    uint32_t number = 0;
    uint64_t bytes = 0;
    UniqueFd fd;
    std::vector<bool> mapped_by;  // by peer, as far as any has said so
  };

  // Numbers are never used twice. 0: the range cannot be kept (it overlaps one that is, or there is no descriptor left).
  uint32_t Add(const void* data, uint64_t bytes, int fd);
  void Remove(uint32_t number);

  // The peer has mapped it. No-op if there is no such region (any more).
  void SetMapped(uint32_t number, int32_t peer);

  // The region that holds all of [data, data + bytes).
  RegionPlace Find(const void* data, uint64_t bytes) const { return FindMapped(data, bytes, {}); }
  // The same, if all of these peers have mapped it.
  RegionPlace FindMapped(const void* data, uint64_t bytes, absl::Span<const int32_t> peers) const {
    if (regions_.empty()) return {};
    const auto address = reinterpret_cast<uint64_t>(data);
    auto after = regions_.upper_bound(address);
    if (after == regions_.begin()) return {};
    const auto& [begin, region] = *--after;
    const uint64_t offset = address - begin;
    if (offset > region.bytes || bytes > region.bytes - offset) return {};
    for (const int32_t peer : peers) {
      const auto index = static_cast<size_t>(peer);
      if (index >= region.mapped_by.size() || !region.mapped_by[index]) return {};
    }
    return {region.number, offset};
  }

  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const auto& [begin, region] : regions_) visit(region);
  }

 private:
  std::map<uint64_t, Region> regions_;  // by first address; they do not overlap
  uint32_t last_number_ = 0;
};

}  // namespace tutti::shm

#endif  // TUTTI_TRANSPORTS_SHM_SHARED_REGIONS_H_
