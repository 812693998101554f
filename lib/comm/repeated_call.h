// SPDX-License-Identifier: Apache-2.0
// The collective that a communicator bound last, with its operation. Training and inference repeat themselves: a call that differs
// in its buffers only takes the same operation again, without a look at rules, wishes and plans.
//
// One thread at a time (the one that starts operations).
#ifndef TUTTI_LIB_COMM_REPEATED_CALL_H_
#define TUTTI_LIB_COMM_REPEATED_CALL_H_

#include "lib/comm/call_arguments.h"
#include "lib/comm/plan_cache.h"
#include "lib/engine/operation.h"

namespace tutti {

class RepeatedCall {
 public:
  // Claimed for the caller; nullptr if the call is another one, or the operation is in use, or gone, or `timed` and was bound
  // without a record to write into.
  Operation* Claim(const CollectiveCall& call, const PlanCache& plans, bool timed) {
    if (operation_ == nullptr || !IsSame(call) || plans.dropped() != dropped_) return nullptr;
    if ((timed && operation_->record == nullptr) || !operation_->TryAcquire()) return nullptr;
    return operation_;
  }

  // `operation` is of `plans`, and was bound for the call.
  void Remember(const CollectiveCall& call, const PlanCache& plans, Operation& operation) {
    operation_ = IsPlain(call) ? &operation : nullptr;
    call_ = call;
    dropped_ = plans.dropped();
  }

 private:
  // Nothing belongs to it but its buffers.
  static bool IsPlain(const CollectiveCall& call) {
    return call.user_op == nullptr && call.scale == nullptr && call.blocks == nullptr && call.codec == nullptr &&
           call.fused_calls == 0;
  }
  bool IsSame(const CollectiveCall& call) const {
    return call.count == call_.count && call.collective == call_.collective && call.type == call_.type &&
           call.op == call_.op && call.root == call_.root && call.in_place == call_.in_place &&
           call.algorithm == call_.algorithm && IsPlain(call);
  }

  Operation* operation_ = nullptr;
  CollectiveCall call_;
  uint64_t dropped_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_REPEATED_CALL_H_
