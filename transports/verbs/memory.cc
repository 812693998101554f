// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/memory.h"

#include <cerrno>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace tutti::verbs {
namespace {

constexpr size_t kPageBytes = 4096;

}  // namespace

void PageDeleter::operator()(uint8_t* memory) const { std::free(memory); }

PageMemory AllocatePages(size_t bytes) {
  const size_t rounded = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  return PageMemory(static_cast<uint8_t*>(std::aligned_alloc(kPageBytes, rounded)));
}

absl::Status SlotMemory::Open(absl::Span<const Device* const> devices, uint64_t slot_bytes, uint32_t count,
                              int access) {
  slot_bytes_ = slot_bytes;
  memory_ = AllocatePages(slot_bytes * count);
  if (memory_ == nullptr) return absl::ResourceExhaustedError("no memory for the RDMA transport's buffers");
  for (const Device* device : devices) {
    regions_.emplace_back(::ibv_reg_mr(device->domain.get(), memory_.get(), slot_bytes * count, access));
    if (regions_.back() != nullptr) continue;
    return absl::ResourceExhaustedError(absl::StrCat(slot_bytes * count, " bytes cannot be registered with ",
                                                     device->name, ": ", VerbsErrorName(errno)));
  }
  free_.reserve(count);
  for (uint32_t slot = count; slot-- > 0;) free_.push_back(slot);
  return absl::OkStatus();
}

uint32_t SlotMemory::Take() {
  if (free_.empty()) return kNone;
  const uint32_t slot = free_.back();
  free_.pop_back();
  return slot;
}

}  // namespace tutti::verbs
