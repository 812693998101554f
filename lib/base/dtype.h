// SPDX-License-Identifier: Apache-2.0
// Element types and reduction operations as the inside of the library knows them. The values equal the C API's
// (checked by static_assert in lib/capi), because they travel between ranks.
#ifndef TUTTI_LIB_BASE_DTYPE_H_
#define TUTTI_LIB_BASE_DTYPE_H_

#include <cstddef>
#include <cstdint>

namespace tutti {

enum class DataType : uint8_t {
  kInt8 = 0,
  kUint8 = 1,
  kInt32 = 2,
  kUint32 = 3,
  kInt64 = 4,
  kUint64 = 5,
  kFloat16 = 6,
  kBfloat16 = 7,
  kFloat32 = 8,
  kFloat64 = 9,
};
inline constexpr int kNumDataTypes = 10;

enum class ReduceOp : uint8_t {
  kSum = 0,
  kProd = 1,
  kMin = 2,
  kMax = 3,
  kAvg = 4,
  kAnd = 5,
  kOr = 6,
  kXor = 7,
};
inline constexpr int kNumReduceOps = 8;

// Bytes per element: 1, 2, 4 or 8.
constexpr size_t DataTypeBytes(DataType type) {
  switch (type) {
    case DataType::kInt8:
    case DataType::kUint8:
      return 1;
    case DataType::kFloat16:
    case DataType::kBfloat16:
      return 2;
    case DataType::kInt32:
    case DataType::kUint32:
    case DataType::kFloat32:
      return 4;
    case DataType::kInt64:
    case DataType::kUint64:
    case DataType::kFloat64:
      return 8;
  }
  return 0;
}

constexpr bool IsFloatingPoint(DataType type) { return type >= DataType::kFloat16; }
constexpr bool IsBitwise(ReduceOp op) { return op >= ReduceOp::kAnd; }

// Bits of floating-point numbers are not combined: nobody means that.
constexpr bool IsDefined(ReduceOp op, DataType type) { return !(IsBitwise(op) && IsFloatingPoint(type)); }

// "int8" ... "float64"; "unknown" for a value outside the enum.
const char* DataTypeName(DataType type);

// "sum" ... "xor"; "unknown" for a value outside the enum.
const char* ReduceOpName(ReduceOp op);

}  // namespace tutti

#endif  // TUTTI_LIB_BASE_DTYPE_H_
