// SPDX-License-Identifier: Apache-2.0
// How long steps of one sort took: a histogram for each sort of step, peer and rail. Written by the driver with plain stores, read
// at any time. It knows numbers; what a rail is, is for the communicator to say.
#ifndef TUTTI_LIB_TELEMETRY_STEP_RECORD_H_
#define TUTTI_LIB_TELEMETRY_STEP_RECORD_H_

#include <cstdint>
#include <vector>

#include "lib/telemetry/histogram.h"

namespace tutti {

// Steps of an operation that share a record.
struct StepGroup {
  uint8_t record = 0;
  bool reduces = false;
  uint64_t bytes = 0;  // all of them together
  std::vector<uint32_t> steps;
};

enum class StepSort : uint8_t { kSend, kReceive, kReduce, kCopy, kEncode, kDecode, kPublish, kOther };

// "send", "receive", ...
const char* StepSortName(StepSort sort);

struct StepKey {
  static constexpr uint8_t kNoRail = 255;

  StepSort sort = StepSort::kOther;
  int32_t peer = -1;  // in the communicator; -1: no one rank
  uint8_t rail = kNoRail;
  friend bool operator==(const StepKey&, const StepKey&) = default;
};

class alignas(64) StepRecord {
 public:
  explicit StepRecord(StepKey key) : key_(key) {}

  const StepKey& key() const { return key_; }
  uint64_t bytes() const { return bytes_.get(); }
  const Histogram& times() const { return times_; }

  // `mark`: the number of the last mark; what came before it is forgotten.
  void Add(uint64_t bytes, int64_t ns, uint64_t mark) {
    AddAll(
        bytes, 1, [ns](size_t) { return ns; }, mark);
  }
  // `n` steps, which took next(0) to next(n - 1). Returns the sum of that.
  template <typename Next>
  uint64_t AddAll(uint64_t bytes, size_t n, Next next, uint64_t mark) {
    if (mark_.get() != mark) [[unlikely]]
      Clear(mark);
    bytes_.Add(bytes);
    return times_.AddAll(n, next);
  }
  bool HasSince(uint64_t mark) const { return mark_.get() == mark; }

 private:
  void Clear(uint64_t mark);

  const StepKey key_;
  Tally mark_;
  Tally bytes_;
  Histogram times_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_TELEMETRY_STEP_RECORD_H_
