// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/call.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

#include "lib/reduce/user_ops.h"

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
// Where the application defines the operation, its fingerprint takes room from the root and the count.
constexpr int kShortCountBits = 23;
constexpr int kShortRootBits = 10;
constexpr int kFingerprintBits = 16;
static_assert(kShortCountBits + kShortRootBits + kFingerprintBits + kAlgorithmBits + kTypeBits + kKindBits == 64);
// Of several calls that were fused, their number and a hash of their lengths take the count's place.
constexpr int kFusedCallsBits = 10;
constexpr int kFusedLengthsBits = kCountBits - kFusedCallsBits;
constexpr uint64_t kUnevenKind = 16;     // with a block for each rank: of different lengths; else: fused
constexpr uint64_t kFirstUserKind = 11;  // of kUserReductions, in that order
constexpr Collective kUserReductions[] = {Collective::kAllReduce, Collective::kReduce, Collective::kReduceScatter};
static_assert(kNumCollectives < kFirstUserKind && kFirstUserKind + 3 <= kUnevenKind - 1);
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

uint64_t HashedField(uint64_t value, int bits) {
  const uint64_t hashed_flag = uint64_t{1} << (bits - 1);
  return hashed_flag | (FieldOrHash(value | uint64_t{1} << 63, bits) & (hashed_flag - 1));
}

std::string TextOf(uint64_t field, int bits) {
  const uint64_t hashed_flag = uint64_t{1} << (bits - 1);
  return field < hashed_flag ? absl::StrCat(field) : absl::StrCat("over ", hashed_flag - 1);
}

uint64_t KindOf(const Call& call) {
  if (call.is_message) return kMessageKind;
  if (call.user_op == 0) return static_cast<uint64_t>(call.collective) + 1;
  const auto* found = std::find(std::begin(kUserReductions), std::end(kUserReductions), call.collective);
  return kFirstUserKind + static_cast<uint64_t>(found - std::begin(kUserReductions));
}

std::string DescribeFused(uint64_t count) {
  const uint64_t calls = count >> kFusedLengthsBits;
  return absl::StrCat("a group of ", calls == Mask(kFusedCallsBits) ? "many" : absl::StrCat(calls), " (lengths #",
                      absl::Hex(count & Mask(kFusedLengthsBits), absl::kZeroPad6), ") ");
}

bool IsUserKind(uint64_t kind) { return kind >= kFirstUserKind && kind < kFirstUserKind + std::size(kUserReductions); }

std::string DescribeUserOp(uint64_t fingerprint) {
  const std::string name = UserOps::OfProcess().NameOf(static_cast<uint16_t>(fingerprint));
  if (!name.empty()) return absl::StrCat("operation \"", name, "\" of the application");
  return absl::StrCat("operation #", absl::Hex(fingerprint, absl::kZeroPad4),
                      " of the application (by a name or of a kind that this process has none of)");
}

}  // namespace

uint64_t PackSignature(const Call& call) {
  uint64_t signature = KindOf(call) | (call.uneven || call.fused_calls > 0 ? kUnevenKind : 0);
  const auto append = [&signature](uint64_t field, int bits) {
    signature = (signature << bits) | (field & Mask(bits));
  };
  const bool reduces = !call.is_message && Reduces(call.collective);
  const bool rooted = !call.is_message && HasRoot(call.collective);
  append(static_cast<uint64_t>(call.type), kTypeBits);
  if (call.user_op != 0) {
    append(call.user_op, kFingerprintBits);
    append(call.algorithm_id, kAlgorithmBits);
    append(rooted ? FieldOrHash(static_cast<uint64_t>(call.root), kShortRootBits) : 0, kShortRootBits);
    append(FieldOrHash(call.count, kShortCountBits), kShortCountBits);
    return signature;
  }
  append(reduces ? static_cast<uint64_t>(call.op) : 0, kOpBits);
  append(call.is_message ? 0 : call.algorithm_id, kAlgorithmBits);
  append(rooted ? FieldOrHash(static_cast<uint64_t>(call.root), kRootBits) : 0, kRootBits);
  if (call.fused_calls > 0) {
    append(std::min<uint64_t>(call.fused_calls, Mask(kFusedCallsBits)), kFusedCallsBits);
    append(call.fused_lengths, kFusedLengthsBits);
    return signature;
  }
  append(FieldOrHash(call.count, kCountBits), kCountBits);
  return signature;
}

uint64_t WithCodes(uint64_t signature, uint64_t codes) {
  const uint64_t field = Mask(kRootBits) << kCountBits;
  return (signature & ~field) | HashedField(codes, kRootBits) << kCountBits;
}

std::string DescribeSignature(uint64_t signature) {
  const auto take = [&signature](int bits) {
    const uint64_t field = signature & Mask(bits);
    signature >>= bits;
    return field;
  };
  const uint64_t kind_and_form = signature >> (64 - kKindBits);
  const bool uneven = (kind_and_form & kUnevenKind) != 0;
  const uint64_t kind = kind_and_form & ~kUnevenKind;
  const bool user = kind_and_form != kMessageKind && IsUserKind(kind);
  const int count_bits = user ? kShortCountBits : kCountBits;
  const int root_bits = user ? kShortRootBits : kRootBits;
  const uint64_t count = take(count_bits);
  const uint64_t root = take(root_bits);
  const uint64_t algorithm_id = take(kAlgorithmBits);
  const uint64_t op = take(user ? kFingerprintBits : kOpBits);
  const uint64_t type = take(kTypeBits);

  const std::string count_text = TextOf(count, count_bits);
  std::string elements = absl::StrCat(DataTypeName(static_cast<DataType>(type)), " x ", count_text);
  if (kind_and_form == kMessageKind) return absl::StrCat("send/recv(", elements, ")");
  if (!user && (kind == 0 || kind > kNumCollectives)) return "an unknown operation";

  const Collective collective = user ? kUserReductions[kind - kFirstUserKind] : static_cast<Collective>(kind - 1);
  const bool fused = uneven && !HasBlockPerRank(collective);
  if (fused) elements = std::string(DataTypeName(static_cast<DataType>(type)));
  if (uneven && !fused) {
    elements = AllKnowAllBlocks(collective) ? absl::StrCat(elements, " in all")
                                            : std::string(DataTypeName(static_cast<DataType>(type)));
  }
  std::string text = fused ? DescribeFused(count) : "";
  absl::StrAppend(&text, CollectiveName(collective), uneven && !fused ? "_v(" : "(");
  if (collective != Collective::kBarrier) absl::StrAppend(&text, elements, ", ");
  if (Reduces(collective)) {
    absl::StrAppend(&text, user ? DescribeUserOp(op) : ReduceOpName(static_cast<ReduceOp>(op)), ", ");
  }
  if (HasRoot(collective)) absl::StrAppend(&text, "root ", TextOf(root, root_bits), ", ");
  if (!HasRoot(collective) && root != 0) {
    absl::StrAppend(&text, "codec, tensor and step of hash ", absl::Hex(root & Mask(kRootBits - 1)), ", ");
  }
  const Algorithm* algorithm = AlgorithmOf(collective, static_cast<uint8_t>(algorithm_id));
  return absl::StrCat(text, algorithm == nullptr ? "unknown algorithm" : algorithm->name, ")");
}

}  // namespace tutti
