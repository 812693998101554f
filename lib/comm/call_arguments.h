// SPDX-License-Identifier: Apache-2.0
// What a communicator is given for an operation. Counts are in elements.
#ifndef TUTTI_LIB_COMM_CALL_ARGUMENTS_H_
#define TUTTI_LIB_COMM_CALL_ARGUMENTS_H_

#include <cstdint>

#include "collectives/algorithms/registry.h"
#include "collectives/schedule/shape.h"
#include "lib/base/dtype.h"
#include "lib/reduce/user_op.h"

namespace tutti {

class CommCodec;

struct CollectiveCall {
  Collective collective = Collective::kBarrier;
  const void* send = nullptr;
  void* recv = nullptr;
  uint64_t count = 0;
  DataType type = DataType::kInt8;
  ReduceOp op = ReduceOp::kSum;
  // Not nullptr: an operation of the application, instead of op, with its number in UserOps. No codec, no scale, and whole items
  // only; without blocks if these have several elements.
  const UserOp* user_op = nullptr;
  int user_op_number = 0;
  int root = 0;
  bool in_place = false;
  // Not nullptr: this rank's input is multiplied by that first. all_reduce, reduce and reduce_scatter of sums and averages,
  // without blocks.
  const double* scale = nullptr;
  // Of this rank, where blocks differ in length: used until Make returns. `count` is then as in Shape.
  const RankBlocks* blocks = nullptr;
  const Algorithm* algorithm = nullptr;  // nullptr: the communicator's choice
  CommCodec* codec = nullptr;            // of this communicator, and fit for type and op; nullptr: none
  uint64_t tensor = 0;                   // where there is a codec: the caller's key
  uint64_t step = 0;                     // and step; 0: the number of the operation
  int64_t timeout_ns = 0;                // 0: the job's
  int64_t budget_ns = 0;                 // 0: the communicator's
  bool urgent = false;
  // Not 0: how many calls this one stands for, and a hash of their lengths. Their inputs are packed into Operation::OwnInput.
  uint32_t fused_calls = 0;
  uint32_t fused_lengths = 0;
};

struct MessageCall {
  bool is_send = false;
  void* data = nullptr;  // read only when it is sent
  uint64_t count = 0;
  DataType type = DataType::kInt8;
  int peer = 0;  // rank in the communicator, not this one
  int32_t tag = 0;
  int64_t timeout_ns = 0;
  int64_t budget_ns = 0;
  bool urgent = false;
};

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_CALL_ARGUMENTS_H_
