// SPDX-License-Identifier: Apache-2.0
#include "lib/capi/last_timing.h"

namespace tutti {
namespace {

struct Remembered {
  OperationTiming timing;
  bool valid = false;
};

// Without constructor or destructor at run time, so that a look at it costs no check.
constinit thread_local Remembered remembered;

}  // namespace

void RememberTiming(const Operation& operation) {
  Remembered& mine = remembered;
  mine.valid = operation.timed;
  if (operation.timed) mine.timing = operation.timing;
}

const OperationTiming* LastTiming() { return remembered.valid ? &remembered.timing : nullptr; }

}  // namespace tutti
