// SPDX-License-Identifier: Apache-2.0
// Plans by call shape, with their operations, so that a repeated collective builds and allocates nothing. Bounded: the least
// recently used idle entries go first.
//
// One thread at a time (the one that starts operations). Operations may be released from any thread.
#ifndef TUTTI_LIB_COMM_PLAN_CACHE_H_
#define TUTTI_LIB_COMM_PLAN_CACHE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"

#include "collectives/schedule/shape.h"
#include "lib/base/dtype.h"
#include "lib/engine/operation.h"

namespace tutti {

struct PlanKey {
  Shape shape;
  uint8_t algorithm_id = 0;
  DataType type = DataType::kInt8;
  ReduceOp op = ReduceOp::kSum;
  int user_op = 0;       // of UserOps, instead of op; 0: none
  uint32_t codec = 0;    // CommCodec::number, 0: none
  bool is_send = false;  // messages only; then shape.root is the peer
  bool is_recv = false;

  friend bool operator==(const PlanKey&, const PlanKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const PlanKey& k) {
    return H::combine(std::move(h), k.shape, k.algorithm_id, k.type, k.op, k.user_op, k.codec, k.is_send, k.is_recv);
  }
};

class PlanCache {
 public:
  // At most this many entries and this much scratch memory are kept (more only while in use).
  static constexpr size_t kMaxEntries = 512;
  static constexpr uint64_t kMaxScratchBytes = uint64_t{1} << 30;

  struct Acquired {
    Operation* operation = nullptr;
    bool first_use_of_plan = false;  // its peers may not be connected yet
  };
  // An idle operation for the key, claimed for the caller. `compile` is called when there is no plan yet. The key's blocks
  // are copied.
  absl::StatusOr<Acquired> Acquire(const PlanKey& key, absl::FunctionRef<absl::StatusOr<Plan>()> compile);

  // Every operation, also idle ones.
  void ForEach(absl::FunctionRef<void(Operation&)> visit);

  size_t size() const { return entries_.size(); }
  uint64_t dropped() const { return dropped_; }  // entries so far, with their operations

 private:
  struct Entry {
    explicit Entry(const PlanKey& of) : key(of), blocks(of.shape.blocks) { key.shape.blocks = blocks.ranks(); }

    PlanKey key;
    const OwnedBlocks blocks;
    std::shared_ptr<const Plan> plan;
    std::vector<std::unique_ptr<Operation>> operations;
    uint64_t last_use = 0;

    bool idle() const;
    uint64_t scratch_bytes() const { return plan->scratch_bytes() * operations.size(); }
  };

  Operation& ClaimFrom(Entry& entry);
  void MakeRoom();

  absl::flat_hash_map<PlanKey, std::unique_ptr<Entry>> entries_;
  Entry* latest_ = nullptr;  // training repeats itself: most calls need no look-up
  uint64_t uses_ = 0;
  uint64_t scratch_bytes_ = 0;
  uint64_t dropped_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_PLAN_CACHE_H_
