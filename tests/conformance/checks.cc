// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

#include <algorithm>

namespace tutti::conformance {

const std::vector<NamedCheck>& AllChecks() {
  static const std::vector<NamedCheck> checks = [] {
    std::vector<NamedCheck> all;
    for (const auto& group :
         {ConnectingChecks(), MatchingChecks(), DeliveryChecks(), MismatchChecks(), BoundedMemoryChecks(),
          FailureChecks(), ClosingChecks(), SteadyStateChecks(), SoakChecks()}) {
      all.insert(all.end(), group.begin(), group.end());
    }
    return all;
  }();
  return checks;
}

std::vector<uint64_t> InterestingLengths(const TransportCapabilities& capabilities) {
  std::vector<uint64_t> lengths = {0, 1, 63, 64, 65, uint64_t{1} << 20, (uint64_t{8} << 20) + 3};
  for (uint64_t around = capabilities.eager_bytes; around <= capabilities.eager_bytes + 2; ++around) {
    if (around > 0) lengths.push_back(around - 1);
  }
  std::sort(lengths.begin(), lengths.end());
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  while (lengths.back() > capabilities.max_message_bytes) lengths.pop_back();
  return lengths;
}

}  // namespace tutti::conformance
