// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/locality.h"

#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tutti::verbs {
namespace {

// The first word of a file of the kernel's; "" if there is none.
std::string Fact(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word;
}

}  // namespace

int NumaNodeOfDevice(const std::string& device) {
  int node = kAnywhere;
  const std::string text = Fact(absl::StrCat("/sys/class/infiniband/", device, "/device/numa_node"));
  return absl::SimpleAtoi(text, &node) && node >= 0 ? node : kAnywhere;
}

bool AreCpusIn(const cpu_set_t& cpus, absl::string_view list) {
  int left = CPU_COUNT(&cpus);
  if (left == 0) return false;
  for (const absl::string_view range : absl::StrSplit(list, ',', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> ends = absl::StrSplit(range, absl::MaxSplits('-', 1));
    int first = 0;
    int last = 0;
    if (!absl::SimpleAtoi(ends.first, &first)) return false;
    if (ends.second.empty()) last = first;
    if (!ends.second.empty() && !absl::SimpleAtoi(ends.second, &last)) return false;
    for (int cpu = first; cpu >= 0 && cpu <= last && cpu < CPU_SETSIZE; ++cpu) left -= CPU_ISSET(cpu, &cpus) ? 1 : 0;
  }
  return left == 0;
}

int NumaNodeOfThisProcess() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (::sched_getaffinity(0, sizeof cpus, &cpus) != 0) return kAnywhere;
  constexpr int kMaxNodes = 1024;
  for (int node = 0; node < kMaxNodes; ++node) {
    const std::string list = Fact(absl::StrCat("/sys/devices/system/node/node", node, "/cpulist"));
    if (list.empty() && node > 0) return kAnywhere;
    if (AreCpusIn(cpus, list)) return node;
  }
  return kAnywhere;
}

}  // namespace tutti::verbs
