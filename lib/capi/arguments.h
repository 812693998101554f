// SPDX-License-Identifier: Apache-2.0
// Checks of what the caller handed in, before anything starts. Each returns TUTTI_OK, or a status with a sentence that
// names the function, the argument and its value.
#ifndef TUTTI_LIB_CAPI_ARGUMENTS_H_
#define TUTTI_LIB_CAPI_ARGUMENTS_H_

#include <cstddef>
#include <cstdint>

#include "collectives/algorithms/registry.h"
#include "lib/base/dtype.h"
#include "lib/capi/errors.h"
#include "lib/reduce/user_op.h"
#include "tutti/collectives.h"

namespace tutti {

tutti_status_t MoreThanMemory(size_t count, size_t blocks, tutti_dtype_t dtype, const char* function);

// A caller's struct that begins with struct_size. Shorter than the first version's, or longer with bytes set that this
// version does not know, is an error. `known_bytes`: of this version.
tutti_status_t CheckOtherStruct(const void* object, size_t struct_size, size_t known_bytes, const char* function,
                                const char* name);
inline tutti_status_t CheckStruct(const void* object, size_t struct_size, size_t known_bytes, const char* function,
                                  const char* name) {
  if (struct_size == known_bytes) [[likely]]
    return TUTTI_OK;
  return CheckOtherStruct(object, struct_size, known_bytes, function, name);
}

inline bool IsKnown(tutti_dtype_t dtype) {
  return static_cast<int>(dtype) >= 0 && static_cast<int>(dtype) < kNumDataTypes;
}
inline tutti_status_t CheckType(tutti_dtype_t dtype, const char* function) {
  if (IsKnown(dtype)) [[likely]]
    return TUTTI_OK;
  return Invalid(function, "dtype ", static_cast<int>(dtype), " is unknown");
}
// dtype has passed CheckType. *user_op is nullptr for a built-in operation.
tutti_status_t CheckOp(tutti_op_t op, tutti_dtype_t dtype, const char* function, const UserOp** user_op);

// Where user_op is not nullptr: the count must be of whole items.
inline tutti_status_t CheckItems(const UserOp* user_op, size_t count, const char* function) {
  if (user_op == nullptr || count % user_op->traits().item_elements == 0) [[likely]]
    return TUTTI_OK;
  return Invalid(function, "count is ", count, ", but op ", user_op->traits().name, " has items of ",
                 user_op->traits().item_elements, " elements, which cannot be cut");
}
inline tutti_status_t CheckRank(int rank, int size, const char* function, const char* name) {
  if (rank >= 0 && rank < size) [[likely]]
    return TUTTI_OK;
  return Invalid(function, name, " is ", rank, ", but the communicator has ranks 0 to ", size - 1);
}

// count * blocks elements must fit an object's size; *bytes is the product. dtype has passed CheckType.
inline tutti_status_t CheckExtent(size_t count, size_t blocks, tutti_dtype_t dtype, const char* function,
                                  uint64_t* bytes) {
  uint64_t elements = 0;
  if (!__builtin_mul_overflow(count, blocks, &elements) &&
      !__builtin_mul_overflow(elements, DataTypeBytes(static_cast<DataType>(dtype)), bytes) &&
      *bytes <= static_cast<uint64_t>(PTRDIFF_MAX)) [[likely]] {
    return TUTTI_OK;
  }
  return MoreThanMemory(count, blocks, dtype, function);
}

inline tutti_status_t CheckBuffer(const void* buffer, uint64_t bytes, const char* function, const char* name) {
  if (bytes == 0 || (buffer != nullptr && reinterpret_cast<uintptr_t>(buffer) <= UINTPTR_MAX - bytes)) [[likely]]
    return TUTTI_OK;
  if (buffer == nullptr) return Invalid(function, name, " is NULL, but ", bytes, " bytes of it are used");
  return Invalid(function, name, " with ", bytes, " bytes goes past the end of memory");
}

// Either the caller meant in place, or the two do not touch.
inline tutti_status_t CheckOverlap(const void* send, uint64_t send_bytes, const void* recv, uint64_t recv_bytes,
                                   bool in_place, const char* function, const char* in_place_rule) {
  if (in_place || send_bytes == 0 || recv_bytes == 0) return TUTTI_OK;
  const uintptr_t s = reinterpret_cast<uintptr_t>(send);
  const uintptr_t r = reinterpret_cast<uintptr_t>(recv);
  if (s + send_bytes <= r || r + recv_bytes <= s) [[likely]]
    return TUTTI_OK;
  return Invalid(function, "send and recv overlap; they must be apart, or in place: ", in_place_rule);
}

// Shorter budgets are refused: quick operations are not clocked one by one.
inline constexpr int64_t kLeastBudgetNs = 1000;
tutti_status_t InvalidBudget(const char* function, const char* name, int64_t budget_ns);

struct CheckedOptions {
  int64_t timeout_ns = 0;
  int64_t budget_ns = 0;
  int32_t tag = 0;
  const double* scale = nullptr;
  const Algorithm* algorithm = nullptr;
  const UserOp* user_op = nullptr;  // that the call's op stands for
  const char* codec = nullptr;      // nullptr: none is named
  uint64_t tensor = 0;
  uint64_t step = 0;
  bool urgent = false;
};
// Whether the algorithm, if there is one, can be used with that operation.
tutti_status_t CheckKeepsOrder(const Algorithm& algorithm, const char* user_op, const char* function);
inline tutti_status_t CheckOrder(const Algorithm* algorithm, const UserOp* user_op, const char* function) {
  if (algorithm == nullptr || user_op == nullptr || user_op->traits().commutes) [[likely]]
    return TUTTI_OK;
  return CheckKeepsOrder(*algorithm, user_op->traits().name.c_str(), function);
}
tutti_status_t CheckOptions(const tutti_options_t* options, const Collective* collective, const char* function,
                            CheckedOptions* out);

// Whether inputs can be scaled before that. op and dtype have passed CheckOp.
tutti_status_t CheckCanBeScaled(Collective collective, tutti_op_t op, tutti_dtype_t dtype, const char* function);
inline tutti_status_t CheckScale(const double* scale, Collective collective, tutti_op_t op, tutti_dtype_t dtype,
                                 const char* function) {
  if (scale == nullptr) [[likely]]
    return TUTTI_OK;
  return CheckCanBeScaled(collective, op, dtype, function);
}

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_ARGUMENTS_H_
