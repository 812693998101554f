// SPDX-License-Identifier: Apache-2.0
#include "lib/telemetry/step_record.h"

namespace tutti {

const char* StepSortName(StepSort sort) {
  switch (sort) {
    case StepSort::kSend:
      return "send";
    case StepSort::kReceive:
      return "receive";
    case StepSort::kReduce:
      return "reduce";
    case StepSort::kCopy:
      return "copy";
    case StepSort::kEncode:
      return "encode";
    case StepSort::kDecode:
      return "decode";
    case StepSort::kPublish:
      return "publish";
    case StepSort::kOther:
      break;
  }
  return "other";
}

void StepRecord::Clear(uint64_t mark) {
  times_.Clear();
  bytes_.Set(0);
  mark_.Set(mark);
}

}  // namespace tutti
