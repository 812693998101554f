// SPDX-License-Identifier: Apache-2.0
// The quotient is the upper half of a product with a scaled reciprocal, and two shifts. Source: Granlund, Montgomery:
// Division by Invariant Integers using Multiplication (1994), figure 4.1; exact for all dividends of the width.
#include "lib/reduce/integer_divide.h"

#include <bit>
#include <cstring>
#include <type_traits>

namespace tutti {
namespace {

__extension__ typedef unsigned __int128 Uint128;

// U: the dividends' type; Wide: twice as wide.
template <typename U, typename Wide>
class Divider {
 public:
  // divisor >= 2.
  explicit Divider(U divisor) {
    constexpr int kBits = 8 * sizeof(U);
    const int log2_up = std::bit_width(static_cast<U>(divisor - 1));
    const Wide power = Wide{1} << log2_up;
    reciprocal_ = static_cast<U>(((power - divisor) << kBits) / divisor + 1);
    shift_ = log2_up - 1;
  }

  U Divide(U dividend) const {
    const U upper = static_cast<U>((static_cast<Wide>(dividend) * reciprocal_) >> (8 * sizeof(U)));
    return static_cast<U>((static_cast<U>(static_cast<U>(dividend - upper) >> 1) + upper) >> shift_);
  }

 private:
  U reciprocal_;
  int shift_;
};

}  // namespace

template <typename T>
void DivideAllIntegers(void* data, size_t count, uint32_t divisor) {
  if (divisor <= 1) return;
  using U = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  using Wide = std::conditional_t<sizeof(T) == 8, Uint128, uint64_t>;
  const Divider<U, Wide> divider(divisor);
  auto* at = static_cast<unsigned char*>(data);
  for (size_t i = 0; i < count; ++i, at += sizeof(T)) {
    T value;
    std::memcpy(&value, at, sizeof(T));
    const bool negative = value < T{0};
    // Sign-extended, then negated without overflow.
    const U bits = static_cast<U>(value);
    const U quotient = divider.Divide(negative ? U{0} - bits : bits);
    value = static_cast<T>(negative ? U{0} - quotient : quotient);
    std::memcpy(at, &value, sizeof(T));
  }
}

template void DivideAllIntegers<int8_t>(void*, size_t, uint32_t);
template void DivideAllIntegers<uint8_t>(void*, size_t, uint32_t);
template void DivideAllIntegers<int32_t>(void*, size_t, uint32_t);
template void DivideAllIntegers<uint32_t>(void*, size_t, uint32_t);
template void DivideAllIntegers<int64_t>(void*, size_t, uint32_t);
template void DivideAllIntegers<uint64_t>(void*, size_t, uint32_t);

}  // namespace tutti
