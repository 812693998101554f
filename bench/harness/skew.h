// SPDX-License-Identifier: Apache-2.0
// How late ranks come to an iteration, on purpose: a distribution, and a pure function of iteration and rank, so that all
// ranks agree and every run is the same.
#ifndef TUTTI_BENCH_HARNESS_SKEW_H_
#define TUTTI_BENCH_HARNESS_SKEW_H_

#include <cstdint>
#include <optional>
#include <string>

namespace tutti::bench {

struct Skew {
  enum class Kind {
    kNone,
    kUniform,      // each rank by 0 to time_ns
    kExponential,  // each rank by time_ns on average, without an upper end
    kOne,          // one rank, another one each time, by time_ns
  };
  Kind kind = Kind::kNone;
  int64_t time_ns = 0;

  int64_t DelayNs(uint64_t iteration, int rank, int ranks) const;
};

// "none", "uniform:100us", "exp:50us", "one:2ms"; units ns, us, ms, s. Nothing if it is none of these, or above 10 s.
std::optional<Skew> ParseSkew(const std::string& text);

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_HARNESS_SKEW_H_
