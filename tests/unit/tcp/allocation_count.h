// SPDX-License-Identifier: Apache-2.0
// Counts what this test program takes from the heap with operator new.
#ifndef TUTTI_TESTS_UNIT_TCP_ALLOCATION_COUNT_H_
#define TUTTI_TESTS_UNIT_TCP_ALLOCATION_COUNT_H_

#include <cstdint>

namespace tutti::tcp {

uint64_t AllocationsSoFar();

}  // namespace tutti::tcp

#endif  // TUTTI_TESTS_UNIT_TCP_ALLOCATION_COUNT_H_
