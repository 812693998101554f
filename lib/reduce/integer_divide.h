// SPDX-License-Identifier: Apache-2.0
// Division of many integers by one, without a division instruction for each. Source: Granlund, Montgomery: Division by
// Invariant Integers using Multiplication (1994), figure 4.1.
#ifndef TUTTI_LIB_REDUCE_INTEGER_DIVIDE_H_
#define TUTTI_LIB_REDUCE_INTEGER_DIVIDE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace tutti {

// The quotient of x, exact for every x of the unsigned type U, is
//   (((x - upper) >> 1) + upper) >> shift, where upper is the upper half of x * multiplier.
template <typename U>
class Reciprocal {
 public:
  // Twice as wide as U.
  __extension__ using Wide = std::conditional_t<sizeof(U) == 8, unsigned __int128, uint64_t>;

  // divisor >= 2.
  explicit Reciprocal(U divisor) {
    const int log2_up = std::bit_width(static_cast<U>(divisor - 1));
    const Wide power = Wide{1} << log2_up;
    multiplier_ = static_cast<U>(((power - divisor) << (8 * sizeof(U))) / divisor + 1);
    shift_ = log2_up - 1;
  }

  U multiplier() const { return multiplier_; }
  int shift() const { return shift_; }

  U Divide(U x) const {
    const U upper = static_cast<U>((static_cast<Wide>(x) * multiplier_) >> (8 * sizeof(U)));
    return (((x - upper) >> 1) + upper) >> shift_;
  }

 private:
  U multiplier_;
  int shift_;
};

// data[i] /= divisor, rounded towards zero. data needs no alignment; nothing happens for a divisor of 0 or 1. For all
// integer types of DataType.
template <typename T>
void DivideAllIntegers(void* data, size_t count, uint32_t divisor);

}  // namespace tutti

#endif  // TUTTI_LIB_REDUCE_INTEGER_DIVIDE_H_
