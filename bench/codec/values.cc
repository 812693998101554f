// SPDX-License-Identifier: Apache-2.0
#include "bench/codec/values.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "lib/base/prng.h"

namespace tutti::bench {
namespace {

constexpr size_t kLayer = 4096;
constexpr int kUniforms = 12;  // whose sum, less 6, has a deviation of 1 and is near enough to a normal distribution

}  // namespace

std::vector<float> RandomGradients(size_t count, uint64_t seed) {
  Prng prng(seed);
  std::vector<float> values(count);
  double deviation = 0;
  for (size_t i = 0; i < count; ++i) {
    if (i % kLayer == 0) deviation = std::pow(10, -4 + 2 * prng.Unit());
    double sum = -kUniforms / 2.0;
    for (int k = 0; k < kUniforms; ++k) sum += prng.Unit();
    values[i] = static_cast<float>(deviation * sum);
  }
  return values;
}

std::vector<float> ReadFloats(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + path);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) throw std::runtime_error("cannot read " + path);
  if (bytes.empty() || bytes.size() % sizeof(float) != 0) {
    throw std::runtime_error(path + " has " + std::to_string(bytes.size()) +
                             " bytes; float32 values would be a multiple of 4, and more than none");
  }
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

}  // namespace tutti::bench
