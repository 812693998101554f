// SPDX-License-Identifier: Apache-2.0
// Data that is hard on codecs, and shorthand for calling them.
#ifndef TUTTI_TESTS_UNIT_CODEC_CODEC_TEST_SUPPORT_H_
#define TUTTI_TESTS_UNIT_CODEC_CODEC_TEST_SUPPORT_H_

#include <gtest/gtest.h>

#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/prng.h"
#include "lib/codec/registry.h"

namespace tutti {

using Floats = std::vector<float>;
using Bytes = std::vector<uint8_t>;

// Every built-in codec, those with parameters in several forms.
inline const std::vector<std::string>& AllSpecs() {
  static const std::vector<std::string> specs = {"bf16",
                                                 "f16",
                                                 "int8",
                                                 "int8:block=64,rounding=stochastic,seed=7",
                                                 "int4",
                                                 "int4:block=1024,rounding=stochastic",
                                                 "fp8_e4m3",
                                                 "fp8_e5m2:block=128",
                                                 "sign",
                                                 "sign:block=64",
                                                 "topk",
                                                 "topk:ratio=0.3",
                                                 "topk:ratio=1",
                                                 "threshold",
                                                 "threshold:value=1",
                                                 "lossless"};
  return specs;
}

inline std::shared_ptr<const Codec> Make(const std::string& spec, const CodecKernels& kernels = BestCodecKernels()) {
  auto codec = MakeCodec(spec, kernels);
  EXPECT_TRUE(codec.ok()) << spec << ": " << codec.status();
  return codec.ok() ? *std::move(codec) : nullptr;
}

// For test names.
inline std::string NameOf(const std::string& spec) {
  std::string name;
  for (const char c : spec) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

inline Floats Normal(size_t count, float scale, uint64_t seed) {
  Prng prng(seed);
  Floats values(count);
  for (float& value : values) {
    double sum = -6;  // of twelve uniform numbers: near enough to a normal distribution
    for (int i = 0; i < 12; ++i) sum += prng.Unit();
    value = static_cast<float>(sum) * scale;
  }
  return values;
}

struct NamedData {
  std::string name;
  Floats values;
};

// `count` values of each kind.
inline std::vector<NamedData> HardData(size_t count) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  constexpr float kMax = std::numeric_limits<float>::max();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  std::vector<NamedData> data;
  const auto add = [&](const char* name, auto value_of) {
    Floats values(count);
    for (size_t i = 0; i < count; ++i) values[i] = value_of(i);
    data.push_back({name, std::move(values)});
  };
  Prng prng(count + 1);
  const Floats gradient = Normal(count, 1e-3f, count);
  add("zeros", [](size_t) { return 0.0f; });
  add("minus zeros", [](size_t) { return -0.0f; });
  add("constant", [](size_t) { return -0.3f; });
  add("gradient", [&](size_t i) { return gradient[i]; });
  add("large", [&](size_t i) { return gradient[i] * 1e6f; });
  add("one huge outlier", [&](size_t i) { return i == count / 2 ? 3e38f : gradient[i]; });
  add("mostly zeros", [&](size_t i) { return prng.Below(50) == 0 ? gradient[i] : 0.0f; });
  add("subnormal", [&](size_t) { return std::bit_cast<float>(static_cast<uint32_t>(prng.Below(1 << 23))); });
  add("tiny", [&](size_t i) { return gradient[i] * 1e-30f; });
  add("greatest", [&](size_t i) { return i % 3 == 0 ? kMax : -kMax; });
  add("one infinity", [&](size_t i) { return i == count / 3 ? -kInf : gradient[i]; });
  add("one NaN", [&](size_t i) { return i == count / 3 ? kNan : gradient[i]; });
  add("all infinite", [&](size_t) { return kInf; });
  add("any bits", [&](size_t) { return std::bit_cast<float>(static_cast<uint32_t>(prng.Next())); });
  add("powers of two", [&](size_t) { return std::ldexp(1.0f, static_cast<int>(prng.Between(-149, 127))); });
  add("near ties", [&](size_t) { return static_cast<float>(prng.Between(-254, 254)) / 2 / 127; });
  return data;
}

inline constexpr size_t kLengths[] = {0, 1, 2, 63, 64, 65, 127, 257, 511, 513, 1000, 4097};

inline Bytes Encoded(const Codec& codec, const Slice& slice, const Floats& values, CodecState* state = nullptr) {
  Bytes encoded(codec.MaxEncodedBytes(DataType::kFloat32, slice.count), 0xa5);
  size_t bytes = 0;
  EXPECT_EQ(codec.Encode(slice, state, values.data(), encoded, &bytes), TUTTI_OK);
  EXPECT_LE(bytes, encoded.size());
  encoded.resize(bytes);
  return encoded;
}

inline Bytes Encoded(const Codec& codec, const Floats& values) {
  return Encoded(codec, MakeSlice(values.size()), values);
}

inline Floats Decoded(const Codec& codec, const Bytes& encoded, size_t count) {
  Floats values(count, -77.0f);
  EXPECT_EQ(codec.Decode(MakeSlice(count), encoded, values.data()), TUTTI_OK);
  return values;
}

inline bool SameBits(const Floats& a, const Floats& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

}  // namespace tutti

#endif  // TUTTI_TESTS_UNIT_CODEC_CODEC_TEST_SUPPORT_H_
