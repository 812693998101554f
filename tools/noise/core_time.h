// SPDX-License-Identifier: Apache-2.0
// What the kernel says of cores: how their time was spent (/proc/stat), their frequency governors, which are isolated, and
// whether a quota limits this process.
#ifndef TUTTI_TOOLS_NOISE_CORE_TIME_H_
#define TUTTI_TOOLS_NOISE_CORE_TIME_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tutti::noise {

// In clock ticks since boot.
struct CoreTime {
  int64_t all_ticks = 0;
  int64_t steal_ticks = 0;      // the hypervisor ran something else
  int64_t interrupt_ticks = 0;  // hard and soft
};

// In the order of `cores`; zeros for those that /proc/stat does not have.
std::vector<CoreTime> ReadCoreTimes(const std::vector<int>& cores);
std::vector<CoreTime> ParseCoreTimes(absl::string_view proc_stat, const std::vector<int>& cores);

struct HostFacts {
  std::vector<std::string> governors;  // by the place of the core; "" where there is none (many virtual machines)
  std::string isolated;                // cores, as "2-7"; "": none
  std::string nohz_full;
  std::string cpu_quota;  // of the control group, as "200000 100000"; "": none
  int online = 0;         // cores of the host
  double load = 0;        // runnable threads over the last minute
};

HostFacts ReadHostFacts(const std::vector<int>& cores);

}  // namespace tutti::noise

#endif  // TUTTI_TOOLS_NOISE_CORE_TIME_H_
