// SPDX-License-Identifier: Apache-2.0
// A rank program that several tests of failures use: it all-reduces until something goes wrong, and says what.
#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

// Arguments: elements, the deadline of each call in ms (not the job's: on a busy machine joining may take longer). Says @running
// in the midst of it, and of the call that failed @called_at_ns and @starved_ns: how long it had no core in it.
RANK_PROGRAM(ReduceWithDeadline) {
  const tutti_comm_t comm = Join();
  std::vector<float> values(std::stoul(context.arguments[0]), 1.0f);
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.timeout_ns = std::stol(context.arguments[1]) * kMs;
  tutti_status_t status = TUTTI_OK;
  int64_t called_ns = 0;
  int64_t starved_ns = 0;
  for (int i = 0; status == TUTTI_OK; ++i) {
    starved_ns = StarvedNs();
    called_ns = MonotonicNs();
    status = tutti_all_reduce(comm, values.data(), values.data(), values.size(), TUTTI_FLOAT32, TUTTI_MAX, &options,
                              nullptr);
    if (i == 5) Say("running", 1);
  }
  SayFailure(comm, status);
  Say("starved_ns", StarvedNs() - starved_ns);
  Say("called_at_ns", called_ns);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

}  // namespace
}  // namespace tutti::multi_process
