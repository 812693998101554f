// SPDX-License-Identifier: Apache-2.0
// Numbers as bytes on a wire: little-endian and unaligned. Knows no layout.
#ifndef TUTTI_LIB_BASE_WIRE_H_
#define TUTTI_LIB_BASE_WIRE_H_

#include <bit>
#include <cstdint>
#include <cstring>

namespace tutti {

static_assert(std::endian::native == std::endian::little, "the wire is little-endian; this host needs byte swaps here");

template <typename T>
inline void StoreWire(uint8_t* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}
template <typename T>
inline T LoadWire(const uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

}  // namespace tutti

#endif  // TUTTI_LIB_BASE_WIRE_H_
