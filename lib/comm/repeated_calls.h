// SPDX-License-Identifier: Apache-2.0
// Collectives that a communicator has bound, with their operations. Training and inference repeat themselves: a call that differs
// from an earlier one in its buffers only takes the same operation again, without a look at rules, wishes and plans.
//
// A table in which calls that meet in a place displace each other. 3 KB.
//
// One thread at a time (the one that starts operations).
#ifndef TUTTI_LIB_COMM_REPEATED_CALLS_H_
#define TUTTI_LIB_COMM_REPEATED_CALLS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/comm/call_arguments.h"
#include "lib/comm/plan_cache.h"
#include "lib/engine/operation.h"

namespace tutti {

class RepeatedCalls {
 public:
  // Claimed for the caller, as it was bound, whatever other calls (scaled, fused) have made of it since, but with this call's
  // buffers. nullptr if the call is not known, or its operation is in use, or gone, or `timed` and was bound without a record to
  // write into.
  Operation* Claim(const CollectiveCall& call, const PlanCache& plans, bool timed) {
    if (!IsPlain(call)) return nullptr;
    const Key key = KeyOf(call);
    const Place& place = places_[key.Index()];
    if (place.operation == nullptr || !(place.key == key) || place.dropped != plans.dropped()) return nullptr;
    Operation& operation = *place.operation;
    if ((timed && operation.record == nullptr) || !operation.TryAcquire()) return nullptr;
    operation.user = {static_cast<std::byte*>(const_cast<void*>(call.send)), static_cast<std::byte*>(call.recv)};
    operation.scaling.count = 0;
    operation.signature = place.signature;
    operation.first_run = false;
    return &operation;
  }

  // `operation` is of `plans`, and was bound for the call.
  void Remember(const CollectiveCall& call, const PlanCache& plans, Operation& operation) {
    if (!IsPlain(call)) return;
    const Key key = KeyOf(call);
    places_[key.Index()] = {key, &operation, operation.signature, plans.dropped()};
  }

 private:
  static constexpr int kPlaceBits = 6;

  // All that tells plain calls apart.
  struct Key {
    uint64_t count = 0;
    const Algorithm* algorithm = nullptr;
    int32_t root = 0;
    Collective collective = Collective::kBarrier;
    DataType type = DataType::kInt8;
    ReduceOp op = ReduceOp::kSum;
    bool in_place = false;

    friend bool operator==(const Key&, const Key&) = default;
    size_t Index() const {
      const uint64_t rest = static_cast<uint64_t>(collective) << 56 | static_cast<uint64_t>(type) << 48 |
                            static_cast<uint64_t>(op) << 40 | static_cast<uint64_t>(root) << 24;
      return ((count ^ rest) * 0x9e3779b97f4a7c15u) >> (64 - kPlaceBits);
    }
  };
  struct Place {
    Key key;
    Operation* operation = nullptr;
    uint64_t signature = 0;
    uint64_t dropped = 0;
  };

  // Nothing belongs to it but its buffers.
  static bool IsPlain(const CollectiveCall& call) {
    return call.user_op == nullptr && call.scale == nullptr && call.blocks == nullptr && call.codec == nullptr &&
           call.fused_calls == 0;
  }
  static Key KeyOf(const CollectiveCall& call) {
    return {call.count, call.algorithm, call.root, call.collective, call.type, call.op, call.in_place};
  }

  std::array<Place, size_t{1} << kPlaceBits> places_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_REPEATED_CALLS_H_
