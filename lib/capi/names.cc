// SPDX-License-Identifier: Apache-2.0
// Names, sizes and sentences of the C API's constants.
#include "lib/base/dtype.h"
#include "lib/capi/arguments.h"
#include "lib/engine/operation.h"
#include "lib/reduce/user_ops.h"
#include "tutti/tutti.h"

namespace tutti {
namespace {

// The inside and the C API share their numbers.
static_assert(static_cast<int>(DataType::kInt8) == TUTTI_INT8);
static_assert(static_cast<int>(DataType::kUint8) == TUTTI_UINT8);
static_assert(static_cast<int>(DataType::kInt32) == TUTTI_INT32);
static_assert(static_cast<int>(DataType::kUint32) == TUTTI_UINT32);
static_assert(static_cast<int>(DataType::kInt64) == TUTTI_INT64);
static_assert(static_cast<int>(DataType::kUint64) == TUTTI_UINT64);
static_assert(static_cast<int>(DataType::kFloat16) == TUTTI_FLOAT16);
static_assert(static_cast<int>(DataType::kBfloat16) == TUTTI_BFLOAT16);
static_assert(static_cast<int>(DataType::kFloat32) == TUTTI_FLOAT32);
static_assert(static_cast<int>(DataType::kFloat64) == TUTTI_FLOAT64);
static_assert(static_cast<int>(ReduceOp::kSum) == TUTTI_SUM);
static_assert(static_cast<int>(ReduceOp::kProd) == TUTTI_PROD);
static_assert(static_cast<int>(ReduceOp::kMin) == TUTTI_MIN);
static_assert(static_cast<int>(ReduceOp::kMax) == TUTTI_MAX);
static_assert(static_cast<int>(ReduceOp::kAvg) == TUTTI_AVG);
static_assert(static_cast<int>(ReduceOp::kAnd) == TUTTI_AND);
static_assert(static_cast<int>(ReduceOp::kOr) == TUTTI_OR);
static_assert(static_cast<int>(ReduceOp::kXor) == TUTTI_XOR);
static_assert(static_cast<int>(Outcome::kOk) == TUTTI_OK);
static_assert(static_cast<int>(Outcome::kRunning) == TUTTI_IN_PROGRESS);
static_assert(static_cast<int>(Outcome::kPeerFailed) == TUTTI_ERR_PEER_FAILED);
static_assert(static_cast<int>(Outcome::kTimeout) == TUTTI_ERR_TIMEOUT);
static_assert(static_cast<int>(Outcome::kMismatch) == TUTTI_ERR_MISMATCH);
static_assert(static_cast<int>(Outcome::kAborted) == TUTTI_ERR_ABORTED);
static_assert(static_cast<int>(Outcome::kCodecFailed) == TUTTI_ERR_CODEC);
static_assert(static_cast<int>(Outcome::kInternal) == TUTTI_ERR_INTERNAL);

struct StatusText {
  tutti_status_t status;
  const char* name;
  const char* sentence;
};

#define TUTTI_STATUS_TEXT(name, sentence) \
  { name, #name, sentence }
constexpr StatusText kStatusTexts[] = {
    TUTTI_STATUS_TEXT(TUTTI_OK, "success"),
    TUTTI_STATUS_TEXT(TUTTI_IN_PROGRESS, "the request has not finished yet"),
    TUTTI_STATUS_TEXT(TUTTI_ERR_INVALID_ARGUMENT, "an argument is NULL, out of range, overlapping, or overflows"),
    TUTTI_STATUS_TEXT(TUTTI_ERR_INVALID_HANDLE, "the handle was never created, or is already destroyed"),
    TUTTI_STATUS_TEXT(TUTTI_ERR_UNSUPPORTED, "valid, but not available in this build or for these types"),
    TUTTI_STATUS_TEXT(TUTTI_ERR_CONFIG, "a config field or an environment variable is unknown or malformed"),
    TUTTI_STATUS_TEXT(TUTTI_ERR_OUT_OF_MEMORY, "out of memory"),
    TUTTI_STATUS_TEXT(TUTTI_ERR_PEER_FAILED, "a rank's process died, or the path to it is lost"),
    TUTTI_STATUS_TEXT(TUTTI_ERR_TIMEOUT, "the deadline passed"),
    TUTTI_STATUS_TEXT(TUTTI_ERR_MISMATCH, "ranks called different operations, or with different arguments"),
    TUTTI_STATUS_TEXT(TUTTI_ERR_ABORTED, "the communicator was aborted, here or on another rank"),
    TUTTI_STATUS_TEXT(TUTTI_ERR_BOOTSTRAP, "the ranks could not find or authenticate each other"),
    TUTTI_STATUS_TEXT(TUTTI_ERR_CODEC, "a codec could not encode or decode, here or on another rank"),
    TUTTI_STATUS_TEXT(TUTTI_ERR_INTERNAL, "a defect in tutti; please report the sentence"),
};
#undef TUTTI_STATUS_TEXT

const StatusText* FindText(tutti_status_t status) {
  for (const StatusText& text : kStatusTexts) {
    if (text.status == status) return &text;
  }
  return nullptr;
}

}  // namespace
}  // namespace tutti

extern "C" {

const char* tutti_status_name(tutti_status_t status) {
  const tutti::StatusText* text = tutti::FindText(status);
  return text == nullptr ? "unknown status" : text->name;
}

const char* tutti_status_string(tutti_status_t status) {
  const tutti::StatusText* text = tutti::FindText(status);
  return text == nullptr ? "unknown status" : text->sentence;
}

size_t tutti_dtype_size(tutti_dtype_t dtype) {
  return tutti::IsKnown(dtype) ? tutti::DataTypeBytes(static_cast<tutti::DataType>(dtype)) : 0;
}

const char* tutti_dtype_name(tutti_dtype_t dtype) {
  return tutti::IsKnown(dtype) ? tutti::DataTypeName(static_cast<tutti::DataType>(dtype)) : "unknown";
}

const char* tutti_op_name(tutti_op_t op) {
  const int value = static_cast<int>(op);
  if (const tutti::UserOp* user = tutti::UserOps::OfProcess().Find(value)) return user->traits().name.c_str();
  return value >= 0 && value < tutti::kNumReduceOps ? tutti::ReduceOpName(static_cast<tutti::ReduceOp>(value))
                                                    : "unknown";
}

const char* tutti_version(void) { return TUTTI_VERSION; }

}  // extern "C"
