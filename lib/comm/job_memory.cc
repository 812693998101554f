// SPDX-License-Identifier: Apache-2.0
// Memory that an application registers: with every transport that can keep it ready.
#include "lib/comm/job.h"

#include "absl/strings/str_cat.h"

#include "lib/transport/memory_registry.h"

namespace tutti {

absl::StatusOr<Job::RegisteredMemory> Job::RegisterMemory(const MemoryRange& range) {
  RegisteredMemory memory;
  absl::Status failed;
  engine_->RunAsDriver([&] {
    for (size_t i = 0; i < transports_.size() && failed.ok(); ++i) {
      MemoryRegistry* registry = transports_[i]->memory();
      if (registry == nullptr) continue;
      const absl::StatusOr<MemoryRegistry::Handle> handle = registry->Register(range);
      if (handle.ok()) {
        memory.push_back({registry, *handle});
      } else {
        failed = absl::Status(handle.status().code(),
                              absl::StrCat(transports_[i]->capabilities().name, ": ", handle.status().message()));
      }
    }
    if (failed.ok()) return;
    for (const auto& [registry, handle] : memory) registry->Deregister(handle);
  });
  if (!failed.ok()) return failed;
  return memory;
}

void Job::DeregisterMemory(const RegisteredMemory& memory) {
  if (memory.empty()) return;
  engine_->RunAsDriver([&] {
    for (const auto& [registry, handle] : memory) registry->Deregister(handle);
  });
}

}  // namespace tutti
