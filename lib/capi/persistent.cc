// SPDX-License-Identifier: Apache-2.0
#include "lib/capi/persistent.h"

#include <memory>
#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

#include "lib/capi/call_group.h"
#include "lib/capi/deliver.h"
#include "lib/capi/errors.h"
#include "lib/capi/handles.h"
#include "lib/capi/last_timing.h"
#include "lib/comm/job.h"

namespace tutti {
namespace {

struct Persistent {
  Communicator& communicator;
  CollectiveCall call;
  Operation& operation;
  bool running = false;

  Engine& engine() { return communicator.job().engine(); }
};

// Never destroyed: handles may be used while the process exits.
HandleTable<Persistent*>& Handles() {
  static auto* table = new HandleTable<Persistent*>();
  return *table;
}

// By communicator, for its end.
struct Owned {
  std::mutex mutex;
  absl::flat_hash_map<const Communicator*, absl::flat_hash_set<Persistent*>> of;
};
Owned& AllOwned() {
  static auto* owned = new Owned();
  return *owned;
}

Persistent* FindPersistent(tutti_persistent_t handle, const char* function) {
  Persistent* persistent = nullptr;
  if (Handles().Find(ToNumber(handle), &persistent)) return persistent;
  Failed(TUTTI_ERR_INVALID_HANDLE,
         handle == nullptr
             ? absl::StrCat(function, ": the handle of the persistent operation is NULL")
             : absl::StrCat(function,
                            ": the persistent operation was never made, or is already freed, by itself or "
                            "with its communicator"));
  return nullptr;
}

// Makes the next run; the caller submits it.
tutti_status_t Renew(Persistent& persistent, const char* function) {
  if (persistent.running) return Invalid(function, "it runs already; call tutti_persistent_wait first");
  if (CallGroup::OfThread().is_open()) {
    return Invalid(function, "it cannot be in a group; call tutti_group_end first");
  }
  const absl::Status status = persistent.communicator.Renew(persistent.operation, persistent.call);
  if (!status.ok()) return FailedToMake(persistent.communicator, status, function);
  persistent.running = true;
  return TUTTI_OK;
}

// What every function of a persistent operation begins with.
template <typename Body>
tutti_status_t WithPersistent(const char* function, tutti_persistent_t handle, Body&& body) {
  return Fence(function, [&]() -> tutti_status_t {
    Persistent* persistent = FindPersistent(handle, function);
    return persistent == nullptr ? TUTTI_ERR_INVALID_HANDLE : body(*persistent);
  });
}

tutti_status_t Conclude(Persistent& persistent) {
  persistent.running = false;
  const Outcome outcome = persistent.operation.outcome();
  RememberTiming(persistent.operation);
  return outcome == Outcome::kOk ? TUTTI_OK : FailedWith(persistent.communicator);
}

}  // namespace

tutti_status_t MakePersistent(Communicator& communicator, const CollectiveCall& call, const char* function,
                              tutti_persistent_t* out) {
  if (CallGroup::OfThread().is_open()) {
    return Invalid(function, "persistent operations are not made in a group; call tutti_group_end first");
  }
  absl::StatusOr<Operation*> operation = communicator.Bind(call);
  if (!operation.ok()) return FailedToMake(communicator, operation.status(), function);
  Operation& bound = **operation;
  // Others may run the same plan before this one does, and count on it for connections.
  communicator.job().engine().Connect(bound.connections);
  bound.connections.clear();
  auto persistent =
      std::make_unique<Persistent>(Persistent{.communicator = communicator, .call = call, .operation = bound});
  persistent->call.scale = nullptr;  // bound, as are blocks
  persistent->call.blocks = nullptr;
  const uintptr_t handle = Handles().Insert(persistent.get());
  if (handle == 0) {
    bound.Release();
    return Failed(TUTTI_ERR_OUT_OF_MEMORY, absl::StrCat(function, ": too many persistent operations"));
  }
  {
    Owned& owned = AllOwned();
    std::lock_guard<std::mutex> lock(owned.mutex);
    owned.of[&communicator].insert(persistent.release());
  }
  *out = reinterpret_cast<tutti_persistent_t>(handle);
  return TUTTI_OK;
}

void FreePersistentsOf(Communicator& communicator) {
  absl::flat_hash_set<Persistent*> mine;
  {
    Owned& owned = AllOwned();
    std::lock_guard<std::mutex> lock(owned.mutex);
    const auto found = owned.of.find(&communicator);
    if (found == owned.of.end()) return;
    mine = std::move(found->second);
    owned.of.erase(found);
  }
  Handles().RemoveIf([&mine](Persistent* persistent) { return mine.contains(persistent); });
  for (Persistent* persistent : mine) delete persistent;
}

}  // namespace tutti

extern "C" {

tutti_status_t tutti_persistent_start(tutti_persistent_t handle) {
  constexpr const char* kFunction = "tutti_persistent_start";
  using namespace tutti;
  return WithPersistent(kFunction, handle, [&](Persistent& persistent) -> tutti_status_t {
    TUTTI_RETURN_IF_ERROR(Renew(persistent, kFunction));
    persistent.engine().Submit(persistent.operation);
    persistent.engine().Poll();  // what can leave at once, leaves
    return TUTTI_OK;
  });
}

tutti_status_t tutti_persistent_wait(tutti_persistent_t handle) {
  constexpr const char* kFunction = "tutti_persistent_wait";
  using namespace tutti;
  return WithPersistent(kFunction, handle, [&](Persistent& persistent) -> tutti_status_t {
    if (!persistent.running) return TUTTI_OK;
    persistent.engine().Wait(persistent.operation);
    return Conclude(persistent);
  });
}

tutti_status_t tutti_persistent_test(tutti_persistent_t handle) {
  constexpr const char* kFunction = "tutti_persistent_test";
  using namespace tutti;
  return WithPersistent(kFunction, handle, [&](Persistent& persistent) -> tutti_status_t {
    if (!persistent.running) return TUTTI_OK;
    if (!persistent.operation.done()) persistent.engine().Poll();
    return persistent.operation.done() ? Conclude(persistent) : TUTTI_IN_PROGRESS;
  });
}

tutti_status_t tutti_persistent_run(tutti_persistent_t handle) {
  constexpr const char* kFunction = "tutti_persistent_run";
  using namespace tutti;
  return WithPersistent(kFunction, handle, [&](Persistent& persistent) -> tutti_status_t {
    TUTTI_RETURN_IF_ERROR(Renew(persistent, kFunction));
    persistent.engine().SubmitAndWait(persistent.operation);
    return Conclude(persistent);
  });
}

tutti_status_t tutti_persistent_free(tutti_persistent_t handle) {
  constexpr const char* kFunction = "tutti_persistent_free";
  if (handle == nullptr) return TUTTI_OK;
  using namespace tutti;
  return WithPersistent(kFunction, handle, [&](Persistent& persistent) -> tutti_status_t {
    if (persistent.running) return Invalid(kFunction, "it runs; call tutti_persistent_wait first");
    Persistent* removed = nullptr;
    if (!Handles().Remove(ToNumber(handle), &removed)) return TUTTI_ERR_INVALID_HANDLE;
    {
      Owned& owned = AllOwned();
      std::lock_guard<std::mutex> lock(owned.mutex);
      const auto found = owned.of.find(&persistent.communicator);
      found->second.erase(removed);
      if (found->second.empty()) owned.of.erase(found);
    }
    persistent.operation.Release();
    delete removed;
    return TUTTI_OK;
  });
}

}  // extern "C"
