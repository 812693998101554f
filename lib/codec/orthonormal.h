// SPDX-License-Identifier: Apache-2.0
// Vectors of a length of 1, at right angles to each other. Sums have a fixed order: the same bits on every processor.
#ifndef TUTTI_LIB_CODEC_ORTHONORMAL_H_
#define TUTTI_LIB_CODEC_ORTHONORMAL_H_

#include <cstddef>
#include <span>

namespace tutti {

// In single precision, for long rows: 16 interleaved partial sums.
float DotProduct(const float* a, const float* b, size_t count);

// y += factor * x
void AddScaled(float factor, const float* x, float* y, size_t count);

// Makes the length 1. False, and all is 0, if it was 0; false, and all is NaN, if it was infinite or NaN.
bool Normalize(std::span<float> vector);

// Makes the `count` columns of `columns`, one behind the other, orthonormal, by the Gram-Schmidt process done twice for
// each. A column that depends on those before it, but for rounding, becomes 0; one with an infinity or a NaN becomes NaN.
void Orthonormalize(std::span<float> columns, size_t count);

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_ORTHONORMAL_H_
