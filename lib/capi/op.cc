// SPDX-License-Identifier: Apache-2.0
// tutti_op_*: reductions that the application defines.
#include "tutti/op.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "lib/base/align.h"
#include "lib/capi/arguments.h"
#include "lib/capi/deliver.h"
#include "lib/capi/errors.h"
#include "lib/reduce/user_ops.h"

namespace tutti {
namespace {

constexpr size_t kLongestName = 63;

class ForeignOp final : public UserOp {
 public:
  ForeignOp(UserOpTraits traits, tutti_reduce_fn function, void* context)
      : UserOp(std::move(traits)), function_(function), context_(context) {}

  void Apply(const void* in, void* inout, size_t count, DataType type) const override {
    function_(context_, in, inout, count, static_cast<tutti_dtype_t>(type));
  }

 private:
  const tutti_reduce_fn function_;
  void* const context_;
};

tutti_status_t CheckName(const char* function, const char* name) {
  if (name == nullptr || name[0] == '\0') return Invalid(function, "config->name is empty; ranks compare it");
  const absl::string_view text(name);
  if (text.size() > kLongestName) {
    return Invalid(function, "config->name has ", text.size(), " characters; at most ", kLongestName, " are allowed");
  }
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.') continue;
    return Invalid(function, "config->name \"", absl::CHexEscape(text),
                   "\" may hold letters, digits, \"_\", \"-\" and \".\" only");
  }
  return TUTTI_OK;
}

tutti_status_t Create(const char* function, const tutti_op_config_t* config, tutti_op_t* op) {
  if (op == nullptr) return Invalid(function, "op is NULL");
  *op = TUTTI_SUM;
  if (config == nullptr) return Invalid(function, "config is NULL");
  TUTTI_RETURN_IF_ERROR(CheckStruct(config, config->struct_size, sizeof *config, function, "config"));
  TUTTI_RETURN_IF_ERROR(CheckName(function, config->name));
  if (config->reduce == nullptr) return Invalid(function, "config->reduce is NULL");
  if (config->commutative != 0 && config->commutative != 1) {
    return Invalid(function, "config->commutative is ", config->commutative,
                   "; say 1 if a op b is always b op a, else 0");
  }
  const size_t item_elements = config->item_elements == 0 ? 1 : config->item_elements;
  if (!IsPowerOfTwo(item_elements) || item_elements > UserOp::kMaxItemBytes) {
    return Invalid(function, "config->item_elements is ", item_elements, "; it must be 1, 2, 4, ... or ",
                   UserOp::kMaxItemBytes);
  }
  const int number = UserOps::OfProcess().Add(
      std::make_shared<const ForeignOp>(UserOpTraits{.name = config->name,
                                                     .commutes = config->commutative == 1,
                                                     .item_elements = static_cast<uint32_t>(item_elements)},
                                        config->reduce, config->context));
  if (number == 0) {
    return Failed(TUTTI_ERR_OUT_OF_MEMORY,
                  absl::StrCat(function, ": ", UserOps::kMaxOps,
                               " operations exist already; destroy those that are not needed any more"));
  }
  *op = static_cast<tutti_op_t>(number);
  return TUTTI_OK;
}

}  // namespace
}  // namespace tutti

extern "C" {

tutti_status_t tutti_op_create(const tutti_op_config_t* config, tutti_op_t* op) {
  return tutti::Fence(__func__, [&] { return tutti::Create("tutti_op_create", config, op); });
}

tutti_status_t tutti_op_destroy(tutti_op_t op) {
  constexpr const char* kFunction = "tutti_op_destroy";
  return tutti::Fence(kFunction, [&]() -> tutti_status_t {
    using namespace tutti;
    const int number = static_cast<int>(op);
    if (number >= 0 && number < kNumReduceOps) {
      return Invalid(kFunction, "op ", tutti_op_name(op), " is built in, and stays");
    }
    if (UserOps::OfProcess().Remove(number)) return TUTTI_OK;
    return Failed(TUTTI_ERR_INVALID_HANDLE,
                  absl::StrCat(kFunction, ": op ", number, " was never created or is already gone"));
  });
}

}  // extern "C"
