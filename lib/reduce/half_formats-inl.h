// SPDX-License-Identifier: Apache-2.0
// Half-precision elements in memory, floats in registers. Rounding is to nearest, ties to even; NaN stays NaN. Included
// once for each instruction set.
//
// Two halves that share 32 bits are widened where they stand, into one vector of the lower and one of the upper halves,
// so that nothing crosses lanes:
//
//   memory  | h1 h0 | h3 h2 | ...        low  | h0 | h2 | ...        high  | h1 | h3 | ...
#if defined(TUTTI_LIB_REDUCE_HALF_FORMATS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TUTTI_LIB_REDUCE_HALF_FORMATS_INL_H_
#undef TUTTI_LIB_REDUCE_HALF_FORMATS_INL_H_
#else
#define TUTTI_LIB_REDUCE_HALF_FORMATS_INL_H_
#endif

#include "lib/reduce/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tutti {
namespace HWY_NAMESPACE {

using FloatTag = hn::ScalableTag<float>;
using BitsTag = hn::ScalableTag<uint32_t>;
using Floats = hn::Vec<FloatTag>;
using Bits = hn::Vec<BitsTag>;

// A bfloat16 is the upper half of a float.
struct Bfloat16Codec {
  static TUTTI_REDUCE_INLINE Floats FromLow(Bits pair) { return hn::BitCast(FloatTag(), hn::ShiftLeft<16>(pair)); }
  static TUTTI_REDUCE_INLINE Floats FromHigh(Bits pair) {
    return hn::BitCast(FloatTag(), hn::And(pair, hn::Set(BitsTag(), 0xffff0000u)));
  }
  static TUTTI_REDUCE_INLINE Bits ToLow(Floats value) { return hn::ShiftRight<16>(Rounded(value)); }
  static TUTTI_REDUCE_INLINE Bits ToHigh(Floats value) {
    return hn::And(Rounded(value), hn::Set(BitsTag(), 0xffff0000u));
  }

 private:
  // Adds just less than half a unit of the last place that stays, and all of it if that place is odd.
  static TUTTI_REDUCE_INLINE Bits Rounded(Floats value) {
    const BitsTag d;
    const Bits bits = hn::BitCast(d, value);
    const Bits odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 1u));
    const Bits rounded = hn::Add(bits, hn::Add(odd, hn::Set(d, 0x7fffu)));
    return hn::IfThenElse(hn::RebindMask(d, hn::IsNaN(value)), hn::Set(d, 0x7fc00000u), rounded);
  }
};

// Conversions in integer arithmetic, for processors that have none.
struct Float16Codec {
  static TUTTI_REDUCE_INLINE Floats FromLow(Bits pair) { return Widened(hn::And(pair, hn::Set(BitsTag(), 0xffffu))); }
  static TUTTI_REDUCE_INLINE Floats FromHigh(Bits pair) { return Widened(hn::ShiftRight<16>(pair)); }
  static TUTTI_REDUCE_INLINE Bits ToLow(Floats value) { return Narrowed(value); }
  static TUTTI_REDUCE_INLINE Bits ToHigh(Floats value) { return hn::ShiftLeft<16>(Narrowed(value)); }

 private:
  static TUTTI_REDUCE_INLINE Floats Widened(Bits half) {
    const BitsTag d;
    const FloatTag df;
    const hn::RebindToSigned<BitsTag> di;
    const Bits magnitude = hn::And(half, hn::Set(d, 0x7fffu));
    // The product with 2^(127 - 15) corrects the exponent's bias and makes subnormal halves normal floats, exactly.
    const Floats scaled =
        hn::Mul(hn::BitCast(df, hn::ShiftLeft<13>(magnitude)), hn::BitCast(df, hn::Set(d, 0x77800000u)));
    // Infinities and NaNs have the greatest exponent of their format, in either format.
    const auto special = hn::RebindMask(d, hn::Gt(hn::BitCast(di, magnitude), hn::Set(di, 0x7bff)));
    const Bits exponent = hn::IfThenElseZero(special, hn::Set(d, 0x7f800000u));
    const Bits sign = hn::ShiftLeft<16>(hn::AndNot(hn::Set(d, 0x7fffu), half));
    return hn::BitCast(df, hn::Or(hn::Or(hn::BitCast(d, scaled), exponent), sign));
  }

