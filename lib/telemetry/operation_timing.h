// SPDX-License-Identifier: Apache-2.0
// What one operation's time was spent on, and who came last. Pure arithmetic over times that the engine took; it knows
// nothing of plans, messages or communicators. Ranks are those of the communicator.
#ifndef TUTTI_LIB_TELEMETRY_OPERATION_TIMING_H_
#define TUTTI_LIB_TELEMETRY_OPERATION_TIMING_H_

#include <algorithm>
#include <cstdint>

namespace tutti {

// The latest two of the arrivals that an operation has heard of, its own among them. Times are by this host's clock.
class Arrivals {
 public:
  struct Arrival {
    int64_t ns = INT64_MIN;
    int32_t rank = -1;      // -1: nobody
    uint32_t error_ns = 0;  // 0: on this host; UINT32_MAX: 4.3 s or more
  };

  void Begin(int32_t rank, int64_t arrived_ns) {
    own_rank_ = rank;
    own_ns_ = arrived_ns;
    last_ = {arrived_ns, rank, 0};
    second_ = {};
  }
  void Hear(int32_t rank, int64_t arrived_ns, int64_t error_ns = 0) {
    if (arrived_ns <= second_.ns || rank == own_rank_ || rank == last_.rank) return;
    if (arrived_ns <= last_.ns) {
      second_ = {arrived_ns, rank, Short(error_ns)};
      return;
    }
    second_ = last_;
    last_ = {arrived_ns, rank, Short(error_ns)};
  }

  int32_t own_rank() const { return own_rank_; }
  int64_t own_ns() const { return own_ns_; }
  const Arrival& last() const { return last_; }
  const Arrival& second() const { return second_; }
  // What is worth telling that rank: its own arrival it knows.
  const Arrival& ToTell(int32_t rank) const { return last_.rank == rank ? second_ : last_; }

 private:
  static uint32_t Short(int64_t ns) { return static_cast<uint32_t>(std::clamp<int64_t>(ns, 0, UINT32_MAX)); }

  int64_t own_ns_ = 0;
  int32_t own_rank_ = -1;
  Arrival last_;
  Arrival second_;
};

// The slowest message that an operation received: how long it was on its way once both ends were ready.
struct SlowestMessage {
  int32_t peer = -1;  // -1: no message's way was measured
  uint32_t step = 0;
  uint64_t bytes = 0;
  int64_t ns = 0;
  int64_t error_ns = 0;
  uint8_t rail = 0;  // the engine's number for the transport
};

// What the engine measured.
struct OperationMarks {
  Arrivals arrivals;     // own_ns: the call was entered
  int64_t begun_ns = 0;  // the engine went to work on it
  int64_t finished_ns = 0;
  int64_t reduced_ns = 0;   // in kernels
  int64_t coded_ns = 0;     // in a codec
  uint64_t raw_bytes = 0;   // of the values that were sent as codes
  uint64_t sent_bytes = 0;  // of these codes
  SlowestMessage slowest;
};

// total = queued + waited + reduced + coded + moved.
struct TimeParts {
  int64_t total_ns = 0;   // from the call to the end
  int64_t queued_ns = 0;  // behind other operations of this rank
  int64_t waited_ns = 0;  // for ranks that came later than this one
  int64_t reduced_ns = 0;
  int64_t coded_ns = 0;  // in a codec; what it adds to a sum is in here, too
  int64_t moved_ns = 0;  // all else: moving bytes, and waiting for those of ranks that had come

  int32_t last_rank = -1;  // who came last, of those that the result depends on; may be this rank
  // By how much: after this rank, or, if it was this rank, after the last of the others. 0 if nobody else is known of.
  int64_t last_by_ns = 0;
  int64_t last_error_ns = 0;  // of last_by_ns; 0 if it was on this host
};

struct OperationTiming : TimeParts {
  int64_t arrived_ns = 0;  // by this host's clock
  SlowestMessage slowest;
};

TimeParts PartsOf(const OperationMarks& marks);
OperationTiming SplitTime(const OperationMarks& marks);

// An operation that began at once, and of which no part was measured: the common case, in few instructions.
struct PlainTiming {
  int64_t total_ns;
  int64_t waited_ns;
  int64_t last_by_ns;
};
inline bool IsPlain(const OperationMarks& marks) {
  return marks.begun_ns == marks.arrivals.own_ns() && marks.reduced_ns == 0 && marks.coded_ns == 0;
}
inline PlainTiming SplitPlain(const OperationMarks& marks) {
  const Arrivals& arrivals = marks.arrivals;
  const int64_t total_ns = marks.finished_ns - arrivals.own_ns();
  const int64_t after_own_ns = arrivals.last().ns - arrivals.own_ns();  // 0 if it was this rank
  const bool was_last = after_own_ns == 0;
  const bool knows_others = arrivals.second().rank >= 0;
  return {total_ns, std::min(after_own_ns, total_ns),
          !was_last      ? after_own_ns
          : knows_others ? arrivals.own_ns() - arrivals.second().ns
                         : 0};
}

}  // namespace tutti

#endif  // TUTTI_LIB_TELEMETRY_OPERATION_TIMING_H_
