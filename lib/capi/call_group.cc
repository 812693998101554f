// SPDX-License-Identifier: Apache-2.0
#include "lib/capi/call_group.h"

#include <algorithm>
#include <cstring>

#include "absl/cleanup/cleanup.h"

#include "lib/capi/deliver.h"
#include "lib/capi/errors.h"
#include "lib/capi/handles.h"
#include "lib/capi/last_timing.h"
#include "lib/comm/job.h"
#include "tutti/group.h"

namespace tutti {
namespace {

// Of counts, in their order.
uint32_t Hashed(uint32_t hash, uint64_t count) {
  const uint64_t mixed = (hash ^ count) * 0x9e3779b97f4a7c15u;
  return static_cast<uint32_t>(mixed ^ (mixed >> 32));
}

// Of two limits, of which 0 stands for `usual`.
int64_t Shorter(int64_t a, int64_t b, int64_t usual) { return std::min(a > 0 ? a : usual, b > 0 ? b : usual); }

}  // namespace

CallGroup& CallGroup::OfThread() {
  thread_local CallGroup group;
  return group;
}

void CallGroup::Add(tutti_comm_t comm, const CollectiveCall& call, const char* function, tutti_request_t* request) {
  Entry& entry = entries_.emplace_back();
  entry.comm = comm;
  entry.function = function;
  entry.request = request;
  entry.collective = call;
  if (call.scale != nullptr) {
    entry.is_scaled = true;
    entry.scale = *call.scale;
  }
  if (call.blocks != nullptr) entry.blocks = std::make_unique<OwnedBlocks>(absl::MakeConstSpan(call.blocks, 1));
}

void CallGroup::Add(tutti_comm_t comm, const MessageCall& call, const char* function, tutti_request_t* request) {
  Entry& entry = entries_.emplace_back();
  entry.comm = comm;
  entry.function = function;
  entry.request = request;
  entry.is_message = true;
  entry.message = call;
}

void CallGroup::Refused(tutti_status_t status) { Remember(status); }

void CallGroup::Remember(tutti_status_t status) {
  if (error_ != TUTTI_OK || status == TUTTI_OK) return;
  error_ = status;
  sentence_ = tutti_last_error();
}

tutti_status_t CallGroup::End() {
  if (depth_ == 0) {
    return Failed(TUTTI_ERR_INVALID_ARGUMENT,
                  "tutti_group_end: this thread has started no group; call tutti_group_start first");
  }
  if (--depth_ > 0) return TUTTI_OK;
  const absl::Cleanup clear = [this] { Clear(); };  // also if memory runs out on the way
  Fuse();
  for (Entry& entry : entries_) {
    if (!entry.goes_with_other) Begin(entry);
  }
  for (Engine* engine : engines_) engine->Poll();  // what can leave at once, leaves
  WaitForAll();
  return error_ == TUTTI_OK ? TUTTI_OK : Failed(error_, sentence_);
}

void CallGroup::Clear() {
  entries_.clear();
  bundles_.clear();
  engines_.clear();
  error_ = TUTTI_OK;
  sentence_.clear();
}

uint64_t CallGroup::BytesOf(const Entry& entry) {
  return entry.collective.count * DataTypeBytes(entry.collective.type);
}

// What decides must be the same on all ranks: neither scale, nor in place, nor limits of time may.
bool CallGroup::CanBeFused(const Entry& entry) {
  const CollectiveCall& call = entry.collective;
  if (entry.is_message || call.codec != nullptr || call.user_op != nullptr) return false;
  const bool fits = call.collective == Collective::kAllReduce || call.collective == Collective::kReduce ||
                    call.collective == Collective::kBroadcast;
  return fits && call.count > 0 && call.count <= kMostCallBytes && BytesOf(entry) <= kMostCallBytes;
}

size_t CallGroup::FindOpen(const Entry& entry) const {
  const CollectiveCall& call = entry.collective;
  for (size_t b = bundles_.size(); b > 0; --b) {
    const Bundle& bundle = bundles_[b - 1];
    const CollectiveCall& first = entries_[bundle.first].collective;
    const bool alike = entries_[bundle.first].comm == entry.comm && first.collective == call.collective &&
                       first.type == call.type && first.op == call.op && first.root == call.root &&
                       first.algorithm == call.algorithm;
    // The latest of its kind, or none: what is full stays so.
    if (alike) return bundle.bytes + BytesOf(entry) <= kMostFusedBytes ? b - 1 : kNone;
  }
  return kNone;
}

void CallGroup::Fuse() {
  for (size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    if (!CanBeFused(entry)) continue;
    const size_t open = FindOpen(entry);
    if (open == kNone) {
      bundles_.push_back({i, i, BytesOf(entry)});
      continue;
    }
    Bundle& bundle = bundles_[open];
    entries_[bundle.last].next_fused = i;
    bundle.last = i;
    bundle.bytes += BytesOf(entry);
    entry.goes_with_other = true;
  }
}

void CallGroup::Begin(Entry& entry) {
  if (entry.next_fused != kNone) return BeginFused(entry);
  Communicator* communicator = Find(entry.comm, entry.function);
  if (communicator == nullptr) return Remember(TUTTI_ERR_INVALID_HANDLE);
  CollectiveCall& call = entry.collective;
  call.scale = entry.is_scaled ? &entry.scale : nullptr;
  call.blocks = entry.blocks != nullptr ? entry.blocks->ranks().data() : nullptr;
  absl::StatusOr<Operation*> made = entry.is_message ? communicator->Make(entry.message) : communicator->Make(call);
  if (!made.ok()) return Remember(FailedToMake(*communicator, made.status(), entry.function));
  Hand(*communicator, entry, **made);
  communicator->job().engine().Submit(**made);
}

// Gives the entry its request, or has it waited for.
void CallGroup::Hand(Communicator& communicator, Entry& entry, Operation& operation) {
  Engine* engine = &communicator.job().engine();
  if (std::find(engines_.begin(), engines_.end(), engine) == engines_.end()) engines_.push_back(engine);
  if (entry.request != nullptr) {
    const uintptr_t handle = RequestHandles().Insert(&operation);
    if (handle != 0) {
      *entry.request = reinterpret_cast<tutti_request_t>(handle);
      return;
    }
    // A million requests are open: it is waited for here.
  }
  entry.waited = &operation;
}

void CallGroup::BeginFused(Entry& first) {
  Communicator* communicator = Find(first.comm, first.function);
  if (communicator == nullptr) return Remember(TUTTI_ERR_INVALID_HANDLE);
  const auto next_of = [this](Entry* entry) {
    return entry->next_fused != kNone ? &entries_[entry->next_fused] : nullptr;
  };
  CollectiveCall call = first.collective;
  call.count = 0;
  call.scale = nullptr;
  call.in_place = true;
  const int64_t usual_timeout_ns = communicator->job().options().timeout_ns;
  const int64_t usual_budget_ns = communicator->budget().budget_ns();
  for (Entry* entry = &first; entry != nullptr; entry = next_of(entry)) {
    call.count += entry->collective.count;
    call.fused_lengths = Hashed(call.fused_lengths, entry->collective.count);
    ++call.fused_calls;
    call.timeout_ns = Shorter(call.timeout_ns, entry->collective.timeout_ns, usual_timeout_ns);
    call.urgent |= entry->collective.urgent;
    call.budget_ns = Shorter(call.budget_ns, entry->collective.budget_ns, usual_budget_ns);
  }
  absl::StatusOr<Operation*> made = communicator->MakeFused(call);
  if (!made.ok()) return Remember(FailedToMake(*communicator, made.status(), first.function));

  Operation& operation = **made;
  const bool has_input = call.collective != Collective::kBroadcast || communicator->rank() == call.root;
  const bool has_output = call.collective != Collective::kReduce || communicator->rank() == call.root;
  std::byte* const packed = operation.user[0];
  uint64_t offset = 0;
  bool is_waited = false;
  operation.fused_parts.clear();
  operation.fused_parts.reserve(call.fused_calls);
  for (Entry* entry = &first; entry != nullptr; entry = next_of(entry)) {
    const uint64_t bytes = BytesOf(*entry);
    if (has_input && entry->is_scaled) {
      operation.plan().reducer().Scale(packed + offset, entry->collective.send, entry->scale, entry->collective.count);
    } else if (has_input) {
      std::memcpy(packed + offset, entry->collective.send, bytes);
    }
    Operation* part = nullptr;
    // All that are waited for end together: one is enough to know when.
    if (entry->request != nullptr || !is_waited) {
      part = &communicator->TakePart();
      Hand(*communicator, *entry, *part);
      is_waited |= entry->waited != nullptr;
    }
    auto* to = has_output ? static_cast<std::byte*>(entry->collective.recv) : nullptr;
    operation.fused_parts.push_back({to, offset, bytes, part});
    offset += bytes;
  }
  // Only now: whatever runs must have been submitted, or the communicator would wait for it at its end.
  for (const Operation::Part& part : operation.fused_parts) {
    if (part.operation != nullptr) part.operation->MarkRunning();
  }
  communicator->job().engine().Submit(operation);
}

void CallGroup::WaitForAll() {
  for (Entry& entry : entries_) {
    if (entry.waited == nullptr) continue;
    Operation& operation = *entry.waited;
    Communicator& communicator = OwnerOf(operation);
    communicator.job().engine().Wait(operation);
    const Outcome outcome = operation.outcome();
    RememberTiming(operation);
    operation.Release();
    if (outcome != Outcome::kOk) Remember(FailedWith(communicator));
  }
}

}  // namespace tutti

extern "C" {

tutti_status_t tutti_group_start(void) {
  return tutti::Fence(__func__, [] {
    tutti::CallGroup::OfThread().Start();
    return TUTTI_OK;
  });
}

tutti_status_t tutti_group_end(void) {
  return tutti::Fence(__func__, [] { return tutti::CallGroup::OfThread().End(); });
}

int tutti_group_is_open(void) { return tutti::CallGroup::OfThread().is_open() ? 1 : 0; }

}  // extern "C"
