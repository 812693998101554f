// SPDX-License-Identifier: Apache-2.0
// Landmarks of the single formats: which codes values get, how many bytes they need, what is special about each.
#include <algorithm>

#include "codec_test_support.h"
#include "lib/codec/magnitude_select.h"
#include "lib/codec/report.h"

namespace tutti {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

Floats RoundTrip(const std::string& spec, const Floats& values) {
  const auto codec = Make(spec);
  return Decoded(*codec, Encoded(*codec, values), values.size());
}

size_t BytesOf(const std::string& spec, const Floats& values) { return Encoded(*Make(spec), values).size(); }

TEST(CodecFormats, HalvesRoundToNearestEven) {
  EXPECT_EQ(RoundTrip("bf16", {1.00390625f, 1.01171875f, -3.4e38f, 0x1p-133f}),
            (Floats{1, 1.015625f, -kInf, 0x1p-133f}));
  EXPECT_EQ(RoundTrip("f16", {1.00048828125f, 1.00146484375f, 65519, 65520, 0x1p-25f}),
            (Floats{1, 1.001953125f, 65504, kInf, 0}));
}

TEST(CodecFormats, IntegersAreMultiplesOfAStep) {
  EXPECT_EQ(RoundTrip("int8", {127, -127, 1, 2.5f, 3.5f, -0.4f}), (Floats{127, -127, 1, 2, 4, 0}));
  EXPECT_EQ(RoundTrip("int4", {7, -7, 1, 2.5f, 3.5f, -0.4f, 5}), (Floats{7, -7, 1, 2, 4, 0, 5}));
}

TEST(CodecFormats, ABlockWithAnInfinityIsNanAndLeavesOthersAlone) {
  for (const char* spec :
       {"int8:block=64", "int4:block=64", "fp8_e4m3:block=64", "fp8_e5m2:block=64", "sign:block=64"}) {
    Floats values(192, 1.0f);
    values[100] = -kInf;
    const Floats decoded = RoundTrip(spec, values);
    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(std::isnan(decoded[i]), i / 64 == 1) << spec;
      if (i / 64 != 1) {
        ASSERT_NEAR(decoded[i], 1.0f, 1e-4) << spec;
      }
    }
  }
}

TEST(CodecFormats, SmallFloatsHaveTheirNumbers) {
  // With 448 (57344) in the block the scale is 1. Then e4m3 has 16, 18, 20 and, below 2^-6, multiples of 2^-9.
  EXPECT_EQ(RoundTrip("fp8_e4m3", {448, 17, 19, 0x1p-9f, 0x1.8p-9f, 0x1p-10f, -240, -0.0f}),
            (Floats{448, 16, 20, 0x1p-9f, 0x1p-8f, 0, -240, 0}));
  EXPECT_EQ(RoundTrip("fp8_e5m2", {57344, 9, 11, 0x1p-16f, 0x1.8p-16f, 0x1p-17f, -49152}),
            (Floats{57344, 8, 12, 0x1p-16f, 0x1p-15f, 0, -49152}));
  // Above 448 the scale is 2, up to 896.
  EXPECT_EQ(RoundTrip("fp8_e4m3", {449, 0x1p-8f, 0x1p-9f}), (Floats{448, 0x1p-8f, 0}));
}

TEST(CodecFormats, SignsHaveTheMeanMagnitude) {
  EXPECT_EQ(RoundTrip("sign", {1, -2, 3, -4, 0}), (Floats{2, -2, 2, -2, 2}));
}

