// SPDX-License-Identifier: Apache-2.0
// Division of many integers by one, without a division instruction for each.
#ifndef TUTTI_LIB_REDUCE_INTEGER_DIVIDE_H_
#define TUTTI_LIB_REDUCE_INTEGER_DIVIDE_H_

#include <cstddef>
#include <cstdint>

namespace tutti {

// data[i] /= divisor, rounded towards zero. data needs no alignment; nothing happens for a divisor of 0 or 1. The least
// signed number is divided as what it is, not as its (absent) absolute value. For all integer types of DataType.
template <typename T>
void DivideAllIntegers(void* data, size_t count, uint32_t divisor);

}  // namespace tutti

#endif  // TUTTI_LIB_REDUCE_INTEGER_DIVIDE_H_
