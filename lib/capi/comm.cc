// SPDX-License-Identifier: Apache-2.0
// tutti_comm_*: a communicator's life.
#include "tutti/comm.h"

#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "lib/capi/arguments.h"
#include "lib/capi/errors.h"
#include "lib/capi/handles.h"
#include "lib/capi/join.h"
#include "lib/capi/persistent.h"
#include "lib/comm/job.h"

namespace tutti {
namespace {

tutti_status_t Publish(std::unique_ptr<Communicator> communicator, const char* function, tutti_comm_t* out) {
  const uintptr_t handle = CommunicatorHandles().Insert(communicator.get());
  if (handle == 0) return Failed(TUTTI_ERR_OUT_OF_MEMORY, absl::StrCat(function, ": too many communicators"));
  communicator.release();  // owned by the handle from here
  *out = reinterpret_cast<tutti_comm_t>(handle);
  return TUTTI_OK;
}

tutti_status_t Create(const tutti_comm_config_t* config, tutti_comm_t* comm) {
  constexpr const char* kFunction = "tutti_comm_create";
  if (comm == nullptr) return Failed(TUTTI_ERR_INVALID_ARGUMENT, absl::StrCat(kFunction, ": comm is NULL"));
  *comm = nullptr;
  if (config != nullptr) {
    const tutti_status_t status =
        CheckStruct(config, config->struct_size, sizeof(tutti_comm_config_t), kFunction, "config");
    if (status != TUTTI_OK) return status;
  }
  const tutti_comm_config_t defaults = TUTTI_COMM_CONFIG_INIT;
  absl::StatusOr<std::shared_ptr<Job>> job = JoinJob(config != nullptr ? *config : defaults);
  if (!job.ok()) {
    return Failed(StatusFrom(job.status().code(), TUTTI_ERR_BOOTSTRAP), std::string(job.status().message()));
  }
  std::vector<int32_t> members(static_cast<size_t>((*job)->options().size));
  std::iota(members.begin(), members.end(), 0);
  const int rank = (*job)->options().rank;
  return Publish(std::make_unique<Communicator>(*std::move(job), 0, std::move(members), rank), kFunction, comm);
}

tutti_status_t PublishPart(const Communicator& whole, absl::StatusOr<std::unique_ptr<Communicator>> part,
                           const char* function, tutti_comm_t* out) {
  if (part.ok()) return *part == nullptr ? TUTTI_OK : Publish(*std::move(part), function, out);
  if (whole.outcome() != Outcome::kOk) return FailedWith(whole);
  const bool invalid = part.status().code() == absl::StatusCode::kInvalidArgument;
  return Failed(invalid ? TUTTI_ERR_INVALID_ARGUMENT : StatusFrom(part.status().code(), TUTTI_ERR_BOOTSTRAP),
                absl::StrCat(function, ": ", part.status().message()));
}

tutti_status_t Split(tutti_comm_t comm, int color, int key, tutti_comm_t* out) {
  constexpr const char* kFunction = "tutti_comm_split";
  if (out == nullptr) return Failed(TUTTI_ERR_INVALID_ARGUMENT, absl::StrCat(kFunction, ": out is NULL"));
  *out = nullptr;
  Communicator* communicator = Find(comm, kFunction);
  if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  return PublishPart(*communicator, communicator->Split(color, key), kFunction, out);
}

tutti_status_t SplitType(tutti_comm_t comm, tutti_split_t type, int key, tutti_comm_t* out) {
  constexpr const char* kFunction = "tutti_comm_split_type";
  if (out == nullptr) return Failed(TUTTI_ERR_INVALID_ARGUMENT, absl::StrCat(kFunction, ": out is NULL"));
  *out = nullptr;
  if (type != TUTTI_SPLIT_HOST && type != TUTTI_SPLIT_ACROSS_HOSTS && type != TUTTI_SPLIT_ONE_PER_HOST) {
    return Failed(TUTTI_ERR_INVALID_ARGUMENT,
                  absl::StrCat(kFunction, ": type is ", static_cast<int>(type), ", which is none of TUTTI_SPLIT_*"));
  }
  Communicator* communicator = Find(comm, kFunction);
  if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  return PublishPart(*communicator, communicator->SplitByHost(static_cast<Communicator::HostSplit>(type), key),
                     kFunction, out);
}

}  // namespace
}  // namespace tutti

