// SPDX-License-Identifier: Apache-2.0
// tutti_powersgd_*: the arithmetic is LowRank's, the two all_reduces are those of the C API.
#include "tutti/powersgd.h"

#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"

#include "lib/capi/arguments.h"
#include "lib/capi/deliver.h"
#include "lib/capi/errors.h"
#include "lib/capi/handles.h"
#include "lib/codec/low_rank.h"

namespace tutti {
namespace {

// Never destroyed: handles may be used while the process exits.
HandleTable<LowRank*>& PowerSgdHandles() {
  static auto* table = new HandleTable<LowRank*>();
  return *table;
}

LowRank* FindPowerSgd(tutti_powersgd_t powersgd, const char* function) {
  LowRank* found = nullptr;
  if (PowerSgdHandles().Find(ToNumber(powersgd), &found)) return found;
  Failed(TUTTI_ERR_INVALID_HANDLE, absl::StrCat(function, ": the handle was never created or is already destroyed"));
  return nullptr;
}

// Of one of the two switches in the config.
tutti_status_t CheckSwitch(int32_t value, const char* function, const char* name) {
  if (value == 0 || value == 1) return TUTTI_OK;
  return Invalid(function, absl::StrCat(name, " is ", value, "; it must be 0 or 1"));
}

tutti_status_t Create(const char* function, const tutti_powersgd_config_t* config, tutti_powersgd_t* powersgd) {
  if (powersgd == nullptr) return Invalid(function, "powersgd is NULL");
  *powersgd = nullptr;
  if (config == nullptr) return Invalid(function, "config is NULL; rows and cols have no default");
  TUTTI_RETURN_IF_ERROR(CheckStruct(config, config->struct_size, sizeof(*config), function, "config"));
  if (config->rows == 0 || config->cols == 0) {
    return Invalid(function, absl::StrCat("the matrix has ", config->rows, " rows and ", config->cols,
                                          " columns; there must be at least one of each"));
  }
  if (config->rank == 0) return Invalid(function, "rank is 0; it must be 1 or more");
  TUTTI_RETURN_IF_ERROR(CheckSwitch(config->error_feedback, function, "error_feedback"));
  TUTTI_RETURN_IF_ERROR(CheckSwitch(config->warm_start, function, "warm_start"));
  uint64_t bytes = 0;
  TUTTI_RETURN_IF_ERROR(CheckExtent(config->rows, config->cols, TUTTI_FLOAT32, function, &bytes));

  auto matrix = std::make_unique<LowRank>(LowRankConfig{.rows = config->rows,
                                                        .cols = config->cols,
                                                        .rank = config->rank,
                                                        .error_feedback = config->error_feedback != 0,
                                                        .warm_start = config->warm_start != 0,
                                                        .seed = config->seed});
  const uintptr_t handle = PowerSgdHandles().Insert(matrix.get());
  if (handle == 0) return Failed(TUTTI_ERR_OUT_OF_MEMORY, absl::StrCat(function, ": too many objects"));
  matrix.release();  // owned by the handle from here
  *powersgd = reinterpret_cast<tutti_powersgd_t>(handle);
  return TUTTI_OK;
}

tutti_status_t Destroy(const char* function, tutti_powersgd_t powersgd) {
  if (powersgd == nullptr) return TUTTI_OK;
  LowRank* found = nullptr;
  if (PowerSgdHandles().Remove(ToNumber(powersgd), &found)) {
    delete found;
    return TUTTI_OK;
  }
  return Failed(TUTTI_ERR_INVALID_HANDLE,
                absl::StrCat(function, ": the handle was never created or is already destroyed"));
}

// The caller's, for the two all_reduces: the factors travel as they are, also where the communicator has a codec.
tutti_status_t OptionsForFactors(const tutti_options_t* options, const char* function, tutti_options_t* out) {
  if (options != nullptr) {
    TUTTI_RETURN_IF_ERROR(CheckStruct(options, options->struct_size, sizeof(*out), function, "options"));
    *out = *options;
    out->struct_size = sizeof(*out);
  }
  if (out->scale != nullptr) return Invalid(function, "options->scale is set; scale the matrix instead");
  const absl::string_view codec = out->codec == nullptr ? "none" : out->codec;
  if (!codec.empty() && codec != "none") {
    return Invalid(function, absl::StrCat("options->codec is \"", codec, "\", but matrices are compressed already"));
  }
  out->codec = "none";
  return TUTTI_OK;
}

tutti_status_t AllReduce(const char* function, tutti_powersgd_t powersgd, tutti_comm_t comm, const float* send,
                         float* recv, tutti_op_t op, const tutti_options_t* user_options) {
  LowRank* matrix = FindPowerSgd(powersgd, function);
  if (matrix == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  int size = 0;
  TUTTI_RETURN_IF_ERROR(tutti_comm_size(comm, &size));
  if (op != TUTTI_SUM && op != TUTTI_AVG) {
    return Invalid(function, absl::StrCat("op is ", tutti_op_name(op), "; only sum and avg of matrices have factors"));
  }
  const uint64_t values = uint64_t{matrix->config().rows} * matrix->config().cols;
  const uint64_t bytes = values * sizeof(float);
  TUTTI_RETURN_IF_ERROR(CheckBuffer(send, bytes, function, "send"));
  TUTTI_RETURN_IF_ERROR(CheckBuffer(recv, bytes, function, "recv"));
  TUTTI_RETURN_IF_ERROR(CheckOverlap(send, bytes, recv, bytes, send == recv, function, "send == recv"));
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  TUTTI_RETURN_IF_ERROR(OptionsForFactors(user_options, function, &options));
  if (matrix->is_dense()) return tutti_all_reduce(comm, send, recv, values, TUTTI_FLOAT32, op, &options, nullptr);

  const auto average = [&](std::span<float> factor) {
    return tutti_all_reduce(comm, factor.data(), factor.data(), factor.size(), TUTTI_FLOAT32, TUTTI_AVG, &options,
                            nullptr);
  };
  TUTTI_RETURN_IF_ERROR(average(matrix->LeftFactor(send)));
  TUTTI_RETURN_IF_ERROR(average(matrix->RightFactor(send)));
  matrix->FinishStep(send, op == TUTTI_SUM ? static_cast<float>(size) : 1.0f, recv);
  return TUTTI_OK;
}

tutti_status_t WireValues(const char* function, tutti_powersgd_t powersgd, size_t* values) {
  const LowRank* matrix = FindPowerSgd(powersgd, function);
  if (matrix == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  if (values == nullptr) return Invalid(function, "values is NULL");
  *values =
      matrix->is_dense() ? matrix->config().rows * matrix->config().cols : matrix->left_size() + matrix->right_size();
  return TUTTI_OK;
}

tutti_status_t Save(const char* function, tutti_powersgd_t powersgd, void* buffer, size_t capacity, size_t* bytes) {
  const LowRank* matrix = FindPowerSgd(powersgd, function);
  if (matrix == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  if (bytes == nullptr) return Invalid(function, "bytes is NULL");
  TUTTI_RETURN_IF_ERROR(CheckBuffer(buffer, capacity, function, "buffer"));
  const std::vector<uint8_t> saved = matrix->Save();
  *bytes = saved.size();
  if (saved.size() <= capacity) std::memcpy(buffer, saved.data(), saved.size());
  return TUTTI_OK;
}

tutti_status_t Restore(const char* function, tutti_powersgd_t powersgd, const void* buffer, size_t bytes) {
  LowRank* matrix = FindPowerSgd(powersgd, function);
  if (matrix == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  TUTTI_RETURN_IF_ERROR(CheckBuffer(buffer, bytes, function, "buffer"));
  if (matrix->Restore({static_cast<const uint8_t*>(buffer), bytes}) == TUTTI_OK) return TUTTI_OK;
  return Invalid(function, absl::StrCat("these ", bytes, " bytes were not saved by an object of the same config (",
                                        matrix->config().rows, " x ", matrix->config().cols, ", rank ",
                                        matrix->config().rank, ", seed ", matrix->config().seed, ")"));
}

}  // namespace
}  // namespace tutti

extern "C" {

tutti_status_t tutti_powersgd_create(const tutti_powersgd_config_t* config, tutti_powersgd_t* powersgd) {
  return tutti::Fence(__func__, [&] { return tutti::Create("tutti_powersgd_create", config, powersgd); });
}

tutti_status_t tutti_powersgd_destroy(tutti_powersgd_t powersgd) {
  return tutti::Fence(__func__, [&] { return tutti::Destroy("tutti_powersgd_destroy", powersgd); });
}

tutti_status_t tutti_powersgd_all_reduce(tutti_powersgd_t powersgd, tutti_comm_t comm, const float* send, float* recv,
                                         tutti_op_t op, const tutti_options_t* options) {
  return tutti::Fence(
      __func__, [&] { return tutti::AllReduce("tutti_powersgd_all_reduce", powersgd, comm, send, recv, op, options); });
}

tutti_status_t tutti_powersgd_wire_values(tutti_powersgd_t powersgd, size_t* values) {
  return tutti::Fence(__func__, [&] { return tutti::WireValues("tutti_powersgd_wire_values", powersgd, values); });
}

tutti_status_t tutti_powersgd_save(tutti_powersgd_t powersgd, void* buffer, size_t capacity, size_t* bytes) {
  return tutti::Fence(__func__, [&] { return tutti::Save("tutti_powersgd_save", powersgd, buffer, capacity, bytes); });
}

tutti_status_t tutti_powersgd_restore(tutti_powersgd_t powersgd, const void* buffer, size_t bytes) {
  return tutti::Fence(__func__, [&] { return tutti::Restore("tutti_powersgd_restore", powersgd, buffer, bytes); });
}

}  // extern "C"
