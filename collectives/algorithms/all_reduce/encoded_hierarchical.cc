// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/encoded_hierarchical.h"

#include <cstdint>
#include <optional>

#include "collectives/algorithms/all_reduce/encoded_exchange.h"
#include "collectives/algorithms/all_reduce/hierarchy.h"

namespace tutti::all_reduce {

Schedule BuildEncodedHierarchical(const Shape& shape, int rank) {
  constexpr uint64_t kStepsBetween = 12;
  std::optional<EncodedExchange> exchange;
  // Only hosts: what is near beyond them gets codes, too, as a value may not be encoded once more for each level.
  Shape on_hosts = shape;
  on_hosts.finer = {};
  if (shape.groups.empty()) on_hosts.wider = {};
  return BuildHierarchy(on_hosts, rank, kStepsBetween,
                        [&](ScheduleBuilder& builder, const Groups& groups, const Range& slice, uint64_t num_pieces) {
                          if (!exchange) {
                            exchange.emplace(builder, shape, groups.AtPlace(groups.place()), groups.group(),
                                             slice.count, num_pieces);
                          }
                          const Region region = Output(slice.offset, slice.count);
                          exchange->AllReduce(region, region);
                        });
}

}  // namespace tutti::all_reduce
