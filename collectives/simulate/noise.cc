// SPDX-License-Identifier: Apache-2.0
#include "collectives/simulate/noise.h"

#include <algorithm>

#include "collectives/simulate/portable_math.h"

namespace tutti::simulate {
namespace {

constexpr double kMostPs = 3600.0 * kPsPerSecond;

int64_t ToDelay(double ps) { return static_cast<int64_t>(std::clamp(ps, 0.0, kMostPs)); }

}  // namespace

int64_t Noise::Draw(Prng& random) const {
  if (none()) return 0;
  if (chance < 1 && !random.Chance(chance)) return 0;
  switch (kind) {
    case Kind::kNone:
      return 0;
    case Kind::kExponential:
      return ToDelay(-mean_ps * Ln(1 - random.Unit()));  // 1 - Unit() is never 0
    case Kind::kLognormal:
      return ToDelay(median_ps * Exp(std::clamp(sigma * Normal(random), -600.0, 600.0)));
    case Kind::kSamples:
      return samples[random.Below(samples.size())];
  }
  return 0;
}

}  // namespace tutti::simulate
