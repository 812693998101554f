// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/port_choice.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tutti::verbs {
namespace {

bool IsNear(const PortCandidate& candidate, const PortOptions& options) {
  return options.numa_node != kAnywhere && candidate.numa_node == options.numa_node;
}

int Quality(const PortCandidate& candidate, const PortOptions& options) {
  return (candidate.has_address ? 2 : 0) + (IsNear(candidate, options) ? 1 : 0);
}

// The places of the best, in order.
std::vector<size_t> BestOf(absl::Span<const PortCandidate> candidates, const PortOptions& options) {
  std::vector<size_t> best;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const int quality = Quality(candidates[i], options);
    if (!best.empty() && quality < Quality(candidates[best[0]], options)) continue;
    if (!best.empty() && quality > Quality(candidates[best[0]], options)) best.clear();
    best.push_back(i);
  }
  return best;
}

// Whose turn it is among n. Launchers fill one NUMA node after the other, or deal ranks out to nodes by turns, so that a node's
// ranks are 0, 1, 2, 3 or 0, 2, 4, 6. The sum of a number's digits, in base n, goes through all turns in either case; the number
// itself would leave every other port idle in the second.
size_t TurnOf(int local_rank, size_t n) {
  if (local_rank < 0 || n < 2) return 0;
  size_t sum = 0;
  for (auto rest = static_cast<size_t>(local_rank); rest > 0; rest /= n) sum += rest % n;
  return sum % n;
}

}  // namespace

bool IsPortAllowed(absl::string_view devices, absl::string_view device, int port) {
  const bool excludes = !devices.empty() && devices[0] == '^';
  if (excludes) devices.remove_prefix(1);
  if (devices.empty()) return true;
  bool named = false;
  for (absl::string_view part : absl::StrSplit(devices, ',', absl::SkipWhitespace())) {
    part = absl::StripAsciiWhitespace(part);
    named |= part == device || part == absl::StrCat(device, ":", port);
  }
  return named != excludes;
}

size_t ChoosePort(absl::Span<const PortCandidate> candidates, const PortOptions& options) {
  const std::vector<size_t> best = BestOf(candidates, options);
  return best[TurnOf(options.local_rank, best.size())];
}

std::vector<size_t> ChooseRails(absl::Span<const PortCandidate> candidates, const PortOptions& options, size_t count) {
  const size_t first = ChoosePort(candidates, options);
  std::vector<size_t> rails(candidates.size());
  for (size_t i = 0; i < rails.size(); ++i) rails[i] = (first + i) % candidates.size();
  std::stable_sort(rails.begin() + 1, rails.end(), [&](size_t a, size_t b) {
    return Quality(candidates[a], options) > Quality(candidates[b], options);
  });
  rails.resize(std::min(count, rails.size()));
  return rails;
}

std::string ReasonOf(absl::Span<const PortCandidate> candidates, const PortOptions& options, size_t chosen,
                     size_t index) {
  const PortCandidate& taken = candidates[chosen];
  const PortCandidate& candidate = candidates[index];
  if (index != chosen) {
    if (taken.has_address && !candidate.has_address) {
      return absl::StrCat(taken.name, " has the job's address, which this one has not");
    }
    if (IsNear(taken, options) && !IsNear(candidate, options)) {
      return absl::StrCat(taken.name, " is of this process's NUMA node ", options.numa_node, ", which this one is not");
    }
    return absl::StrCat(taken.name, options.local_rank < 0 ? " is as good, and comes first"
                                                           : " is as good, and this process's turn by its local rank");
  }
  if (candidates.size() == 1 && !taken.has_address) return "it is the only one that is usable";
  std::string reason = "none has the job's address or is nearer than others";
  if (IsNear(taken, options)) reason = absl::StrCat("it is of this process's NUMA node ", options.numa_node);
  if (taken.has_address) reason = absl::StrCat("it has the job's address, ", options.address);
  const size_t equals = BestOf(candidates, options).size();
  if (equals == 1) return reason;
  return absl::StrCat(reason, ", and of ", equals, " that are as good it is ",
                      options.local_rank < 0 ? "the first" : "this process's turn by its local rank");
}

}  // namespace tutti::verbs
