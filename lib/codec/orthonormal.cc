// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/orthonormal.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tutti {
namespace {

constexpr size_t kLanes = 16;

// What is left of a vector's squared length after projection, if rounding is all that is left.
constexpr double kDependent = 1e-10;

template <typename Sum>
Sum AddInPairs(Sum (&sums)[kLanes]) {
  for (size_t half = kLanes / 2; half > 0; half /= 2) {
    for (size_t i = 0; i < half; ++i) sums[i] += sums[i + half];
  }
  return sums[0];
}

template <typename Sum>
Sum Dot(const float* a, const float* b, size_t count) {
  Sum sums[kLanes] = {};
  const size_t whole = count / kLanes * kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += static_cast<Sum>(a[i + lane]) * b[i + lane];
  }
  for (size_t i = whole; i < count; ++i) sums[i - whole] += static_cast<Sum>(a[i]) * b[i];
  return AddInPairs(sums);
}

double SquaredLength(std::span<const float> v) { return Dot<double>(v.data(), v.data(), v.size()); }

bool Scale(std::span<float> vector, double squared_length) {
  const bool usable = std::isfinite(squared_length) && squared_length > 0;
  if (!usable) {
    const float all = std::isfinite(squared_length) ? 0.0f : std::numeric_limits<float>::quiet_NaN();
    std::fill(vector.begin(), vector.end(), all);
    return false;
  }
  const double length = std::sqrt(squared_length);
  for (float& value : vector) value = static_cast<float>(value / length);
  return true;
}

}  // namespace

float DotProduct(const float* a, const float* b, size_t count) { return Dot<float>(a, b, count); }

void AddScaled(float factor, const float* x, float* y, size_t count) {
  for (size_t i = 0; i < count; ++i) y[i] += factor * x[i];
}

bool Normalize(std::span<float> vector) { return Scale(vector, SquaredLength(vector)); }

void Orthonormalize(std::span<float> columns, size_t count) {
  const size_t length = columns.size() / count;
  for (size_t k = 0; k < count; ++k) {
    const std::span<float> column = columns.subspan(k * length, length);
    // Of length 1 first, so that neither very large nor very small values lose anything on the way.
    if (!Normalize(column)) continue;
    for (int pass = 0; pass < 2; ++pass) {
      for (size_t earlier = 0; earlier < k; ++earlier) {
        const float* other = columns.data() + earlier * length;
        AddScaled(static_cast<float>(-Dot<double>(other, column.data(), length)), other, column.data(), length);
      }
    }
    const double left = SquaredLength(column);
    Scale(column, left <= kDependent ? 0 : left);
  }
}

}  // namespace tutti