TEST(CodecFormats, StochasticRoundingIsRightOnAverageAndRepeatsByStep) {
  const auto codec = Make("int8:rounding=stochastic,seed=3");
  const Floats values = Normal(256, 1.0f, 1);
  std::vector<double> sum(values.size());
  double step_size = 0;
  for (const float value : values) step_size = std::max(step_size, std::fabs(value) / 127.0);
  const int steps = 4000;
  for (int step = 0; step < steps; ++step) {
    Slice slice = MakeSlice(values.size());
    slice.step = static_cast<uint64_t>(step);
    const Bytes encoded = Encoded(*codec, slice, values);
    ASSERT_EQ(Encoded(*codec, slice, values), encoded);
    const Floats decoded = Decoded(*codec, encoded, values.size());
    for (size_t i = 0; i < values.size(); ++i) sum[i] += decoded[i];
  }
  // Half a step, the most that one rounding can deviate on average, over the root of the number of steps; 6 sigma.
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(sum[i] / steps, values[i], 6 * step_size / 2 / std::sqrt(steps)) << i;
  }
  Slice slice = MakeSlice(values.size());
  const Bytes at_zero = Encoded(*codec, slice, values);
  for (uint64_t Slice::*part : {&Slice::step, &Slice::tensor, &Slice::stream}) {
    Slice other = slice;
    other.*part = 1;
    EXPECT_NE(Encoded(*codec, other, values), at_zero);
  }
  slice.offset = 64;
  EXPECT_NE(Encoded(*codec, slice, values), at_zero);
  EXPECT_NE(Encoded(*Make("int8:rounding=stochastic,seed=4"), values), at_zero);
}

// Many ranks that contribute the same values in one step: what they round up and down is not the same.
TEST(CodecFormats, StochasticRoundingAveragesOutOverStreams) {
  const auto codec = Make("int8:rounding=stochastic");
  const Floats values(256, 0.5f / 127);  // half of a step, where one rounding is as wrong as can be
  Floats with_largest = values;
  with_largest[0] = 1;
  std::vector<double> sum(values.size());
  const int streams = 1000;
  for (int stream = 0; stream < streams; ++stream) {
    Slice slice = MakeSlice(values.size());
    slice.stream = static_cast<uint64_t>(stream);
    const Floats decoded = Decoded(*codec, Encoded(*codec, slice, with_largest), values.size());
    for (size_t i = 0; i < values.size(); ++i) sum[i] += decoded[i];
  }
  for (size_t i = 1; i < values.size(); ++i) {
    EXPECT_NEAR(sum[i] / streams, values[i], 6 * 0.5 / 127 / std::sqrt(streams)) << i;
  }
}

TEST(CodecFormats, BytesAreAsManyAsTheReadmeSays) {
  const Floats values = Normal(65536, 1.0f, 1);
  EXPECT_EQ(BytesOf("bf16", values), 16 + 65536u * 2);
  EXPECT_EQ(BytesOf("int8", values), 16 + 65536u + 1024);
  EXPECT_EQ(BytesOf("int4", values), 16 + 32768u + 1024);
  EXPECT_EQ(BytesOf("sign", values), 16 + 8192u + 256);
  EXPECT_LT(BytesOf("topk", values), 16 + 8 + 656u * 6);
  EXPECT_LT(BytesOf("lossless", values), 65536 * 4 * 0.9);
}

TEST(SparseCodec, KeepsTheLargestAndOfEqualOnesTheFirst) {
  EXPECT_EQ(RoundTrip("topk:ratio=0.25", {1, -5, 3, 4, 0, 2, -4, 4}), (Floats{0, -5, 0, 4, 0, 0, 0, 0}));
  EXPECT_EQ(RoundTrip("topk:ratio=0.5", {0, 0, 0, 1, 0, 0}), (Floats{0, 0, 0, 1, 0, 0}));
  EXPECT_EQ(RoundTrip("threshold:value=2", {1, -5, 1.99f, 2, 0, -2}), (Floats{0, -5, 0, 2, 0, -2}));
}

TEST(SparseCodec, WritesPlacesInTheShortestWay) {
  const auto mode = [](const std::string& spec, const Floats& values) { return Encoded(*Make(spec), values)[2]; };
  const Floats values = Normal(10000, 1.0f, 1);
  EXPECT_EQ(mode("topk:ratio=0.01", values), 1) << "gaps";
  EXPECT_EQ(mode("topk:ratio=0.5", values), 2) << "bitmap";
  EXPECT_EQ(mode("topk:ratio=0.99", values), 0) << "dense";
  EXPECT_TRUE(SameBits(RoundTrip("topk:ratio=0.99", values), values)) << "dense loses nothing";
  // Far apart: gaps of several bytes.
  Floats rare(100000);
  rare[0] = 1;
  rare[20000] = 2;
  rare[99999] = -3;
  EXPECT_EQ(BytesOf("threshold", rare), 16 + 8 + 3 * 4 + 1 + 3 + 3u);
  EXPECT_TRUE(SameBits(RoundTrip("threshold", rare), rare));
  EXPECT_EQ(BytesOf("threshold", Floats(1000)), 16 + 8u) << "nothing travels";
}

