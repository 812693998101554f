// SPDX-License-Identifier: Apache-2.0
// Logarithm, exponential and normal numbers from additions, multiplications and divisions alone, so that a seed gives the
// same bits with every C library. Good to about 1e-15, which is far more than a model deserves. Compiled without
// contraction of products and sums (see collectives/CMakeLists.txt).
#ifndef TUTTI_COLLECTIVES_SIMULATE_PORTABLE_MATH_H_
#define TUTTI_COLLECTIVES_SIMULATE_PORTABLE_MATH_H_

#include <cmath>

#include "lib/base/prng.h"

namespace tutti::simulate {

inline constexpr double kLn2 = 0.693147180559945309417;

// Natural logarithm of x > 0.
inline double Ln(double x) {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);  // exact
  if (mantissa < 0.70710678118654752) {
    mantissa *= 2;
    --exponent;
  }
  // ln m = 2 artanh s with s = (m - 1) / (m + 1), |s| < 0.172.
  const double s = (mantissa - 1) / (mantissa + 1);
  const double square = s * s;
  double sum = 0;
  for (int k = 23; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
  return 2 * s * sum + exponent * kLn2;
}

// e to the power of x, for |x| < 700.
inline double Exp(double x) {
  const double halves = std::floor(x / kLn2 + 0.5);
  const double rest = x - halves * kLn2;
  double sum = 1;
  for (int k = 18; k >= 1; --k) sum = sum * rest / k + 1;
  return std::ldexp(sum, static_cast<int>(halves));
}

// Mean 0, deviation 1 (Marsaglia's polar method; the second number of each pair is not used). std::sqrt is exact by IEEE 754.
inline double Normal(Prng& random) {
  for (;;) {
    const double x = 2 * random.Unit() - 1;
    const double y = 2 * random.Unit() - 1;
    const double radius = x * x + y * y;
    if (radius > 0 && radius < 1) return x * std::sqrt(-2 * Ln(radius) / radius);
  }
}

}  // namespace tutti::simulate

#endif  // TUTTI_COLLECTIVES_SIMULATE_PORTABLE_MATH_H_
