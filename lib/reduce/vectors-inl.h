// SPDX-License-Identifier: Apache-2.0
// Vectors to and from bytes of any alignment, and the operations on them. Included once for each instruction set.
// It must never know how a range is walked.
#if defined(TUTTI_LIB_REDUCE_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TUTTI_LIB_REDUCE_VECTORS_INL_H_
#undef TUTTI_LIB_REDUCE_VECTORS_INL_H_
#else
#define TUTTI_LIB_REDUCE_VECTORS_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

// Before all that may include Highway:
#include "lib/reduce/targets.h"

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace tutti {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Loads go by way of bytes: a typed pointer would promise an alignment that these do not have.
template <class D>
TUTTI_REDUCE_INLINE hn::Vec<D> LoadBytes(D d, const uint8_t* from) {
#if HWY_TARGET == HWY_SCALAR
  hn::TFromD<D> lane;
  std::memcpy(&lane, from, sizeof(lane));
  return hn::Set(d, lane);
#else
  const hn::Repartition<uint8_t, D> bytes;
  return hn::BitCast(d, hn::LoadU(bytes, from));
#endif
}

template <class D>
TUTTI_REDUCE_INLINE void StoreBytes(D d, hn::Vec<D> value, uint8_t* to) {
#if HWY_TARGET == HWY_SCALAR
  (void)d;
  const hn::TFromD<D> lane = hn::GetLane(value);
  std::memcpy(to, &lane, sizeof(lane));
#else
  (void)d;
  const hn::Repartition<uint8_t, D> bytes;
  hn::StoreU(hn::BitCast(bytes, value), bytes, to);
#endif
}

// Which of two NaNs an addition returns depends on the operand that the compiler happens to put first, and the sign of
// inf - inf on the processor. So every NaN that is stored is this one: positive, quiet, without payload.
template <class D>
TUTTI_REDUCE_INLINE hn::Vec<D> OneNan(D d, hn::Vec<D> value) {
  using U = hwy::MakeUnsigned<hn::TFromD<D>>;
  const hn::RebindToUnsigned<D> du;
  const auto nan = hn::BitCast(d, hn::Set(du, sizeof(U) == 4 ? U{0x7fc00000u} : static_cast<U>(0x7ff8ull << 48)));
  return hn::IfThenElse(hn::IsNaN(value), nan, value);
}

struct AddOp {
  template <class D>
  static TUTTI_REDUCE_INLINE hn::Vec<D> Apply(D, hn::Vec<D> a, hn::Vec<D> b) {
    return hn::Add(a, b);
  }
};

struct MulOp {
  template <class D>
  static TUTTI_REDUCE_INLINE hn::Vec<D> Apply(D, hn::Vec<D> a, hn::Vec<D> b) {
    return hn::Mul(a, b);
  }
};

// Two 8-bit products in each 16-bit lane: no instruction set multiplies bytes.
struct MulBytePairsOp {
  template <class D>
  static TUTTI_REDUCE_INLINE hn::Vec<D> Apply(D d, hn::Vec<D> a, hn::Vec<D> b) {
    const auto low_byte = hn::Set(d, uint16_t{0xff});
    const auto low = hn::And(hn::Mul(a, b), low_byte);
    const auto high = hn::Mul(hn::AndNot(low_byte, a), hn::ShiftRight<8>(b));
    return hn::Or(low, high);
  }
};

struct MinOp {
  template <class D>
  static TUTTI_REDUCE_INLINE hn::Vec<D> Apply(D, hn::Vec<D> a, hn::Vec<D> b) {
    return hn::Min(a, b);
  }
};

struct MaxOp {
  template <class D>
  static TUTTI_REDUCE_INLINE hn::Vec<D> Apply(D, hn::Vec<D> a, hn::Vec<D> b) {
    return hn::Max(a, b);
  }
};

struct AndOp {
  template <class D>
  static TUTTI_REDUCE_INLINE hn::Vec<D> Apply(D, hn::Vec<D> a, hn::Vec<D> b) {
    return hn::And(a, b);
  }
};

struct OrOp {
  template <class D>
  static TUTTI_REDUCE_INLINE hn::Vec<D> Apply(D, hn::Vec<D> a, hn::Vec<D> b) {
    return hn::Or(a, b);
  }
};

struct XorOp {
  template <class D>
  static TUTTI_REDUCE_INLINE hn::Vec<D> Apply(D, hn::Vec<D> a, hn::Vec<D> b) {
    return hn::Xor(a, b);
  }
};

// Min and Max of the processors differ on NaN and on zeros of different sign. Here a NaN on either side is taken (left:
// by the test for it; right: because no comparison with it holds), and of two equal numbers, which can only differ in
// the sign of zero, the bits are joined.
struct FloatMinOp {
  template <class D>
  static TUTTI_REDUCE_INLINE hn::Vec<D> Apply(D, hn::Vec<D> a, hn::Vec<D> b) {
    const auto take_a = hn::Or(hn::Lt(a, b), hn::IsNaN(a));
    return hn::IfThenElse(hn::Eq(a, b), hn::Or(a, b), hn::IfThenElse(take_a, a, b));
  }
};

struct FloatMaxOp {
  template <class D>
  static TUTTI_REDUCE_INLINE hn::Vec<D> Apply(D, hn::Vec<D> a, hn::Vec<D> b) {
    const auto take_a = hn::Or(hn::Gt(a, b), hn::IsNaN(a));
    return hn::IfThenElse(hn::Eq(a, b), hn::And(a, b), hn::IfThenElse(take_a, a, b));
  }
};

// How elements of a type lie in memory, and as what values they are reduced. Each format has Value, kElementBytes,
// kStepBytes (what one Load takes), Load, Store, Apply, and where averages are finished with it a Divisor, made once
// for all elements, and Divide; where inputs are scaled, Scale. This is the format of types that are reduced as they are; kBytes differs from the
// lane's size where one lane holds several elements.
template <typename T, size_t kBytes = sizeof(T)>
struct PlainFormat {
  using D = hn::ScalableTag<T>;
  using Value = hn::Vec<D>;
  static constexpr size_t kElementBytes = kBytes;
  static constexpr size_t kStepBytes = hn::MaxLanes(D()) * sizeof(T);

  static TUTTI_REDUCE_INLINE Value Load(const uint8_t* from) { return LoadBytes(D(), from); }

  static TUTTI_REDUCE_INLINE void Store(Value value, uint8_t* to) {
    if constexpr (hwy::IsFloat<T>()) value = OneNan(D(), value);
    StoreBytes(D(), value, to);
  }

  template <class Op>
  static TUTTI_REDUCE_INLINE Value Apply(Value a, Value b) {
    return Op::Apply(D(), a, b);
  }

  struct Divisor {
    explicit Divisor(uint32_t divisor) : value(static_cast<T>(divisor)) {}
    T value;
  };
  static TUTTI_REDUCE_INLINE Value Divide(Value value, Divisor by) { return hn::Div(value, hn::Set(D(), by.value)); }
  static TUTTI_REDUCE_INLINE Value Scale(Value value, double factor) {
    return hn::Mul(value, hn::Set(D(), static_cast<T>(factor)));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace tutti
HWY_AFTER_NAMESPACE();

#endif  // TUTTI_LIB_REDUCE_VECTORS_INL_H_
