// SPDX-License-Identifier: Apache-2.0
// The processor's time stamp counter. What its ticks are worth, and whether they can be trusted, RawClock knows.
#ifndef TUTTI_LIB_BASE_COUNTER_H_
#define TUTTI_LIB_BASE_COUNTER_H_

#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace tutti {

// 0 where there is none.
inline uint64_t ReadCounter() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return 0;
#endif
}

}  // namespace tutti

#endif  // TUTTI_LIB_BASE_COUNTER_H_
