// SPDX-License-Identifier: Apache-2.0
// Finds the records that are of one operation, and what they say together.
#ifndef TUTTI_TOOLS_TUTTI_REPORT_JOIN_H_
#define TUTTI_TOOLS_TUTTI_REPORT_JOIN_H_

#include <cstdint>
#include <vector>

#include "tools/tutti-report/facts.h"

namespace tutti::report {

// One rank's record of an operation.
struct Seen {
  int32_t job_rank = 0;
  int32_t comm_rank = 0;
  const OperationEntry* entry = nullptr;
};

// The records of each operation, in the order of communicators and sequence numbers. A send or receive stands alone.
std::vector<std::vector<Seen>> JoinOperations(const Records& records);

// What they say together. `origin_ns`, of the common clock, becomes 0.
JoinedOperation Combine(const std::vector<Seen>& seen, const Records& records, const Clocks& clocks, int64_t origin_ns);

struct Lateness {
  int32_t job_rank = -1;  // -1: nobody is known to have come last
  int64_t by_ns = 0;      // after the last of the others
};
// Only that, which is quicker.
Lateness FindLast(const std::vector<Seen>& seen, const Records& records);

}  // namespace tutti::report

#endif  // TUTTI_TOOLS_TUTTI_REPORT_JOIN_H_
