// SPDX-License-Identifier: Apache-2.0
#include "lib/capi/arguments.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"

#include "lib/capi/errors.h"
#include "lib/reduce/user_ops.h"

namespace tutti {

tutti_status_t InvalidBudget(const char* function, const char* name, int64_t budget_ns) {
  return Invalid(function, name, " is ", budget_ns, "; a budget is a microsecond (1000) or more, or 0 for none");
}

tutti_status_t CheckOtherStruct(const void* object, size_t struct_size, size_t known_bytes, const char* function,
                                const char* name) {
  if (struct_size < known_bytes) {
    return Invalid(function, name, "->struct_size is ", struct_size, ", but the struct has ", known_bytes,
                   " bytes; initialise it with its _INIT macro");
  }
  // A plausible size for a later version; more is garbage, and is not read.
  if (struct_size > known_bytes + 4096) {
    return Invalid(function, name, "->struct_size is ", struct_size, "; initialise the struct with its _INIT macro");
  }
  const char* bytes = static_cast<const char*>(object);
  const bool unknown_set = std::any_of(bytes + known_bytes, bytes + struct_size, [](char c) { return c != 0; });
  if (unknown_set) {
    return Invalid(function, name, " comes from a later version of tutti and sets a field that this one (",
                   tutti_version(), ") does not know");
  }
  return TUTTI_OK;
}

tutti_status_t CheckOp(tutti_op_t op, tutti_dtype_t dtype, const char* function, const UserOp** user_op) {
  const int value = static_cast<int>(op);
  *user_op = value < UserOps::kFirstNumber ? nullptr : UserOps::OfProcess().Find(value);
  if (*user_op != nullptr) {
    const size_t item_bytes = tutti_dtype_size(dtype) * (*user_op)->traits().item_elements;
    if (item_bytes <= UserOp::kMaxItemBytes) return TUTTI_OK;
    return Invalid(function, "an item of op ", tutti_op_name(op), " has ", (*user_op)->traits().item_elements,
                   " elements, of ", tutti_dtype_name(dtype), " ", item_bytes, " bytes; at most ",
                   UserOp::kMaxItemBytes, " are possible");
  }
  if (value < 0 || value >= kNumReduceOps) {
    return Invalid(function, "op ", value, " is unknown", value >= UserOps::kFirstNumber ? "; was it destroyed?" : "");
  }
  if (IsDefined(static_cast<ReduceOp>(op), static_cast<DataType>(dtype))) return TUTTI_OK;
  return Invalid(function, "op ", tutti_op_name(op), " is bitwise, for integers only; dtype is ",
                 tutti_dtype_name(dtype));
}

tutti_status_t MoreThanMemory(size_t count, size_t blocks, tutti_dtype_t dtype, const char* function) {
  return Invalid(function, "count ", count, blocks == 1 ? "" : absl::StrCat(" for each of ", blocks, " ranks"), " of ",
                 tutti_dtype_name(dtype), " is more than memory can hold");
}

tutti_status_t CheckKeepsOrder(const Algorithm& algorithm, const char* user_op, const char* function) {
  if (algorithm.keeps_rank_order) return TUTTI_OK;
  std::string names;
  for (const Algorithm& other : Algorithms(algorithm.collective)) {
    if (other.keeps_rank_order) absl::StrAppend(&names, names.empty() ? "" : ", ", other.name);
  }
  return Invalid(function, "op ", user_op, " is not commutative, and options->algorithm \"", algorithm.name,
                 "\" does not keep the order of ranks; these do: ", names);
}

tutti_status_t CheckOptions(const tutti_options_t* options, const Collective* collective, const char* function,
                            CheckedOptions* out) {
  *out = {};
  if (options == nullptr) return TUTTI_OK;
  const tutti_status_t status =
      CheckStruct(options, options->struct_size, sizeof(tutti_options_t), function, "options");
  if (status != TUTTI_OK) return status;
  if (options->timeout_ns < 0) return Invalid(function, "options->timeout_ns is ", options->timeout_ns);
  if (options->tag < 0) return Invalid(function, "options->tag is ", options->tag, "; tags are 0 or more");
  if (options->budget_ns != 0 && options->budget_ns < kLeastBudgetNs) {
    return InvalidBudget(function, "options->budget_ns", options->budget_ns);
  }
  if (options->priority != 0 && options->priority != 1) {
    return Invalid(function, "options->priority is ", options->priority, "; it is 0 (usual) or 1 (urgent)");
  }
  out->urgent = options->priority == 1;
  out->timeout_ns = options->timeout_ns;
  out->budget_ns = options->budget_ns;
  out->tag = options->tag;
  out->scale = options->scale;
  if (collective == nullptr && out->scale != nullptr) {
    return Invalid(function, "options->scale is set, but messages are not reduced");
  }
  out->codec = options->codec;
  out->tensor = options->tensor;
  out->step = options->step;
  const bool has_codec = options->codec != nullptr && absl::string_view(options->codec) != "none";
  if (has_codec && (collective == nullptr || *collective != Collective::kAllReduce)) {
    return Failed(TUTTI_ERR_UNSUPPORTED, absl::StrCat(function, ": options->codec is \"", options->codec,
                                                      "\", but only all_reduce can have a codec"));
  }
  if (options->algorithm == nullptr || options->algorithm[0] == '\0') return TUTTI_OK;
  if (collective == nullptr) return Invalid(function, "options->algorithm is set, but messages have no algorithms");
  std::string names;
  for (const Algorithm& algorithm : has_codec ? EncodedAlgorithms(*collective) : Algorithms(*collective)) {
    if (absl::string_view(options->algorithm) == algorithm.name) {
      out->algorithm = &algorithm;
      return TUTTI_OK;
    }
    absl::StrAppend(&names, names.empty() ? "" : ", ", algorithm.name);
  }
  return Invalid(function, "options->algorithm \"", options->algorithm, "\" is not one of ", names);
}

tutti_status_t CheckCanBeScaled(Collective collective, tutti_op_t op, tutti_dtype_t dtype, const char* function) {
  const bool reduces = collective == Collective::kAllReduce || collective == Collective::kReduce ||
                       collective == Collective::kReduceScatter;
  if (!reduces) return Invalid(function, "options->scale is set, but nothing is reduced here");
  if (op != TUTTI_SUM && op != TUTTI_AVG) {
    return Invalid(function, "options->scale is for sum and avg; op is ", tutti_op_name(op));
  }
  if (IsFloatingPoint(static_cast<DataType>(dtype))) return TUTTI_OK;
  return Invalid(function, "options->scale is for floating-point types; dtype is ", tutti_dtype_name(dtype));
}

}  // namespace tutti
