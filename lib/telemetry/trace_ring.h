// SPDX-License-Identifier: Apache-2.0
// The operations that ended last, on their way from the engine's driver to whoever writes them down: a bounded ring in memory
// that was touched when it was made. When it is full, an operation is not kept but counted: the data path never waits.
//
// THREADS. Begin, End: the driver. Take: one reader at a time, any thread. lost: any.
#ifndef TUTTI_LIB_TELEMETRY_TRACE_RING_H_
#define TUTTI_LIB_TELEMETRY_TRACE_RING_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"

#include "lib/telemetry/histogram.h"
#include "lib/telemetry/operation_timing.h"

namespace tutti {

// What an operation is; the same in all its runs. The meaning of the numbers is the communicator's, as in RecordKey.
struct TraceLabel {
  uint8_t collective = 0;
  uint8_t algorithm = 0;
  int32_t peer = -1;  // of a send or receive, in the communicator
  uint64_t bytes = 0;
};

struct TraceRecord {
  uint64_t sequence = 0;
  TraceLabel label;
  uint32_t tag = 0;     // of a send or receive
  int32_t outcome = 0;  // the engine's Outcome
  OperationMarks marks;
};

class TraceRing {
 public:
  static constexpr size_t kRecords = 16384;  // 2.6 MB

  explicit TraceRing(size_t capacity = kRecords) : records_(capacity) {}

  // Where to write the next record; nullptr if there is no room, which is counted. End follows before the next Begin.
  TraceRecord* Begin() {
    if (written_ - read_seen_ == records_.size()) {
      read_seen_ = read_.load(std::memory_order_acquire);
      if (written_ - read_seen_ == records_.size()) {
        lost_.Add(1);
        return nullptr;
      }
    }
    return &records_[written_ % records_.size()];
  }
  void End() { published_.store(++written_, std::memory_order_release); }

  // Shows what has been written since the last Take, in order.
  void Take(absl::FunctionRef<void(const TraceRecord&)> visit) {
    const uint64_t end = published_.load(std::memory_order_acquire);
    for (uint64_t next = read_.load(std::memory_order_relaxed); next != end;) {
      visit(records_[next % records_.size()]);
      read_.store(++next, std::memory_order_release);
    }
  }

  uint64_t lost() const { return lost_.get(); }

 private:
  std::vector<TraceRecord> records_;
  // The driver's.
  alignas(64) uint64_t written_ = 0;
  uint64_t read_seen_ = 0;
  Tally lost_;
  alignas(64) std::atomic<uint64_t> published_{0};
  alignas(64) std::atomic<uint64_t> read_{0};
};

}  // namespace tutti

#endif  // TUTTI_LIB_TELEMETRY_TRACE_RING_H_
