// SPDX-License-Identifier: Apache-2.0
// Codecs as the C API knows them: registered, chosen, saved and restored.
#include "tutti/compression.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "lib/capi/arguments.h"
#include "lib/capi/deliver.h"
#include "lib/capi/errors.h"
#include "lib/capi/handles.h"
#include "lib/codec/foreign_codec.h"
#include "lib/codec/registered.h"
#include "tutti/telemetry.h"

namespace tutti {
namespace {

tutti_status_t Register(const char* function, const tutti_codec_t* codec) {
  absl::StatusOr<std::shared_ptr<const Codec>> wrapped = WrapCodec(codec);
  if (!wrapped.ok()) return Invalid(function, wrapped.status().message());
  const absl::Status registered = RegisterCodec(*std::move(wrapped));
  return registered.ok() ? TUTTI_OK : Invalid(function, registered.message());
}

// A communicator whose states nobody uses at the moment.
tutti_status_t FindIdle(const char* function, tutti_comm_t comm, Communicator** communicator) {
  *communicator = Find(comm, function);
  if (*communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  if (!(*communicator)->HasRunningOperations()) return TUTTI_OK;
  return Invalid(function, "operations of the communicator are still running; wait for them first");
}

tutti_status_t Totals(const char* function, tutti_comm_t comm, const char* codec, tutti_codec_totals_t* out) {
  if (codec == nullptr) return Invalid(function, "codec is NULL");
  if (out == nullptr) return Invalid(function, "totals is NULL");
  TUTTI_RETURN_IF_ERROR(CheckStruct(out, out->struct_size, sizeof *out, function, "totals"));
  Communicator* communicator = Find(comm, function);
  if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  const CommCodec* used = communicator->codecs().FindUsed(codec);
  const CodecTotals none;
  const CodecTotals& totals = used != nullptr ? used->totals() : none;
  out->operations = totals.operations.get();
  out->raw_bytes = totals.raw_bytes.get();
  out->sent_bytes = totals.sent_bytes.get();
  out->coded_ns = static_cast<int64_t>(totals.coded.get());
  out->moved_ns = static_cast<int64_t>(totals.moved.get());
  out->saved_ns = static_cast<int64_t>(totals.SavedNs());
  out->costs_more = totals.CostsMore() ? 1 : 0;
  return TUTTI_OK;
}

}  // namespace
}  // namespace tutti

extern "C" {

tutti_status_t tutti_codec_register(const tutti_codec_t* codec) {
  return tutti::Fence(__func__, [&] { return tutti::Register("tutti_codec_register", codec); });
}

tutti_status_t tutti_telemetry_codec(tutti_comm_t comm, const char* codec, tutti_codec_totals_t* totals) {
  return tutti::Fence(__func__, [&] { return tutti::Totals("tutti_telemetry_codec", comm, codec, totals); });
}

tutti_status_t tutti_comm_set_codec(tutti_comm_t comm, const char* codec) {
  constexpr const char* kFunction = "tutti_comm_set_codec";
  return tutti::Fence(kFunction, [&]() -> tutti_status_t {
    using namespace tutti;
    Communicator* communicator = Find(comm, kFunction);
    if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
    if (codec != nullptr && IsAutoCodec(codec)) {
      const absl::Status calibrated = communicator->CalibrateGate(codec);
      if (communicator->outcome() != Outcome::kOk) return FailedWith(*communicator);
      if (!calibrated.ok()) return Invalid(kFunction, calibrated.message());
      communicator->SetDefaultCodec(nullptr, true);
      return TUTTI_OK;
    }
    const absl::StatusOr<CommCodec*> found = communicator->codecs().Find(codec == nullptr ? "" : codec);
    if (!found.ok()) return Invalid(kFunction, found.status().message());
    communicator->SetDefaultCodec(*found);
    return TUTTI_OK;
  });
}

const char* tutti_comm_explain_codec(tutti_comm_t comm) {
  thread_local std::string text;
  try {
    const tutti::Communicator* communicator = tutti::Find(comm, "tutti_comm_explain_codec");
    if (communicator == nullptr || communicator->gate() == nullptr) return "";
    text = communicator->gate()->Explain();
    return text.c_str();
  } catch (...) {
    return "";
  }
}

tutti_status_t tutti_codec_save(tutti_comm_t comm, void* buffer, size_t capacity, size_t* bytes) {
  constexpr const char* kFunction = "tutti_codec_save";
  return tutti::Fence(kFunction, [&]() -> tutti_status_t {
    using namespace tutti;
    if (bytes == nullptr) return Invalid(kFunction, "bytes is NULL");
    if (buffer == nullptr && capacity > 0) return Invalid(kFunction, "buffer is NULL, but capacity is not 0");
    Communicator* communicator = nullptr;
    TUTTI_RETURN_IF_ERROR(FindIdle(kFunction, comm, &communicator));
    const std::vector<uint8_t> saved = communicator->codecs().Save();
    *bytes = saved.size();
    if (saved.size() <= capacity) std::memcpy(buffer, saved.data(), saved.size());
    return TUTTI_OK;
  });
}

tutti_status_t tutti_codec_restore(tutti_comm_t comm, const void* buffer, size_t bytes) {
  constexpr const char* kFunction = "tutti_codec_restore";
  return tutti::Fence(kFunction, [&]() -> tutti_status_t {
    using namespace tutti;
    if (buffer == nullptr) return Invalid(kFunction, "buffer is NULL");
    Communicator* communicator = nullptr;
    TUTTI_RETURN_IF_ERROR(FindIdle(kFunction, comm, &communicator));
    const absl::Status restored = communicator->codecs().Restore({static_cast<const uint8_t*>(buffer), bytes});
    return restored.ok() ? TUTTI_OK : Invalid(kFunction, restored.message());
  });
}

tutti_status_t tutti_codec_forget(tutti_comm_t comm, uint64_t tensor) {
  constexpr const char* kFunction = "tutti_codec_forget";
  return tutti::Fence(kFunction, [&]() -> tutti_status_t {
    using namespace tutti;
    Communicator* communicator = nullptr;
    TUTTI_RETURN_IF_ERROR(FindIdle(kFunction, comm, &communicator));
    communicator->codecs().Forget(tensor);
    return TUTTI_OK;
  });
}

}  // extern "C"
