// SPDX-License-Identifier: Apache-2.0
// Times one operation at one size, and checks its results. All ranks call it alike.
//
// Timing and checking are apart: the timed loop repeats the operation on the same buffers with nothing between the iterations
// but one reading of the clock (or, if asked for, a barrier that is not timed). Then come checked iterations, each with fresh
// data. Out of place the last timed iteration is checked too: its input has not changed.
#ifndef TUTTI_BENCH_HARNESS_METER_H_
#define TUTTI_BENCH_HARNESS_METER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/harness/buffers.h"
#include "bench/harness/operation.h"
#include "bench/harness/skew.h"
#include "bench/harness/statistics.h"
#include "bench/harness/test_data.h"
#include "tutti/tutti.hpp"

namespace tutti::bench {

struct MeterSettings {
  int iterations = 100;
  int warmup = 10;
  int checks = 1;               // checked iterations; 0: results are not looked at
  bool shared_buffers = false;  // from tutti_mem_alloc
  bool sync = false;            // a barrier before each timed iteration
  Skew skew;                    // ranks come late to the timed iterations on purpose; that is not part of their time
};

// Of rank 0, by its own telemetry.
struct JitterFacts {
  int64_t queued_ns = 0;
  int64_t waited_ns = 0;
  int64_t moved_ns = 0;
  int64_t reduced_ns = 0;
  uint64_t clocked = 0;     // iterations of which it is known who came last
  int late_rank = -1;       // the rank that cost the most time by coming last; -1: none did
  uint64_t late_times = 0;  // how often
  int64_t late_ns = 0;      // how late, summed
};

struct Measurement {
  double time_ns = 0;  // mean per iteration, on the rank where it was largest
  Samples samples;     // per iteration, the time of the rank that was slowest in it; rank 0 only
  JitterFacts jitter;  // of the timed iterations; rank 0 only
  uint64_t wrong = 0;  // elements, all checked iterations and ranks together
};

class Meter {
 public:
  // max_bytes: the largest buffer that any call will need. Keeps all ranks busy for 50 ms.
  Meter(Comm* comm, size_t max_bytes, const MeterSettings& settings);

  // Throws tutti::Error if an operation fails.
  Measurement Measure(const Call& call, bool in_place);

 private:
  void SettleIn();
  struct Pointers {
    const void* send;
    void* recv;
  };

  Pointers Place(const Call& call, bool in_place);
  void Run(const Call& call, const Pointers& at) {
    Check(Execute(comm_->handle(), call, rank_, ranks_, at.send, at.recv));
  }
  void TimeIterations(const Call& call, const Pointers& at, Measurement* result);

  // Fresh input for a call, in both buffers or in the one; the rest is poisoned.
  TestData Prepare(const Call& call, bool in_place, tutti_op_t values_for);
  uint64_t CountWrong(const Call& call, bool in_place, const TestData& data, const Pointers& at);

  size_t SendBytes(const Call& call) const;
  size_t RecvBytes(const Call& call) const;

  Comm* comm_;
  int rank_;
  int ranks_;
  MeterSettings settings_;
  Buffer send_;
  Buffer recv_;
  uint64_t next_seed_ = 1;  // the same on all ranks
  std::vector<int64_t> times_ns_;
};

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_HARNESS_METER_H_
