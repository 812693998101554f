// SPDX-License-Identifier: Apache-2.0
// Checks of what the caller handed in, before anything starts. Each returns TUTTI_OK, or a status with a sentence that
// names the function, the argument and its value.
#ifndef TUTTI_LIB_CAPI_ARGUMENTS_H_
#define TUTTI_LIB_CAPI_ARGUMENTS_H_

#include <cstddef>
#include <cstdint>

#include "collectives/algorithms/registry.h"
#include "lib/reduce/user_op.h"
#include "tutti/collectives.h"

namespace tutti {

// A caller's struct that begins with struct_size. Shorter than the first version's, or longer with bytes set that this
// version does not know, is an error. `known_bytes`: of this version.
tutti_status_t CheckStruct(const void* object, size_t struct_size, size_t known_bytes, const char* function,
                           const char* name);

tutti_status_t CheckType(tutti_dtype_t dtype, const char* function);
// dtype has passed CheckType. *user_op is nullptr for a built-in operation.
tutti_status_t CheckOp(tutti_op_t op, tutti_dtype_t dtype, const char* function, const UserOp** user_op);

// Where user_op is not nullptr: the count must be of whole items.
tutti_status_t CheckItems(const UserOp* user_op, size_t count, const char* function);
tutti_status_t CheckRank(int rank, int size, const char* function, const char* name);

// count * blocks elements must fit an object's size; *bytes is the product.
tutti_status_t CheckExtent(size_t count, size_t blocks, tutti_dtype_t dtype, const char* function, uint64_t* bytes);

tutti_status_t CheckBuffer(const void* buffer, uint64_t bytes, const char* function, const char* name);

// Either the caller meant in place, or the two do not touch.
tutti_status_t CheckOverlap(const void* send, uint64_t send_bytes, const void* recv, uint64_t recv_bytes, bool in_place,
                            const char* function, const char* in_place_rule);

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
tutti_status_t CheckOrder(const Algorithm* algorithm, const UserOp* user_op, const char* function);
tutti_status_t CheckOptions(const tutti_options_t* options, const Collective* collective, const char* function,
                            CheckedOptions* out);

// Whether inputs can be scaled before that. op and dtype have passed CheckOp.
tutti_status_t CheckScale(const double* scale, Collective collective, tutti_op_t op, tutti_dtype_t dtype,
                          const char* function);

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_ARGUMENTS_H_
