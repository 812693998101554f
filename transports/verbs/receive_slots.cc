// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/receive_slots.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "absl/strings/str_cat.h"

namespace tutti::verbs {
namespace {

// Receives that are posted with one call.
constexpr size_t kBatch = 32;

absl::Status OpenQueue(const Device& device, uint32_t capacity, SharedQueueHandle* queue) {
  ibv_srq_init_attr wanted = {};
  wanted.attr.max_wr = capacity;
  wanted.attr.max_sge = 1;
  queue->reset(::ibv_create_srq(device.domain.get(), &wanted));
  if (*queue != nullptr) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat(device.name, " makes no shared receive queue for ", capacity, " receives: ", VerbsErrorName(errno)));
}

}  // namespace

absl::Status ReceiveSlots::Open(const Device& device, uint64_t slot_bytes, uint32_t slots_per_peer, uint32_t max_peers,
                                uint64_t tag) {
  device_ = &device;
  slot_bytes_ = slot_bytes;
  slots_per_peer_ = slots_per_peer;
  tag_ = tag;
  const uint64_t wanted = uint64_t{slots_per_peer} * std::max(max_peers, 1u);
  const auto limit = static_cast<uint64_t>(device.attributes.max_srq_wr);
  return OpenQueue(device, static_cast<uint32_t>(std::min(wanted, limit)), &queue_);
}

absl::Status ReceiveSlots::AddPeer() {
  if (spare_peers_ > 0) {
    --spare_peers_;
    return absl::OkStatus();
  }
  auto slab = std::make_unique<Slab>();
  const size_t bytes = slot_bytes_ * slots_per_peer_;
  slab->memory = AllocatePages(bytes);
  if (slab->memory == nullptr) return absl::ResourceExhaustedError("no memory for one more RDMA peer's slots");
  slab->region.reset(::ibv_reg_mr(device_->domain.get(), slab->memory.get(), bytes, int{IBV_ACCESS_LOCAL_WRITE}));
  if (slab->region == nullptr) {
    return absl::ResourceExhaustedError(
        absl::StrCat(bytes, " bytes for one more peer cannot be registered: ", VerbsErrorName(errno)));
  }
  const auto first = static_cast<uint32_t>(slabs_.size() * slots_per_peer_);
  slabs_.push_back(std::move(slab));
  freed_.reserve(slabs_.size() * slots_per_peer_);
  for (uint32_t i = 0; i < slots_per_peer_; ++i) Free(first + i);
  const int error = Repost();
  if (error == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("receives for one more peer cannot be posted: ", VerbsErrorName(error)));
}

int ReceiveSlots::Repost() {
  std::array<ibv_recv_wr, kBatch> requests;
  std::array<ibv_sge, kBatch> pieces;
  while (!freed_.empty()) {
    const size_t count = std::min(kBatch, freed_.size());
    for (size_t i = 0; i < count; ++i) {
      const uint32_t slot = freed_[freed_.size() - 1 - i];
      pieces[i].addr = reinterpret_cast<uintptr_t>(data(slot));
      pieces[i].length = static_cast<uint32_t>(slot_bytes_);
      pieces[i].lkey = slabs_[slot / slots_per_peer_]->region->lkey;
      requests[i].wr_id = tag_ | slot;
      requests[i].sg_list = &pieces[i];
      requests[i].num_sge = 1;
      requests[i].next = i + 1 < count ? &requests[i + 1] : nullptr;
    }
    ibv_recv_wr* refused = nullptr;
    const int error = ::ibv_post_srq_recv(queue_.get(), requests.data(), &refused);
    if (error != 0) return error;
    freed_.resize(freed_.size() - count);
  }
  return 0;
}

absl::Status ImmediateReceives::Open(const Device& device, uint32_t capacity, uint64_t tag) {
  capacity_ = std::min(capacity, static_cast<uint32_t>(device.attributes.max_srq_wr));
  tag_ = tag;
  return OpenQueue(device, capacity_, &queue_);
}

int ImmediateReceives::Ensure(uint32_t count) {
  for (count = std::min(count, capacity_); posted_ < count; ++posted_) {
    ibv_recv_wr request = {};
    request.wr_id = tag_;
    ibv_recv_wr* refused = nullptr;
    const int error = ::ibv_post_srq_recv(queue_.get(), &request, &refused);
    if (error != 0) return error;
  }
  return 0;
}

}  // namespace tutti::verbs
