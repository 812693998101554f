// SPDX-License-Identifier: Apache-2.0
#include "tools/noise/core_time.h"

#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tutti::noise {
namespace {

// "" if there is no such file.
std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string ReadLine(const std::string& path) { return std::string(absl::StripAsciiWhitespace(ReadFile(path))); }

std::string CpuQuota() {
  // "0::/path" is the line of the unified hierarchy.
  for (const absl::string_view line : absl::StrSplit(ReadFile("/proc/self/cgroup"), '\n')) {
    absl::string_view group = line;
    if (!absl::ConsumePrefix(&group, "0::")) continue;
    const std::string quota = ReadLine(absl::StrCat("/sys/fs/cgroup", group, "/cpu.max"));
    return absl::StartsWith(quota, "max") ? "" : quota;
  }
  return "";
}

}  // namespace

std::vector<CoreTime> ParseCoreTimes(absl::string_view proc_stat, const std::vector<int>& cores) {
  std::vector<CoreTime> times(cores.size());
  for (const absl::string_view line : absl::StrSplit(proc_stat, '\n')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ', absl::SkipEmpty());
    // cpuN user nice system idle iowait irq softirq steal, then parts of user and nice once more
    constexpr size_t kSteal = 8;
    int core = -1;
    if (fields.size() <= kSteal || !absl::StartsWith(fields[0], "cpu") ||
        !absl::SimpleAtoi(fields[0].substr(3), &core)) {
      continue;
    }
    CoreTime time;
    for (size_t i = 1; i <= kSteal; ++i) {
      int64_t ticks = 0;
      if (!absl::SimpleAtoi(fields[i], &ticks)) break;
      time.all_ticks += ticks;
      if (i == 6 || i == 7) time.interrupt_ticks += ticks;
      if (i == kSteal) time.steal_ticks = ticks;
    }
    for (size_t i = 0; i < cores.size(); ++i) {
      if (cores[i] == core) times[i] = time;
    }
  }
  return times;
}

std::vector<CoreTime> ReadCoreTimes(const std::vector<int>& cores) {
  return ParseCoreTimes(ReadFile("/proc/stat"), cores);
}

HostFacts ReadHostFacts(const std::vector<int>& cores) {
  HostFacts facts;
  for (const int core : cores) {
    facts.governors.push_back(ReadLine(absl::StrCat("/sys/devices/system/cpu/cpu", core, "/cpufreq/scaling_governor")));
  }
  facts.isolated = ReadLine("/sys/devices/system/cpu/isolated");
  facts.nohz_full = ReadLine("/sys/devices/system/cpu/nohz_full");
  if (facts.nohz_full == "(null)") facts.nohz_full.clear();
  facts.cpu_quota = CpuQuota();
  facts.online = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  if (getloadavg(&facts.load, 1) != 1) facts.load = 0;
  return facts;
}

}  // namespace tutti::noise
