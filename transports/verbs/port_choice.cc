// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/port_choice.h"

#include <algorithm>
#include <iterator>
#include <set>
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

// The first of the host's ranks that is on this one's NUMA node, if launchers fill one node of those that have ports after the
// other; 0 where that cannot be told.
int FirstOfNode(absl::Span<const PortCandidate> candidates, const PortOptions& options) {
  std::set<int> nodes;
  for (const PortCandidate& candidate : candidates) nodes.insert(candidate.numa_node);
  if (nodes.count(options.numa_node) == 0 || nodes.count(kAnywhere) > 0 || options.local_size < 0) return 0;
  const auto before = static_cast<int>(std::distance(nodes.begin(), nodes.find(options.numa_node)));
  return before * (options.local_size / static_cast<int>(nodes.size()));
}

// Whose turn it is among n. Launchers fill one NUMA node after the other, or deal ranks out to nodes by turns, so that a node's
// ranks are 4, 5, 6, 7 or 1, 3, 5, 7. Counted from the first of the node in the first case, the sum of a number's digits in base n
// goes through all turns in either, in order in the first; the number itself would leave every other port idle in the second.
size_t TurnOf(int local_rank, int first_of_node, int local_size, int n) {
  if (local_rank < 0 || n < 2) return 0;
  int rest = local_rank - first_of_node;
  int sum = 0;
  // As many digits for all of the host's ranks, also for those before the first.
  for (int span = 1; span <= std::max(local_rank, local_size - 1); span *= n) {
    const int digit = (rest % n + n) % n;
    sum += digit;
    rest = (rest - digit) / n;
  }
  return static_cast<size_t>(sum % n);
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
  return best[TurnOf(options.local_rank, FirstOfNode(candidates, options), options.local_size,
                     static_cast<int>(best.size()))];
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
