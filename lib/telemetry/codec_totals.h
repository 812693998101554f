// SPDX-License-Identifier: Apache-2.0
// What a codec has cost and saved on this rank. Written by the driver with plain stores, read at any time.
#ifndef TUTTI_LIB_TELEMETRY_CODEC_TOTALS_H_
#define TUTTI_LIB_TELEMETRY_CODEC_TOTALS_H_

#include <cstdint>

#include "lib/telemetry/histogram.h"
#include "lib/telemetry/operation_timing.h"

namespace tutti {

struct CodecTotals {
  Tally operations;
  Tally raw_bytes;   // that the values sent as codes have
  Tally sent_bytes;  // as codes
  Tally coded;       // ns
  Tally moved;       // ns

  void Add(const OperationMarks& marks) {
    const OperationTiming timing = SplitTime(marks);
    operations.Add(1);
    raw_bytes.Add(marks.raw_bytes);
    sent_bytes.Add(marks.sent_bytes);
    coded.Add(static_cast<uint64_t>(timing.coded_ns));
    moved.Add(static_cast<uint64_t>(timing.moved_ns));
  }

  // How much longer moving would have taken with all bytes, if it takes as long for each. What overlapped with the codec
  // is not seen, so this is little where the path was never in the way, as it should be.
  double SavedNs() const {
    if (sent_bytes.get() == 0 || raw_bytes.get() <= sent_bytes.get()) return 0;
    return static_cast<double>(moved.get()) * static_cast<double>(raw_bytes.get() - sent_bytes.get()) /
           static_cast<double>(sent_bytes.get());
  }
  bool CostsMore() const { return static_cast<double>(coded.get()) > SavedNs(); }
};

}  // namespace tutti

#endif  // TUTTI_LIB_TELEMETRY_CODEC_TOTALS_H_