  static TUTTI_REDUCE_INLINE Bits Narrowed(Floats value) {
    const BitsTag d;
    const FloatTag df;
    const hn::RebindToSigned<BitsTag> di;
    const Bits bits = hn::BitCast(d, value);
    const Bits magnitude = hn::And(bits, hn::Set(d, 0x7fffffffu));
    const auto signed_magnitude = hn::BitCast(di, magnitude);

    // Normal halves: rebias the exponent and round as for bfloat16; a carry may make an infinity, as it should.
    const Bits odd = hn::And(hn::ShiftRight<13>(magnitude), hn::Set(d, 1u));
    const Bits rebias_and_round = hn::Set(d, 0xc8000000u + 0xfffu);
    const Bits normal = hn::ShiftRight<13>(hn::Add(magnitude, hn::Add(rebias_and_round, odd)));

    // Below 2^-14: the adder rounds, in a sum with a number whose last place is that of subnormal halves.
    const Bits half_unit = hn::Set(d, 0x3f000000u);
    const Bits subnormal =
        hn::Sub(hn::BitCast(d, hn::Add(hn::BitCast(df, magnitude), hn::BitCast(df, half_unit))), half_unit);

    const auto is_small = hn::RebindMask(d, hn::Gt(hn::Set(di, 0x38800000), signed_magnitude));
    const auto is_large = hn::RebindMask(d, hn::Gt(signed_magnitude, hn::Set(di, 0x477fffff)));
    const Bits finite = hn::IfThenElse(is_small, subnormal, normal);
    const Bits sign = hn::ShiftRight<16>(hn::Xor(bits, magnitude));
    const Bits signed_result = hn::Or(hn::IfThenElse(is_large, hn::Set(d, 0x7c00u), finite), sign);
    return hn::IfThenElse(hn::RebindMask(d, hn::IsNaN(value)), hn::Set(d, 0x7e00u), signed_result);
  }
};

template <class Codec>
struct PairFormat {
  struct Value {
    Floats low;
    Floats high;
  };
  static constexpr size_t kElementBytes = 2;
  static constexpr size_t kStepBytes = hn::MaxLanes(BitsTag()) * sizeof(uint32_t);

  static TUTTI_REDUCE_INLINE Value Load(const uint8_t* from) {
    const Bits pairs = LoadBytes(BitsTag(), from);
    return {Codec::FromLow(pairs), Codec::FromHigh(pairs)};
  }
  static TUTTI_REDUCE_INLINE void Store(Value value, uint8_t* to) {
    StoreBytes(BitsTag(), hn::Or(Codec::ToLow(value.low), Codec::ToHigh(value.high)), to);
  }
  template <class Op>
  static TUTTI_REDUCE_INLINE Value Apply(Value a, Value b) {
    return {Op::Apply(FloatTag(), a.low, b.low), Op::Apply(FloatTag(), a.high, b.high)};
  }
  using Divisor = PlainFormat<float>::Divisor;
  static TUTTI_REDUCE_INLINE Value Divide(Value value, Divisor by) {
    return {PlainFormat<float>::Divide(value.low, by), PlainFormat<float>::Divide(value.high, by)};
  }
  static TUTTI_REDUCE_INLINE Value Scale(Value value, double factor) {
    return {PlainFormat<float>::Scale(value.low, factor), PlainFormat<float>::Scale(value.high, factor)};
  }
};

using Bfloat16Format = PairFormat<Bfloat16Codec>;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
// These processors convert half a vector of halves into a vector of floats, and back.
struct Float16Format {
  using HalfTag = hn::Rebind<hwy::float16_t, FloatTag>;
  using HalfBitsTag = hn::Rebind<uint16_t, FloatTag>;
  using Value = Floats;
  static constexpr size_t kElementBytes = 2;
  static constexpr size_t kStepBytes = hn::MaxLanes(FloatTag()) * 2;

  static TUTTI_REDUCE_INLINE Value Load(const uint8_t* from) {
    return hn::PromoteTo(FloatTag(), hn::BitCast(HalfTag(), LoadBytes(HalfBitsTag(), from)));
  }
  static TUTTI_REDUCE_INLINE void Store(Value value, uint8_t* to) {
    const auto halves = hn::DemoteTo(HalfTag(), OneNan(FloatTag(), value));
    StoreBytes(HalfBitsTag(), hn::BitCast(HalfBitsTag(), halves), to);
  }
  template <class Op>
  static TUTTI_REDUCE_INLINE Value Apply(Value a, Value b) {
    return Op::Apply(FloatTag(), a, b);
  }
  using Divisor = PlainFormat<float>::Divisor;
  static TUTTI_REDUCE_INLINE Value Divide(Value value, Divisor by) { return PlainFormat<float>::Divide(value, by); }
  static TUTTI_REDUCE_INLINE Value Scale(Value value, double factor) {
    return PlainFormat<float>::Scale(value, factor);
  }
};
#else
using Float16Format = PairFormat<Float16Codec>;
#endif

}  // namespace HWY_NAMESPACE
}  // namespace tutti
HWY_AFTER_NAMESPACE();

#endif  // TUTTI_LIB_REDUCE_HALF_FORMATS_INL_H_
