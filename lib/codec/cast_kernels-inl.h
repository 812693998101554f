// SPDX-License-Identifier: Apache-2.0
// float32 to bf16, f16 and 8-bit floats and back, for one instruction set. No include guard: cast_kernels.cc includes
// it once for each set.
#include "lib/codec/kernels.h"
#include "lib/reduce/half_formats-inl.h"
#include "lib/reduce/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tutti {
namespace HWY_NAMESPACE {

inline constexpr size_t kFloatLanes = hn::MaxLanes(FloatTag());

template <class Half>
void ToHalf(const uint8_t* values, size_t count, uint8_t* codes) {
  const hn::Rebind<uint16_t, BitsTag> halves;
  for (size_t i = 0; i < count; i += kFloatLanes) {
    StoreBytes(halves, hn::TruncateTo(halves, Half::ToLow(LoadBytes(FloatTag(), values + 4 * i))), codes + 2 * i);
  }
}

template <class Half>
void FromHalf(const uint8_t* codes, size_t count, uint8_t* values) {
  const hn::Rebind<uint16_t, BitsTag> halves;
  for (size_t i = 0; i < count; i += kFloatLanes) {
    const Bits code = hn::PromoteTo(BitsTag(), LoadBytes(halves, codes + 2 * i));
    StoreBytes(FloatTag(), OneNan(FloatTag(), Half::FromLow(code)), values + 4 * i);
  }
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
void ToFloat16(const uint8_t* values, size_t count, uint8_t* codes) {
  for (size_t i = 0; i < count; i += kFloatLanes) {
    Float16Format::Store(LoadBytes(FloatTag(), values + 4 * i), codes + 2 * i);
  }
}
void FromFloat16(const uint8_t* codes, size_t count, uint8_t* values) {
  for (size_t i = 0; i < count; i += kFloatLanes) {
    StoreBytes(FloatTag(), OneNan(FloatTag(), Float16Format::Load(codes + 2 * i)), values + 4 * i);
  }
}
#else
void ToFloat16(const uint8_t* values, size_t count, uint8_t* codes) { ToHalf<Float16Codec>(values, count, codes); }
void FromFloat16(const uint8_t* codes, size_t count, uint8_t* values) { FromHalf<Float16Codec>(codes, count, values); }
#endif

// An 8-bit float with kFraction bits of fraction and 7 - kFraction of exponent. Only its finite numbers are met.
template <int kFraction>
struct SmallFloat {
  static constexpr int kBias = (1 << (6 - kFraction)) - 1;
  static constexpr int kDropped = 23 - kFraction;
  static constexpr uint32_t FloatExponent(int exponent) { return static_cast<uint32_t>(exponent + 127) << 23; }

  static void To(const uint8_t* values, size_t count, float inverse, uint8_t* codes) {
    const BitsTag d;
    const FloatTag df;
    const hn::RebindToSigned<BitsTag> di;
    const hn::Rebind<uint8_t, BitsTag> bytes;
    const Floats factor = hn::Set(df, inverse);
    const Bits rebias = hn::Set(d, FloatExponent(kBias - 254) + (uint32_t{1} << (kDropped - 1)) - 1);
    // A number whose last place is that of the format's subnormal numbers, 2^(1 - kBias - kFraction).
    const Bits last_place = hn::Set(d, FloatExponent(1 - kBias - kFraction + 23));
    const auto normal_from = hn::Set(di, static_cast<int32_t>(FloatExponent(1 - kBias)));
    for (size_t i = 0; i < count; i += kFloatLanes) {
      const Bits bits = hn::BitCast(d, hn::Mul(LoadBytes(df, values + 4 * i), factor));
      const Bits magnitude = hn::And(bits, hn::Set(d, 0x7fffffffu));
      const Bits odd = hn::And(hn::ShiftRight<kDropped>(magnitude), hn::Set(d, 1u));
      const Bits normal = hn::ShiftRight<kDropped>(hn::Add(magnitude, hn::Add(rebias, odd)));
      const Bits small =
          hn::Sub(hn::BitCast(d, hn::Add(hn::BitCast(df, magnitude), hn::BitCast(df, last_place))), last_place);
      const auto is_small = hn::RebindMask(d, hn::Gt(normal_from, hn::BitCast(di, magnitude)));
      const Bits sign = hn::ShiftRight<24>(hn::Xor(bits, magnitude));
      StoreBytes(bytes, hn::TruncateTo(bytes, hn::Or(hn::IfThenElse(is_small, small, normal), sign)), codes + i);
    }
  }

  static void From(const uint8_t* codes, size_t count, float scale, uint8_t* values) {
    const BitsTag d;
    const FloatTag df;
    const hn::Rebind<uint8_t, BitsTag> bytes;
    // Corrects the exponent's bias, and makes subnormal numbers normal.
    const Floats unbias = hn::BitCast(df, hn::Set(d, FloatExponent(127 - kBias)));
    const Floats factor = hn::Set(df, scale);
    for (size_t i = 0; i < count; i += kFloatLanes) {
      const Bits code = hn::PromoteTo(d, LoadBytes(bytes, codes + i));
      const Bits magnitude = hn::ShiftLeft<kDropped>(hn::And(code, hn::Set(d, 0x7fu)));
      const Bits sign = hn::ShiftLeft<24>(hn::And(code, hn::Set(d, 0x80u)));
      const Floats value = hn::Mul(hn::Mul(hn::BitCast(df, magnitude), unbias), factor);
      StoreBytes(df, hn::BitCast(df, hn::Or(hn::BitCast(d, value), sign)), values + 4 * i);
    }
  }
};

void FillCast(CodecKernels& kernels) {
  kernels.to_bf16 = ToHalf<Bfloat16Codec>;
  kernels.from_bf16 = FromHalf<Bfloat16Codec>;
  kernels.to_f16 = ToFloat16;
  kernels.from_f16 = FromFloat16;
  kernels.to_e4m3 = SmallFloat<3>::To;
  kernels.from_e4m3 = SmallFloat<3>::From;
  kernels.to_e5m2 = SmallFloat<2>::To;
  kernels.from_e5m2 = SmallFloat<2>::From;
}

}  // namespace HWY_NAMESPACE
}  // namespace tutti
HWY_AFTER_NAMESPACE();
