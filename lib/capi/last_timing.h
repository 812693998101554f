// SPDX-License-Identifier: Apache-2.0
// What tutti_last_timing answers: the timing of the operation that the calling thread waited for last.
#ifndef TUTTI_LIB_CAPI_LAST_TIMING_H_
#define TUTTI_LIB_CAPI_LAST_TIMING_H_

#include "lib/engine/operation.h"

namespace tutti {

// The operation is done, and this thread has not given it back yet.
void RememberTiming(const Operation& operation);

// nullptr: there is none.
const OperationMarks* LastMarks();

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_LAST_TIMING_H_
