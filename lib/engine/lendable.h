// SPDX-License-Identifier: Apache-2.0
// Which publishes of a window program need no copy, if their source lies where the readers can read it: those whose source
// no later step of the program writes. It knows the program only; whether input and output are the same memory, and whether
// anybody can read them, shows when it runs.
#ifndef TUTTI_LIB_ENGINE_LENDABLE_H_
#define TUTTI_LIB_ENGINE_LENDABLE_H_

#include <cstdint>
#include <vector>

#include "lib/engine/plan.h"

namespace tutti {

// Shorter ones are copied: that costs no more than to wait at the end until everybody has read them. Measured with all_reduce
// (bench/README.md): with 4 ranks on 2 cores 4 KiB is where it begins to pay, with 2 ranks on 2 cores it pays well there.
inline constexpr uint64_t kLeastLentBytes = 4 << 10;

// Sets WindowPlanStep::lend.
void FindLendable(std::vector<WindowPlanStep>& steps);

}  // namespace tutti

#endif  // TUTTI_LIB_ENGINE_LENDABLE_H_
