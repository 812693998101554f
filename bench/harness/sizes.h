// SPDX-License-Identifier: Apache-2.0
// Message sizes as people write them, and the series of sizes that a benchmark goes through.
#ifndef TUTTI_BENCH_HARNESS_SIZES_H_
#define TUTTI_BENCH_HARNESS_SIZES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tutti::bench {

// "8", "4K", "64M", "1.5G", "64MiB": powers of 1024, a B or iB may follow. Nothing if it is none of these, is not a whole
// number of bytes, or exceeds 2^60.
std::optional<uint64_t> ParseSize(const std::string& text);

struct SizeSeries {
  uint64_t min_bytes = 8;
  uint64_t max_bytes = uint64_t{64} << 20;
  double factor = 2;        // more than 1; used if step_bytes is 0
  uint64_t step_bytes = 0;  // added each time, if not 0
};

// From min_bytes up to max_bytes. What follows 0 bytes is 8, or step_bytes.
std::vector<uint64_t> SizesOf(const SizeSeries& series);

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_HARNESS_SIZES_H_