void ExpectWhatSortingFinds(const NamedData& data, const std::vector<size_t>& ks) {
  std::vector<uint32_t> magnitudes;
  for (const float value : data.values) magnitudes.push_back(std::bit_cast<uint32_t>(value) & 0x7fffffffu);
  std::sort(magnitudes.rbegin(), magnitudes.rend());
  for (const size_t k : ks) {
    const auto found =
        SelectLargest(BestCodecKernels(), reinterpret_cast<const uint8_t*>(data.values.data()), data.values.size(), k);
    ASSERT_EQ(found.bits, magnitudes[k - 1]) << data.name << ", k = " << k;
    const auto equal = std::lower_bound(magnitudes.begin(), magnitudes.end(), found.bits, std::greater<>());
    ASSERT_EQ(found.num_above, static_cast<size_t>(equal - magnitudes.begin()));
  }
}

TEST(MagnitudeSelect, FindsWhatSortingFinds) {
  Prng prng(1);
  for (const size_t count : {1500, 20001}) {  // the second is large enough for a sample
    for (const NamedData& data : HardData(count)) {
      ExpectWhatSortingFinds(data, {1, 2, count / 100, count / 2, count, 1 + prng.Below(count)});
    }
  }
}

TEST(MagnitudeSelect, DoesNotTrustItsSample) {
  // Large values only where the sample looks (each sixteenth group of 64), or only where it does not.
  for (const bool large_in_sample : {true, false}) {
    Floats values = Normal(20001, 1.0f, 1);
    for (size_t i = 0; i < values.size(); ++i) {
      if ((i / 64 % 16 == 0) == large_in_sample) values[i] *= 1e6f;
    }
    ExpectWhatSortingFinds({"clustered", values}, {1, 200, 1000, 1300, 2000, 10000, 19000, 20001});
  }
}

TEST(LosslessCodec, EveryBitComesBackAndIncompressibleDataHardlyGrows) {
  for (const NamedData& data : HardData(5000)) {
    EXPECT_TRUE(SameBits(RoundTrip("lossless", data.values), data.values)) << data.name;
    EXPECT_LE(BytesOf("lossless", data.values), 16 + 5000 * 4 + 40u) << data.name;
  }
  EXPECT_LE(BytesOf("lossless", Floats(5120)), 16 + 5120u * 3 + 5120 / 8 + 40) << "zeros: a bit for each exponent";
}

TEST(CodecReport, SaysRatioAndErrors) {
  Floats values = Normal(10000, 1.0f, 1);
  values[7] = kInf;
  const auto bf16 = MeasureCodec(*Make("bf16"), values);
  ASSERT_TRUE(bf16.ok());
  EXPECT_NEAR(bf16->Ratio(), 2, 0.01);
  EXPECT_EQ(bf16->num_not_finite, 1u);
  EXPECT_GT(bf16->relative_error, 0.0005);
  EXPECT_LT(bf16->relative_error, 0.004);
  EXPECT_LT(bf16->largest_error, bf16->largest_value / 256);
  const auto lossless = MeasureCodec(*Make("lossless"), values);
  ASSERT_TRUE(lossless.ok());
  EXPECT_EQ(lossless->num_exact, values.size());
  EXPECT_EQ(lossless->largest_error, 0);
  EXPECT_GT(lossless->Ratio(), 1.1);
  EXPECT_TRUE(MeasureCodec(*Make("topk+error_feedback"), values).ok()) << "makes the state that it needs";
}

}  // namespace
}  // namespace tutti