extern "C" {

tutti_status_t tutti_comm_create(const tutti_comm_config_t* config, tutti_comm_t* comm) {
  return tutti::Fence(__func__, [&] { return tutti::Create(config, comm); });
}

tutti_status_t tutti_comm_destroy(tutti_comm_t comm) {
  return tutti::Fence("tutti_comm_destroy", [&]() -> tutti_status_t {
    using namespace tutti;
    if (comm == nullptr) return TUTTI_OK;
    Communicator* communicator = Find(comm, "tutti_comm_destroy");
    if (communicator == nullptr || !CommunicatorHandles().Remove(ToNumber(comm), &communicator)) {
      return TUTTI_ERR_INVALID_HANDLE;
    }
    ForgetRequestsOf(*communicator);
    FreePersistentsOf(*communicator);
    delete communicator;
    return TUTTI_OK;
  });
}

tutti_status_t tutti_comm_abort(tutti_comm_t comm, const char* reason) {
  return tutti::Fence("tutti_comm_abort", [&]() -> tutti_status_t {
    using namespace tutti;
    Communicator* communicator = Find(comm, "tutti_comm_abort");
    if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
    communicator->Abort(reason == nullptr ? "" : reason);
    return TUTTI_OK;
  });
}

tutti_status_t tutti_comm_split(tutti_comm_t comm, int color, int key, tutti_comm_t* out) {
  return tutti::Fence(__func__, [&] { return tutti::Split(comm, color, key, out); });
}

tutti_status_t tutti_comm_split_type(tutti_comm_t comm, tutti_split_t type, int key, tutti_comm_t* out) {
  return tutti::Fence(__func__, [&] { return tutti::SplitType(comm, type, key, out); });
}

tutti_status_t tutti_comm_rank(tutti_comm_t comm, int* rank) {
  return tutti::Fence("tutti_comm_rank", [&]() -> tutti_status_t {
    using namespace tutti;
    if (rank == nullptr) return Failed(TUTTI_ERR_INVALID_ARGUMENT, "tutti_comm_rank: rank is NULL");
    const Communicator* communicator = Find(comm, "tutti_comm_rank");
    if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
    *rank = communicator->rank();
    return TUTTI_OK;
  });
}

tutti_status_t tutti_comm_size(tutti_comm_t comm, int* size) {
  return tutti::Fence("tutti_comm_size", [&]() -> tutti_status_t {
    using namespace tutti;
    if (size == nullptr) return Failed(TUTTI_ERR_INVALID_ARGUMENT, "tutti_comm_size: size is NULL");
    const Communicator* communicator = Find(comm, "tutti_comm_size");
    if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
    *size = communicator->size();
    return TUTTI_OK;
  });
}

tutti_status_t tutti_comm_status(tutti_comm_t comm) {
  return tutti::Fence("tutti_comm_status", [&]() -> tutti_status_t {
    const tutti::Communicator* communicator = tutti::Find(comm, "tutti_comm_status");
    return communicator == nullptr ? TUTTI_ERR_INVALID_HANDLE : tutti::StatusFrom(communicator->outcome());
  });
}

const char* tutti_comm_last_error(tutti_comm_t comm) {
  thread_local std::string sentence;
  try {
    const tutti::Communicator* communicator = tutti::Find(comm, "tutti_comm_last_error");
    if (communicator == nullptr) return tutti_last_error();
    sentence = communicator->failure();
    return sentence.c_str();
  } catch (...) {
    return "";
  }
}

}  // extern "C"
