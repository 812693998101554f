// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/loop/pin.h"

#include <sched.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace tutti::peers {

void PinTo(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<size_t>(core), &cores);
  if (::sched_setaffinity(0, sizeof(cores), &cores) != 0) {
    throw std::runtime_error("cannot run on core " + std::to_string(core) + ": " + std::strerror(errno));
  }
}

std::vector<int> ParseCores(const std::string& text) {
  std::vector<int> cores;
  const char* at = text.data();
  const char* const end = at + text.size();
  do {
    int core = -1;
    const auto [next, error] = std::from_chars(at, end, core);
    const bool ok = error == std::errc() && core >= 0 && core < CPU_SETSIZE && (next == end || *next == ',');
    if (!ok) throw std::runtime_error("\"" + text + "\" is not a list of cores like 0,1,5");
    cores.push_back(core);
    at = next + 1;
  } while (at <= end);
  return cores;
}

}  // namespace tutti::peers
