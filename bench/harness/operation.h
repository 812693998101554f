// SPDX-License-Identifier: Apache-2.0
// The operations that can be measured: their buffers, their bandwidth factors, and how they are called.
#ifndef TUTTI_BENCH_HARNESS_OPERATION_H_
#define TUTTI_BENCH_HARNESS_OPERATION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tutti/tutti.h"

namespace tutti::bench {

enum class Kind {
  kAllReduce,
  kBroadcast,
  kReduce,
  kAllGather,
  kReduceScatter,
  kAllToAll,
  kGather,
  kScatter,
  kBarrier,
  kSendRecv
};

struct Operation {
  Kind kind;
  const char* name;
  bool reduces;     // has a reduction operation
  bool rooted;      // has a root
  bool moves_data;  // has counts and types
  bool has_in_place;
  bool has_algorithms;

  // Elements on each rank, for a call with `count`.
  size_t SendElements(size_t count, int ranks) const;
  size_t RecvElements(size_t count, int ranks) const;

  // `count` of the call that moves about this many bytes, where bytes is what nccl-tests calls size: the larger of both
  // buffers. At least one element each, unless bytes is 0.
  size_t CountFor(uint64_t bytes, size_t element_bytes, int ranks) const;

  // busbw / algbw, as in nccl-tests' PERFORMANCE.md.
  double BusFactor(int ranks) const;
};

const std::vector<Operation>& AllOperations();
const Operation* FindOperation(const std::string& name);  // nullptr if there is none

struct Call {
  const Operation* operation;
  size_t count;
  tutti_dtype_t dtype;
  tutti_op_t op;
  int root;
  const char* algorithm;        // nullptr: tutti's choice
  int64_t timeout_ns;           // 0: the communicator's
  const char* codec = nullptr;  // all_reduce only; nullptr: none
};

// Calls it and waits for its end. send_recv sends to the next rank and receives from the one before, at once.
tutti_status_t Execute(tutti_comm_t comm, const Call& call, int rank, int ranks, const void* send, void* recv);

// The algorithms that tutti has for the operation, empty if it has none to choose from.
std::vector<std::string> AlgorithmsOf(tutti_comm_t comm, const Operation& operation);

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_HARNESS_OPERATION_H_
