// SPDX-License-Identifier: Apache-2.0
// How often this process has allocated, on any thread.
#ifndef TUTTI_TESTS_MULTI_PROCESS_COUNTING_MALLOC_H_
#define TUTTI_TESTS_MULTI_PROCESS_COUNTING_MALLOC_H_

namespace tutti::multi_process {

long AllocationsSoFar();

}  // namespace tutti::multi_process

#endif  // TUTTI_TESTS_MULTI_PROCESS_COUNTING_MALLOC_H_
