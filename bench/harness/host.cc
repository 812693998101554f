// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/host.h"

#include <sched.h>
#include <sys/utsname.h>

#include <ctime>
#include <fstream>

namespace tutti::bench {
namespace {

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

}  // namespace

Host DescribeHost() {
  Host host;
  struct utsname names = {};
  ::uname(&names);
  host.name = names.nodename;
  host.system = std::string(names.sysname) + " " + names.release + " " + names.machine;
  host.processor = ProcessorName();
  cpu_set_t allowed;
  host.cores = ::sched_getaffinity(0, sizeof(allowed), &allowed) == 0 ? CPU_COUNT(&allowed) : 0;
  return host;
}

std::string DateNow() {
  const std::time_t now = std::time(nullptr);
  struct tm utc = {};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

}  // namespace tutti::bench
