// SPDX-License-Identifier: Apache-2.0
// The command line of tutti-bench.
#ifndef TUTTI_BENCH_TUTTI_BENCH_OPTIONS_H_
#define TUTTI_BENCH_TUTTI_BENCH_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/harness/meter.h"
#include "bench/harness/operation.h"
#include "bench/harness/sizes.h"

namespace tutti::bench {

enum class Layout { kAuto, kWide, kNarrow };

struct Options {
  const Operation* operation = nullptr;
  SizeSeries sizes;
  MeterSettings meter;
  std::vector<tutti_dtype_t> dtypes;
  std::vector<tutti_op_t> ops;
  int root = 0;
  std::string algorithm;            // "": tutti's choice; names, or "all": one after the other
  std::vector<std::string> codecs;  // one after the other; empty: no codecs
  int64_t timeout_ns = 0;
  int ranks = 0;  // 0: a launcher has started us
  std::string json_file;
  Layout layout = Layout::kAuto;
  bool jitter = false;
  int load_threads = 0;
  std::vector<std::string> command_line;
};

// Nothing if the program is to end at once with *status: help is printed, or a sentence on stderr says what is wrong.
std::optional<Options> ParseOptions(int argc, char** argv, int* status);

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_TUTTI_BENCH_OPTIONS_H_
