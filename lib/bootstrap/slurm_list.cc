// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/slurm_list.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "lib/bootstrap/parse_value.h"

namespace tutti {

std::optional<std::string> FirstSlurmHost(absl::string_view host_list) {
  std::string host;
  for (size_t i = 0; i < host_list.size() && host_list[i] != ',';) {
    if (host_list[i] == ']') return std::nullopt;
    if (host_list[i] != '[') {
      host.push_back(host_list[i++]);
      continue;
    }
    const size_t close = host_list.find(']', i);
    if (close == absl::string_view::npos) return std::nullopt;
    const absl::string_view ranges = host_list.substr(i + 1, close - i - 1);
    const absl::string_view first = ranges.substr(0, ranges.find_first_of(",-"));
    if (first.empty()) return std::nullopt;
    for (char c : first) {
      if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
    }
    host.append(first.data(), first.size());
    i = close + 1;
  }
  if (host.empty()) return std::nullopt;
  return host;
}

std::optional<int> SlurmTasksOnNode(absl::string_view task_list, int node_index) {
  int64_t first_node = 0;
  for (absl::string_view item : absl::StrSplit(task_list, ',')) {
    int repeats = 1;
    const size_t open = item.find("(x");
    if (open != absl::string_view::npos) {
      if (!absl::EndsWith(item, ")")) return std::nullopt;
      const auto parsed = ParseNumber(item.substr(open + 2, item.size() - open - 3), 1, INT32_MAX);
      if (!parsed) return std::nullopt;
      repeats = *parsed;
    }
    const auto tasks = ParseNumber(item.substr(0, open), 1, INT32_MAX);
    if (!tasks) return std::nullopt;
    if (node_index >= first_node && node_index < first_node + repeats) return tasks;
    first_node += repeats;
  }
  return std::nullopt;
}

}  // namespace tutti
