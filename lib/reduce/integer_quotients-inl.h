// SPDX-License-Identifier: Apache-2.0
// Vectors of integers divided by one number: multiplied with its reciprocal, of which the upper half of the product is
// kept. Signed numbers are divided by magnitude, which rounds towards zero. Included once for each instruction set.
#if defined(TUTTI_LIB_REDUCE_INTEGER_QUOTIENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TUTTI_LIB_REDUCE_INTEGER_QUOTIENTS_INL_H_
#undef TUTTI_LIB_REDUCE_INTEGER_QUOTIENTS_INL_H_
#else
#define TUTTI_LIB_REDUCE_INTEGER_QUOTIENTS_INL_H_
#endif

#include <type_traits>

#include "lib/reduce/integer_divide.h"
#include "lib/reduce/loops-inl.h"
#include "lib/reduce/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tutti {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

template <typename T>
auto IntegerFinish() {
  return DivideAllIntegers<T>;
}

#else

// The sign bit of each lane in all its bits; negates and restores by (value ^ sign) - sign.
template <class V>
TUTTI_REDUCE_INLINE V SignsOf(V value) {
  const hn::DFromV<V> d;
  return hn::BitCast(d, hn::BroadcastSignBit(hn::BitCast(hn::RebindToSigned<decltype(d)>(), value)));
}

// Two 8-bit numbers in each 16-bit lane. The reciprocal 2^16 / divisor, rounded up, is too large by less than 1, so the
// product by less than 2^8, and the quotient by less than 1 / 256: too little to reach the next integer.
template <bool kSigned>
struct BytePairQuotients : PlainFormat<uint16_t, 1> {
  struct Divisor {
    explicit Divisor(uint32_t divisor) : reciprocal(static_cast<uint16_t>(0xffffu / divisor + 1)) {}
    uint16_t reciprocal;
  };

  static TUTTI_REDUCE_INLINE Value Divide(Value pairs, Divisor by) {
    const D d;
    const auto low_byte = hn::Set(d, uint16_t{0xff});
    const auto reciprocal = hn::Set(d, by.reciprocal);
    if constexpr (kSigned) {
      const hn::RebindToSigned<D> di;
      const Value low = hn::BitCast(d, hn::ShiftRight<8>(hn::BitCast(di, hn::ShiftLeft<8>(pairs))));
      const Value high = hn::BitCast(d, hn::ShiftRight<8>(hn::BitCast(di, pairs)));
      return hn::Or(hn::And(Quotient(low, reciprocal), low_byte), hn::ShiftLeft<8>(Quotient(high, reciprocal)));
    } else {
      const Value low = hn::MulHigh(hn::And(pairs, low_byte), reciprocal);
      const Value high = hn::MulHigh(hn::ShiftRight<8>(pairs), reciprocal);
      return hn::Or(low, hn::ShiftLeft<8>(high));
    }
  }

 private:
  static TUTTI_REDUCE_INLINE Value Quotient(Value value, Value reciprocal) {
    const Value sign = SignsOf(value);
    const Value quotient = hn::MulHigh(hn::Sub(hn::Xor(value, sign), sign), reciprocal);
    return hn::Sub(hn::Xor(quotient, sign), sign);
  }
};

// 32-bit numbers, by the method of integer_divide.h.
template <bool kSigned>
struct WordQuotients : PlainFormat<uint32_t> {
  using Divisor = Reciprocal<uint32_t>;

  static TUTTI_REDUCE_INLINE Value Divide(Value value, const Divisor& by) {
    if constexpr (kSigned) {
      const Value sign = SignsOf(value);
      return hn::Sub(hn::Xor(Quotient(hn::Sub(hn::Xor(value, sign), sign), by), sign), sign);
    } else {
      return Quotient(value, by);
    }
  }

 private:
  static TUTTI_REDUCE_INLINE Value Quotient(Value value, const Divisor& by) {
    const D d;
    const hn::RepartitionToWide<D> wide;
    const Value multiplier = hn::Set(d, by.multiplier());
    // The upper halves of the products of the even lanes, and those of the odd ones.
    const auto odd = hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, value)));
    const auto even_upper = hn::ShiftRight<32>(hn::MulEven(value, multiplier));
    const auto odd_upper = hn::And(hn::MulEven(odd, multiplier), hn::Set(wide, 0xffffffff00000000u));
    const Value upper = hn::BitCast(d, hn::Or(even_upper, odd_upper));
    const Value sum = hn::Add(hn::ShiftRight<1>(hn::Sub(value, upper)), upper);
    return hn::ShiftRightSame(sum, by.shift());
  }
};

// No instruction set here multiplies 64-bit numbers to 128 bits in vectors; one at a time is about half as fast as
// memory.
template <typename T>
auto IntegerFinish() {
  if constexpr (sizeof(T) == 1) {
    return DivideAll<BytePairQuotients<std::is_signed_v<T>>>;
  } else if constexpr (sizeof(T) == 4) {
    return DivideAll<WordQuotients<std::is_signed_v<T>>>;
  } else {
    return DivideAllIntegers<T>;
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace tutti
HWY_AFTER_NAMESPACE();

#endif  // TUTTI_LIB_REDUCE_INTEGER_QUOTIENTS_INL_H_
