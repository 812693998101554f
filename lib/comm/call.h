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
  // Not 0: of a reduction that the application defines, instead of op; see UserOp::fingerprint.
  uint32_t user_op = 0;
  // Not 0: of several calls that were fused into one, and a hash of their lengths, instead of the count. Not of collectives that
  // have a block for each rank.
  uint32_t fused_calls = 0;
  uint32_t fused_lengths = 0;
};

// What a RecordKey's collective may be besides a Collective.
inline constexpr uint8_t kSendKind = 200;
inline constexpr uint8_t kRecvKind = 201;

// What a call's user_op is for an operation with that fingerprint.
constexpr uint32_t UserOpMark(uint16_t fingerprint) { return uint32_t{1} << 16 | fingerprint; }

// Never 0. Equal calls give equal signatures; calls that differ in anything but counts from 2^31 or roots from 2^13 up (with an
// operation of the application: from 2^22 and 2^9) give different ones for certain, those by a hash with high probability.
uint64_t PackSignature(const Call& call);

// The same call where some messages hold codes and others values, which tell nothing of the codec. codes: a hash of what all
// ranks must give alike. Not for collectives with a root.
uint64_t WithCodes(uint64_t signature, uint64_t codes);

// "all_reduce(float32 x 1024, sum, ring)", from the signature of any rank. Values that were hashed are said to be large.
std::string DescribeSignature(uint64_t signature);

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_CALL_H_
