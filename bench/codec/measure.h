// SPDX-License-Identifier: Apache-2.0
// One codec on given values: what it saves and loses, and how fast it is beside a plain copy of the same values.
#ifndef TUTTI_BENCH_CODEC_MEASURE_H_
#define TUTTI_BENCH_CODEC_MEASURE_H_

#include <memory>
#include <span>
#include <string>

#include "bench/harness/statistics.h"
#include "lib/codec/codec.h"
#include "lib/codec/report.h"

namespace tutti::bench {

// Nanoseconds for all values, one sample a round.
struct CodecTimes {
  Samples copy, encode, decode, decode_reduce;
};

struct CodecRow {
  std::string spec;
  CodecReport report;
  CodecTimes times;
};

// Bytes of values per nanosecond, which is GB/s, at the median.
double GigabytesPerSecond(const CodecRow& row, const Samples& samples);

// Each round copies, encodes, decodes, and decodes with addition, in turn, so that what else the machine does meets all
// alike. Throws std::runtime_error if the codec fails.
CodecRow MeasureRow(const std::string& spec, std::shared_ptr<const Codec> codec, std::span<const float> values,
                    int rounds);

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_CODEC_MEASURE_H_
