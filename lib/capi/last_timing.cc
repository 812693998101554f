// SPDX-License-Identifier: Apache-2.0
#include "lib/capi/last_timing.h"

#include "lib/telemetry/comm_telemetry.h"

namespace tutti {
namespace {

struct Remembered {
  OperationMarks marks;
  int64_t quick_ns = 0;  // of an operation that was not clocked
  enum class Kind : uint8_t { kNothing, kMarks, kUnclocked } kind = Kind::kNothing;
};

// Without constructor or destructor at run time, so that a look at it costs no check.
constinit thread_local Remembered remembered;

}  // namespace

void RememberTiming(const Operation& operation) {
  Remembered& mine = remembered;
  if (!operation.timed) {
    mine.kind = Remembered::Kind::kNothing;
  } else if (operation.unclocked()) {
    mine.kind = Remembered::Kind::kUnclocked;
    mine.quick_ns = operation.record->quick_ns();
  } else {
    mine.kind = Remembered::Kind::kMarks;
    mine.marks = operation.marks;
  }
}

const OperationMarks* LastMarks() {
  Remembered& mine = remembered;
  if (mine.kind == Remembered::Kind::kNothing) return nullptr;
  if (mine.kind == Remembered::Kind::kUnclocked) {
    mine.marks = {};
    mine.marks.finished_ns = mine.quick_ns;
  }
  return &mine.marks;
}

}  // namespace tutti
