// SPDX-License-Identifier: Apache-2.0
// float32 to scaled integers and back, for one instruction set. No include guard: quantize_kernels.cc includes it once
// for each set.
//
// Rounding is done by the adder: a float in [2^23, 2^24) has a last place of 1, so adding 1.5 * 2^23 to a small number
// leaves its nearest integer (ties to even) in the lower bits of the sum, as two's complement.
#include "lib/codec/kernels.h"
#include "lib/reduce/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tutti {
namespace HWY_NAMESPACE {

using QuantFloat = hn::ScalableTag<float>;
using QuantBits = hn::ScalableTag<uint32_t>;
using QuantInt = hn::ScalableTag<int32_t>;
inline constexpr size_t kQuantLanes = hn::MaxLanes(QuantFloat());
inline constexpr float kRounder = 12582912.0f;

uint32_t MaxMagnitude(const uint8_t* values, size_t count) {
  const QuantBits d;
  const QuantInt di;
  const auto no_sign = hn::Set(d, 0x7fffffffu);
  auto m0 = hn::Zero(di), m1 = m0, m2 = m0, m3 = m0;
  const auto magnitude = [&](size_t i)
                             HWY_ATTR { return hn::BitCast(di, hn::And(LoadBytes(d, values + 4 * i), no_sign)); };
  for (size_t i = 0; i < count; i += 4 * kQuantLanes) {
    m0 = hn::Max(m0, magnitude(i));
    m1 = hn::Max(m1, magnitude(i + kQuantLanes));
    m2 = hn::Max(m2, magnitude(i + 2 * kQuantLanes));
    m3 = hn::Max(m3, magnitude(i + 3 * kQuantLanes));
  }
  const auto all = hn::Max(hn::Max(m0, m1), hn::Max(m2, m3));
  return static_cast<uint32_t>(hn::GetLane(hn::MaxOfLanes(di, all)));
}

TUTTI_REDUCE_INLINE void StoreRounded(hn::Vec<QuantFloat> value, uint8_t* to) {
  const QuantBits d;
  const hn::Rebind<uint8_t, QuantBits> bytes;
  const auto sum = hn::BitCast(d, hn::Add(value, hn::Set(QuantFloat(), kRounder)));
  StoreBytes(bytes, hn::TruncateTo(bytes, sum), to);
}

void ToInt8(const uint8_t* values, size_t count, float inverse, uint8_t* codes) {
  const QuantFloat df;
  const auto factor = hn::Set(df, inverse);
  for (size_t i = 0; i < count; i += kQuantLanes) {
    StoreRounded(hn::Mul(LoadBytes(df, values + 4 * i), factor), codes + i);
  }
}

// The finalizer of MurmurHash3 (Appleby 2011), on the element's number and two halves of a key. Its upper bits become a
// float in [1, 2).
void ToInt8Stochastic(const uint8_t* values, size_t count, float inverse, float limit, uint64_t key, uint8_t* codes) {
  const QuantFloat df;
  const QuantBits d;
  const auto factor = hn::Set(df, inverse);
  const auto most = hn::Set(df, limit);
  const auto least = hn::Set(df, -limit);
  const auto key_low = hn::Set(d, static_cast<uint32_t>(key));
  const auto key_high = hn::Set(d, static_cast<uint32_t>(key >> 32));
  auto number = hn::Iota(d, 0);
  for (size_t i = 0; i < count; i += kQuantLanes) {
    auto hash = hn::Xor(number, key_low);
    hash = hn::Mul(hn::Xor(hash, hn::ShiftRight<16>(hash)), hn::Set(d, 0x85ebca6bu));
    hash = hn::Add(hash, key_high);
    hash = hn::Mul(hn::Xor(hash, hn::ShiftRight<13>(hash)), hn::Set(d, 0xc2b2ae35u));
    hash = hn::Xor(hash, hn::ShiftRight<16>(hash));
    const auto unit = hn::BitCast(df, hn::Or(hn::ShiftRight<9>(hash), hn::Set(d, 0x3f800000u)));
    const auto noise = hn::Sub(unit, hn::Set(df, 1.5f));
    const auto value = hn::Add(hn::Mul(LoadBytes(df, values + 4 * i), factor), noise);
    StoreRounded(hn::Min(hn::Max(value, least), most), codes + i);
    number = hn::Add(number, hn::Set(d, static_cast<uint32_t>(kQuantLanes)));
  }
}

void FromInt8(const uint8_t* codes, size_t count, float scale, uint8_t* values) {
  const QuantFloat df;
  const QuantInt di;
  const hn::Rebind<int8_t, QuantInt> bytes;
  const auto factor = hn::Set(df, scale);
  for (size_t i = 0; i < count; i += kQuantLanes) {
    const auto code = hn::ConvertTo(df, hn::PromoteTo(di, LoadBytes(bytes, codes + i)));
    StoreBytes(df, hn::Mul(code, factor), values + 4 * i);
  }
}

void PackInt4(const uint8_t* int8_codes, size_t count, uint8_t* codes) {
  const hn::ScalableTag<uint16_t> pairs;
  const hn::Rebind<uint8_t, decltype(pairs)> bytes;
  constexpr size_t kPairs = hn::MaxLanes(hn::ScalableTag<uint16_t>());
  for (size_t i = 0; i < count / 2; i += kPairs) {
    const auto pair = LoadBytes(pairs, int8_codes + 2 * i);
    const auto low = hn::And(pair, hn::Set(pairs, uint16_t{0x000f}));
    const auto high = hn::And(hn::ShiftRight<4>(pair), hn::Set(pairs, uint16_t{0x00f0}));
    StoreBytes(bytes, hn::TruncateTo(bytes, hn::Or(low, high)), codes + i);
  }
}

void FromInt4(const uint8_t* codes, size_t count, float scale, uint8_t* values) {
  const hn::ScalableTag<uint16_t> pairs;
  const hn::Rebind<uint8_t, decltype(pairs)> bytes;
  const hn::Repartition<int8_t, decltype(pairs)> nibbles;
  constexpr size_t kPairs = hn::MaxLanes(hn::ScalableTag<uint16_t>());
  // As int8 first, a group at a time. A sign is extended by way of xor and subtraction.
  uint8_t group[kGroup];
  for (size_t done = 0; done < count; done += kGroup) {
    for (size_t i = 0; i < kGroup / 2; i += kPairs) {
      const auto code = hn::PromoteTo(pairs, LoadBytes(bytes, codes + done / 2 + i));
      const auto spread = hn::And(hn::Or(code, hn::ShiftLeft<4>(code)), hn::Set(pairs, uint16_t{0x0f0f}));
#if HWY_TARGET == HWY_SCALAR
      // One lane of 16 bits is no pair of lanes of 8 bits here.
      const uint16_t both = hn::GetLane(spread);
      group[2 * i] = static_cast<uint8_t>(((both & 0xf) ^ 8) - 8);
      group[2 * i + 1] = static_cast<uint8_t>(((both >> 8) ^ 8) - 8);
      (void)nibbles;
#else
      const auto eight = hn::Set(nibbles, int8_t{8});
      StoreBytes(nibbles, hn::Sub(hn::Xor(hn::BitCast(nibbles, spread), eight), eight), group + 2 * i);
#endif
    }
    FromInt8(group, kGroup, scale, values + 4 * done);
  }
}

void FillQuantize(CodecKernels& kernels) {
  kernels.max_magnitude = MaxMagnitude;
  kernels.to_int8 = ToInt8;
  kernels.to_int8_stochastic = ToInt8Stochastic;
  kernels.from_int8 = FromInt8;
  kernels.pack_int4 = PackInt4;
  kernels.from_int4 = FromInt4;
}

}  // namespace HWY_NAMESPACE
}  // namespace tutti
HWY_AFTER_NAMESPACE();
