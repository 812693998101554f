// SPDX-License-Identifier: Apache-2.0
// Signs, masks, bit planes and the parts of floats, for one instruction set. No include guard: bit_kernels.cc includes
// it once for each set.
#include <cstring>

#include "lib/codec/kernels.h"
#include "lib/reduce/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tutti {
namespace HWY_NAMESPACE {

using BitFloat = hn::ScalableTag<float>;
using BitWord = hn::ScalableTag<uint32_t>;
using BitByte = hn::ScalableTag<uint8_t>;
inline constexpr size_t kWordLanes = hn::MaxLanes(BitWord());
inline constexpr size_t kByteLanes = hn::MaxLanes(BitByte());

// Bit i of the result: whether byte i of a group has any bit of `bit`.
TUTTI_REDUCE_INLINE uint64_t TestGroup(const uint8_t* group, uint8_t bit) {
#if HWY_TARGET == HWY_SCALAR
  uint64_t mask = 0;
  for (size_t i = 0; i < kGroup; ++i) mask |= uint64_t{(group[i] & bit) != 0} << i;
  return mask;
#else
  const BitByte d;
  uint8_t bits[kGroup / 8 + 8] = {};  // a mask may be stored with bytes to spare
  const auto test = hn::Set(d, bit);
  for (size_t i = 0; i < kGroup; i += kByteLanes) {
    hn::StoreMaskBits(d, hn::TestBit(LoadBytes(d, group + i), test), bits + i / 8);
  }
  uint64_t mask;
  std::memcpy(&mask, bits, sizeof(mask));
  return mask;
#endif
}

// The other way round: adds `bit` to byte i of the group where bit i of the mask is set.
TUTTI_REDUCE_INLINE void SpreadMask(const uint8_t* mask, uint8_t bit, uint8_t* group) {
#if HWY_TARGET == HWY_SCALAR
  for (size_t i = 0; i < kGroup; ++i) {
    if ((mask[i / 8] >> (i % 8)) & 1) group[i] |= bit;
  }
#else
  const BitByte d;
  uint8_t bits[kGroup / 8 + 8] = {};  // a mask may be loaded with bytes to spare
  std::memcpy(bits, mask, kGroup / 8);
  const auto added = hn::Set(d, bit);
  for (size_t i = 0; i < kGroup; i += kByteLanes) {
    const auto set = hn::IfThenElseZero(hn::LoadMaskBits(d, bits + i / 8), added);
    StoreBytes(d, hn::Or(LoadBytes(d, group + i), set), group + i);
  }
#endif
}

// The lower bytes of 64 words, which `word` makes for each vector of values.
template <class Word>
TUTTI_REDUCE_INLINE void GatherBytes(const uint8_t* values, uint8_t* group, Word word) {
  const hn::Rebind<uint8_t, BitWord> bytes;
  for (size_t i = 0; i < kGroup; i += kWordLanes) {
    StoreBytes(bytes, hn::TruncateTo(bytes, word(LoadBytes(BitWord(), values + 4 * i))), group + i);
  }
}

double SumMagnitudes(const uint8_t* values, size_t count) {
  // Eight partial sums, whatever the vectors' length.
  constexpr size_t kSums = 8;
  const hn::CappedTag<double, kSums> d;
  const hn::Rebind<float, decltype(d)> df;
  constexpr size_t kLanes = hn::MaxLanes(hn::CappedTag<double, kSums>());
  hn::Vec<hn::CappedTag<double, kSums>> sums[kSums / kLanes];
  for (auto& sum : sums) sum = hn::Zero(d);
  for (size_t i = 0; i < count; i += kSums) {
    for (size_t k = 0; k < kSums / kLanes; ++k) {
      const auto value = hn::Abs(LoadBytes(df, values + 4 * (i + k * kLanes)));
      sums[k] = hn::Add(sums[k], hn::PromoteTo(d, value));
    }
  }
  uint8_t bytes[kSums * sizeof(double)];
  for (size_t k = 0; k < kSums / kLanes; ++k) StoreBytes(d, sums[k], bytes + k * kLanes * sizeof(double));
  double parts[kSums];
  std::memcpy(parts, bytes, sizeof(parts));
  return ((parts[0] + parts[4]) + (parts[2] + parts[6])) + ((parts[1] + parts[5]) + (parts[3] + parts[7]));
}

void ToSigns(const uint8_t* values, size_t count, uint8_t* codes) {
  uint8_t group[kGroup];
  for (size_t done = 0; done < count; done += kGroup) {
    GatherBytes(values + 4 * done, group, [](auto word) HWY_ATTR { return hn::ShiftRight<24>(word); });
    const uint64_t mask = TestGroup(group, 0x80);
    std::memcpy(codes + done / 8, &mask, sizeof(mask));
  }
}

void FromSigns(const uint8_t* codes, size_t count, float scale, uint8_t* values) {
  const BitWord d;
  const hn::Rebind<uint8_t, BitWord> bytes;
  const auto magnitude = hn::BitCast(d, hn::Set(BitFloat(), scale));
  for (size_t done = 0; done < count; done += kGroup) {
    uint8_t group[kGroup] = {};
    SpreadMask(codes + done / 8, 0x80, group);
    for (size_t i = 0; i < kGroup; i += kWordLanes) {
      const auto sign = hn::ShiftLeft<24>(hn::PromoteTo(d, LoadBytes(bytes, group + i)));
      StoreBytes(d, hn::Or(magnitude, sign), values + 4 * (done + i));
    }
  }
}

void MagnitudesAtLeast(const uint8_t* values, size_t count, uint32_t threshold, uint64_t* masks) {
  const BitWord d;
  const hn::RebindToSigned<BitWord> di;
  // As signed numbers: magnitude - threshold is negative where the magnitude is less. Neither exceeds 2^31 - 1.
  const auto minimum = hn::Set(d, threshold);
  const auto no_sign = hn::Set(d, 0x7fffffffu);
  uint8_t group[kGroup];
  for (size_t done = 0; done < count; done += kGroup) {
    GatherBytes(values + 4 * done, group,
                [&](auto word) HWY_ATTR { return hn::ShiftRight<24>(hn::Sub(hn::And(word, no_sign), minimum)); });
    masks[done / kGroup] = ~TestGroup(group, 0x80);
  }
  (void)di;
}

void SplitFloats(const uint8_t* values, size_t count, uint8_t* exponents, uint8_t* low, uint8_t* high) {
  const BitWord d;
  const hn::Rebind<uint8_t, BitWord> bytes;
  const hn::Rebind<uint16_t, BitWord> halves;
  for (size_t i = 0; i < count; i += kWordLanes) {
    const auto word = LoadBytes(d, values + 4 * i);
    const auto sign = hn::And(hn::ShiftRight<24>(word), hn::Set(d, 0x80u));
    const auto upper = hn::And(hn::ShiftRight<16>(word), hn::Set(d, 0x7fu));
    StoreBytes(bytes, hn::TruncateTo(bytes, hn::ShiftRight<23>(word)), exponents + i);
    StoreBytes(halves, hn::TruncateTo(halves, word), low + 2 * i);
    StoreBytes(bytes, hn::TruncateTo(bytes, hn::Or(sign, upper)), high + i);
  }
}

void JoinFloats(const uint8_t* exponents, const uint8_t* low, const uint8_t* high, size_t count, uint8_t* values) {
  const BitWord d;
  const hn::Rebind<uint8_t, BitWord> bytes;
  const hn::Rebind<uint16_t, BitWord> halves;
  for (size_t i = 0; i < count; i += kWordLanes) {
    const auto exponent = hn::PromoteTo(d, LoadBytes(bytes, exponents + i));
    const auto lower = hn::PromoteTo(d, LoadBytes(halves, low + 2 * i));
    const auto upper = hn::PromoteTo(d, LoadBytes(bytes, high + i));
    const auto sign = hn::ShiftLeft<24>(hn::And(upper, hn::Set(d, 0x80u)));
    const auto fraction = hn::Or(lower, hn::ShiftLeft<16>(hn::And(upper, hn::Set(d, 0x7fu))));
    StoreBytes(d, hn::Or(hn::Or(sign, hn::ShiftLeft<23>(exponent)), fraction), values + 4 * i);
  }
}

void CountFarBelow(const uint8_t* bytes, size_t count, uint8_t top, uint32_t* counts) {
  const BitByte d;
  for (int width = 0; width < 8; ++width) {
    const int least = (1 << width) - 1;
    counts[width] = 0;
    if (least > top) continue;  // none can be as far below
    const auto limit = hn::Set(d, static_cast<uint8_t>(top - least));
    for (size_t i = 0; i < count; i += kByteLanes) {
      const auto value = LoadBytes(d, bytes + i);
      counts[width] += static_cast<uint32_t>(hn::CountTrue(d, hn::Eq(hn::Min(value, limit), value)));
    }
  }
}

void PackBelow(const uint8_t* bytes, size_t count, uint8_t top, int width, uint8_t* planes) {
  const BitByte d;
  const auto highest = hn::Set(d, top);
  const auto most = hn::Set(d, static_cast<uint8_t>((1 << width) - 1));
  uint8_t group[kGroup];
  for (size_t done = 0; done < count; done += kGroup) {
    for (size_t i = 0; i < kGroup; i += kByteLanes) {
      StoreBytes(d, hn::Min(hn::Sub(highest, LoadBytes(d, bytes + done + i)), most), group + i);
    }
    for (int plane = 0; plane < width; ++plane) {
      const uint64_t mask = TestGroup(group, static_cast<uint8_t>(1 << plane));
      std::memcpy(planes, &mask, sizeof(mask));
      planes += sizeof(mask);
    }
  }
}

void UnpackBelow(const uint8_t* planes, size_t count, uint8_t top, int width, uint8_t* bytes) {
  const BitByte d;
  const auto highest = hn::Set(d, top);
  for (size_t done = 0; done < count; done += kGroup) {
    uint8_t group[kGroup] = {};
    for (int plane = 0; plane < width; ++plane) {
      SpreadMask(planes, static_cast<uint8_t>(1 << plane), group);
      planes += kGroup / 8;
    }
    for (size_t i = 0; i < kGroup; i += kByteLanes) {
      StoreBytes(d, hn::Sub(highest, LoadBytes(d, group + i)), bytes + done + i);
    }
  }
}

void FillBit(CodecKernels& kernels) {
  kernels.sum_magnitudes = SumMagnitudes;
  kernels.to_signs = ToSigns;
  kernels.from_signs = FromSigns;
  kernels.magnitudes_at_least = MagnitudesAtLeast;
  kernels.split_floats = SplitFloats;
  kernels.join_floats = JoinFloats;
  kernels.count_far_below = CountFarBelow;
  kernels.pack_below = PackBelow;
  kernels.unpack_below = UnpackBelow;
}

}  // namespace HWY_NAMESPACE
}  // namespace tutti
HWY_AFTER_NAMESPACE();
