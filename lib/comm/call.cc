// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/call.h"

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

// Fields from the lowest bit up. A count or root too large for its field is hashed, and its top bit says so.
constexpr int kCountBits = 32;
constexpr int kRootBits = 14;
constexpr int kAlgorithmBits = 6;
constexpr int kOpBits = 3;
constexpr int kTypeBits = 4;
constexpr int kKindBits = 5;  // collective + 1, that with kUnevenKind, or kMessageKind; so a signature is never 0
static_assert(kCountBits + kRootBits + kAlgorithmBits + kOpBits + kTypeBits + kKindBits == 64);
constexpr uint64_t kUnevenKind = 16;
constexpr uint64_t kMessageKind = 31;
static_assert(kNumCollectives + kUnevenKind < kMessageKind);

constexpr uint64_t Mask(int bits) { return (uint64_t{1} << bits) - 1; }

uint64_t FieldOrHash(uint64_t value, int bits) {
  const uint64_t hashed_flag = uint64_t{1} << (bits - 1);
  if (value < hashed_flag) return value;
  uint64_t hash = value * 0x9e3779b97f4a7c15u;
  hash ^= hash >> 32;
  return hashed_flag | (hash & (hashed_flag - 1));
}

bool IsHashed(uint64_t field, int bits) { return (field >> (bits - 1)) != 0; }

}  // namespace

uint64_t PackSignature(const Call& call) {
  uint64_t signature =
      call.is_message ? kMessageKind : (static_cast<uint64_t>(call.collective) + 1) | (call.uneven ? kUnevenKind : 0);
  const auto append = [&signature](uint64_t field, int bits) {
    signature = (signature << bits) | (field & Mask(bits));
  };
  const bool reduces = !call.is_message && Reduces(call.collective);
  const bool rooted = !call.is_message && HasRoot(call.collective);
  append(static_cast<uint64_t>(call.type), kTypeBits);
  append(reduces ? static_cast<uint64_t>(call.op) : 0, kOpBits);
  append(call.is_message ? 0 : call.algorithm_id, kAlgorithmBits);
  append(rooted ? FieldOrHash(static_cast<uint64_t>(call.root), kRootBits) : 0, kRootBits);
  append(FieldOrHash(call.count, kCountBits), kCountBits);
  return signature;
}

std::string DescribeSignature(uint64_t signature) {
  const auto take = [&signature](int bits) {
    const uint64_t field = signature & Mask(bits);
    signature >>= bits;
    return field;
  };
  const uint64_t count = take(kCountBits);
  const uint64_t root = take(kRootBits);
  const uint64_t algorithm_id = take(kAlgorithmBits);
  const uint64_t op = take(kOpBits);
  const uint64_t type = take(kTypeBits);
  const uint64_t kind_and_form = take(kKindBits);
  const bool uneven = (kind_and_form & kUnevenKind) != 0;
  const uint64_t kind = kind_and_form & ~kUnevenKind;

  const std::string count_text = IsHashed(count, kCountBits) ? "over 2147483647" : absl::StrCat(count);
  std::string elements = absl::StrCat(DataTypeName(static_cast<DataType>(type)), " x ", count_text);
  if (kind_and_form == kMessageKind) return absl::StrCat("send/recv(", elements, ")");
  if (kind == 0 || kind > kNumCollectives) return "an unknown operation";

  const Collective collective = static_cast<Collective>(kind - 1);
  if (uneven) {
    elements = AllKnowAllBlocks(collective) ? absl::StrCat(elements, " in all")
                                            : std::string(DataTypeName(static_cast<DataType>(type)));
  }
  std::string text = absl::StrCat(CollectiveName(collective), uneven ? "_v(" : "(");
  if (collective != Collective::kBarrier) absl::StrAppend(&text, elements, ", ");
  if (Reduces(collective)) absl::StrAppend(&text, ReduceOpName(static_cast<ReduceOp>(op)), ", ");
  if (HasRoot(collective)) {
    absl::StrAppend(&text, "root ", IsHashed(root, kRootBits) ? "over 8191" : absl::StrCat(root), ", ");
  }
  const char* algorithm_name = "unknown algorithm";
  for (const Algorithm& algorithm : Algorithms(collective)) {
    if (algorithm.id == algorithm_id) algorithm_name = algorithm.name;
  }
  return absl::StrCat(text, algorithm_name, ")");
}

}  // namespace tutti
