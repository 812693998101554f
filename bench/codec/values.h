// SPDX-License-Identifier: Apache-2.0
// What codecs are measured on.
#ifndef TUTTI_BENCH_CODEC_VALUES_H_
#define TUTTI_BENCH_CODEC_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tutti::bench {

// Like a network's gradients: normally distributed, with a deviation that differs from layer to layer (4096 values)
// between 1e-4 and 1e-2. The same everywhere for a seed.
std::vector<float> RandomGradients(size_t count, uint64_t seed);

// A file of float32 values as they lie in memory. Throws std::runtime_error with a sentence if it cannot be read, is
// empty, or its length is no multiple of 4.
std::vector<float> ReadFloats(const std::string& path);

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_CODEC_VALUES_H_
