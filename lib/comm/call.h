// SPDX-License-Identifier: Apache-2.0
// What a rank called, in 64 bits. Every message carries it, so ranks that call different things find out with the first
// message, and can name both calls.
#ifndef TUTTI_LIB_COMM_CALL_H_
#define TUTTI_LIB_COMM_CALL_H_

#include <cstdint>
#include <string>

#include "collectives/algorithms/registry.h"
#include "collectives/schedule/shape.h"
#include "lib/base/dtype.h"

namespace tutti {

struct Call {
  bool is_message = false;  // send or recv; then collective, op, root and algorithm mean nothing
  Collective collective = Collective::kBarrier;
  DataType type = DataType::kInt8;
  ReduceOp op = ReduceOp::kSum;
  int root = 0;
  uint64_t count = 0;
  uint8_t algorithm_id = 0;
  bool uneven = false;  // the _v form
};

// What a RecordKey's collective may be besides a Collective.
inline constexpr uint8_t kSendKind = 200;
inline constexpr uint8_t kRecvKind = 201;

// Never 0. Equal calls give equal signatures; calls that differ in anything but counts from 2^31 or roots from 2^13 up give
// different ones for certain, those by a hash with high probability.
uint64_t PackSignature(const Call& call);

// "all_reduce(float32 x 1024, sum, ring)", from the signature of any rank. Values that were hashed are said to be large.
std::string DescribeSignature(uint64_t signature);

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_CALL_H_
