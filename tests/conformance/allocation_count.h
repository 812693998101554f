// SPDX-License-Identifier: Apache-2.0
// How often this program has asked for memory. The counting operators new replace the standard ones.
#ifndef TUTTI_TESTS_CONFORMANCE_ALLOCATION_COUNT_H_
#define TUTTI_TESTS_CONFORMANCE_ALLOCATION_COUNT_H_

#include <cstdint>

namespace tutti::conformance {

// Calls of operator new since the program began, by any thread.
uint64_t AllocationCount();

}  // namespace tutti::conformance

#endif  // TUTTI_TESTS_CONFORMANCE_ALLOCATION_COUNT_H_
