// SPDX-License-Identifier: Apache-2.0
// What every rank contributes and what must come out: computed element by element, sharing no code with the library.
#ifndef TUTTI_TESTS_MULTI_PROCESS_REFERENCE_H_
#define TUTTI_TESTS_MULTI_PROCESS_REFERENCE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "tutti/types.h"

namespace tutti::multi_process {

// Which data: changes with the round so that a stale result cannot pass. Integers are random bits (sums wrap around);
// floating-point numbers are small integers, chosen so that every order of evaluation gives the same exact result.
struct Data {
  tutti_dtype_t dtype = TUTTI_FLOAT32;
  tutti_op_t op = TUTTI_SUM;
  int num_ranks = 1;
  uint64_t round = 0;
};

// Writes elements [first, first + count) of the rank's contribution to `out`.
void FillContribution(const Data& data, int rank, size_t first, size_t count, void* out);

// "" if `got` holds elements [first, first + count) of the reduction over all ranks, else what is wrong.
std::string CheckReduction(const Data& data, size_t first, size_t count, const void* got);

// "" if `got` holds elements [first, first + count) of the rank's contribution, else what is wrong.
std::string CheckContribution(const Data& data, int rank, size_t first, size_t count, const void* got);

// A well-mixed function of its arguments.
uint64_t Mix(uint64_t a, uint64_t b, uint64_t c);

}  // namespace tutti::multi_process

#endif  // TUTTI_TESTS_MULTI_PROCESS_REFERENCE_H_
