// SPDX-License-Identifier: Apache-2.0
#include "lib/reduce/integer_divide.h"

#include <cstring>

namespace tutti {

template <typename T>
void DivideAllIntegers(void* data, size_t count, uint32_t divisor) {
  if (divisor <= 1) return;
  using U = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  const Reciprocal<U> reciprocal(divisor);
  auto* at = static_cast<unsigned char*>(data);
  for (size_t i = 0; i < count; ++i, at += sizeof(T)) {
    T value;
    std::memcpy(&value, at, sizeof(T));
    const bool negative = value < T{0};
    // Sign-extended, and negated in unsigned arithmetic: the least number has a magnitude here.
    const U bits = static_cast<U>(value);
    const U quotient = reciprocal.Divide(negative ? U{0} - bits : bits);
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
