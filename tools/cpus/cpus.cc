// SPDX-License-Identifier: Apache-2.0
#include "tools/cpus/cpus.h"

#include <sched.h>

#include <cstddef>

namespace tutti {
namespace {

constexpr int kMostCpus = 1 << 16;

// A set for CPUs 0 to num_cpus - 1; a cpu_set_t ends at 1,024.
class CpuSet {
 public:
  explicit CpuSet(int num_cpus) : sets_(CPU_ALLOC_SIZE(num_cpus) / sizeof(cpu_set_t) + 1) {}

  cpu_set_t* get() { return sets_.data(); }
  size_t bytes() const { return sets_.size() * sizeof(cpu_set_t); }

 private:
  std::vector<cpu_set_t> sets_;
};

}  // namespace

std::vector<int> AllowedCpus() {
  CpuSet allowed(kMostCpus);
  std::vector<int> cpus;
  if (::sched_getaffinity(0, allowed.bytes(), allowed.get()) != 0) return cpus;
  for (int cpu = 0; cpu < kMostCpus; ++cpu) {
    if (CPU_ISSET_S(static_cast<size_t>(cpu), allowed.bytes(), allowed.get())) cpus.push_back(cpu);
  }
  return cpus;
}

bool BindTo(int cpu) {
  CpuSet one(cpu + 1);
  CPU_SET_S(static_cast<size_t>(cpu), one.bytes(), one.get());
  return ::sched_setaffinity(0, one.bytes(), one.get()) == 0;
}

}  // namespace tutti
