// SPDX-License-Identifier: Apache-2.0
// What delays a rank beyond what it computes: a distribution of delays, drawn with a seed.
#ifndef TUTTI_COLLECTIVES_SIMULATE_NOISE_H_
#define TUTTI_COLLECTIVES_SIMULATE_NOISE_H_

#include <cstdint>
#include <vector>

#include "lib/base/prng.h"

namespace tutti::simulate {

// Times are in picoseconds throughout the simulator: integers, so that sums do not depend on their order, and fine enough
// for a byte on a fast link (20 ps at 50 GB/s).
inline constexpr int64_t kPsPerNs = 1000;
inline constexpr int64_t kPsPerUs = 1000 * kPsPerNs;
inline constexpr int64_t kPsPerSecond = 1000000 * kPsPerUs;

struct Noise {
  enum class Kind : uint8_t { kNone, kExponential, kLognormal, kSamples };
  Kind kind = Kind::kNone;
  double chance = 1;             // that there is a delay at all
  double mean_ps = 0;            // kExponential
  double median_ps = 0;          // kLognormal
  double sigma = 0;              // kLognormal: deviation of the logarithm
  std::vector<int64_t> samples;  // kSamples, in ps: one of them, each equally likely; not empty

  bool none() const { return kind == Kind::kNone || chance <= 0; }
  // One delay, not negative, at most an hour.
  int64_t Draw(Prng& random) const;
};

}  // namespace tutti::simulate

#endif  // TUTTI_COLLECTIVES_SIMULATE_NOISE_H_
