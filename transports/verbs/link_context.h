// SPDX-License-Identifier: Apache-2.0
// What the links of one transport share: the rails and what was made from them, memory, and notes about who wants what.
#ifndef TUTTI_TRANSPORTS_VERBS_LINK_CONTEXT_H_
#define TUTTI_TRANSPORTS_VERBS_LINK_CONTEXT_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "lib/base/clock.h"
#include "lib/base/fixed_ring.h"
#include "lib/base/slot_pool.h"
#include "lib/transport/buffer_pool.h"
#include "lib/transport/closed_channels.h"
#include "lib/transport/completion_sink.h"
#include "lib/transport/transport.h"
#include "transports/verbs/memory.h"
#include "transports/verbs/rail.h"
#include "transports/verbs/registrations.h"
#include "transports/verbs/verbs_options.h"

namespace tutti::verbs {

class Link;
struct LinkContext;

// Memory that a view shows: it is free again when the caller has seen it.
class LentMemory {
 public:
  enum class Kind : uint8_t { kNone, kPooled, kReceiveSlot, kStaging };
  struct Buffer {
    Kind kind = Kind::kNone;
    uint32_t slot = 0;
    uint32_t rail = 0;  // kReceiveSlot: whose slot it is
    BufferPool::Buffer pooled;
    Link* link = nullptr;  // kReceiveSlot: whose peer may send again

    bool empty() const { return kind == Kind::kNone; }
  };

  explicit LentMemory(LinkContext& context) : context_(context) {}
  void Free(const Buffer& buffer);

 private:
  LinkContext& context_;
};

// Completions carry one of these in the upper bits of their wr_id's lower half, beside an index.
inline constexpr uint64_t kSendTag = uint64_t{1} << 30;       // | handle of the pair
inline constexpr uint64_t kSlotTag = uint64_t{2} << 30;       // | receive slot
inline constexpr uint64_t kImmediateTag = uint64_t{3} << 30;  // an empty receive
inline constexpr uint64_t kTagMask = uint64_t{3} << 30;

// A queue pair in use. Handles carry a generation: completions of a pair that is gone find nothing.
struct PairOwner {
  Link* link = nullptr;
  uint32_t number = 0;
  uint32_t rail = 0;
  bool is_bulk = false;  // for the large messages of `channel`
  uint32_t channel = 0;
  uint32_t lane = 0;
};

// Memory of this rank that a peer may write to, until it says that it has.
struct IssuedGrant {
  Link* link = nullptr;
  MessageId id;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint32_t staging = SlotMemory::kNone;
  uint32_t pair_number = 0;
  uint32_t rail = 0;
  uint32_t lane = 0;
};

inline constexpr uint32_t kProbeTarget = 0;
inline constexpr uint32_t kProbeSource = 1;

struct Waiter {
  Link* link = nullptr;
  MessageId id;
};

struct LinkContext {
  static constexpr uint32_t kMaxGrants = 1024;  // at once; more receives wait

  LinkContext(const VerbsOptions& verbs_options, Clock& its_clock) : options(verbs_options), clock(its_clock) {}

  // Queue pairs are numbered by each device for itself.
  static uint32_t PairKey(uint32_t rail, uint32_t number) { return rail << 24 | number; }

  const VerbsOptions& options;
  Clock& clock;
  Transport* control = nullptr;  // borrowed; the connections that prove who the peers are, and that they live
  TransportCounters counters;
  ClosedChannels closed_channels;

  // In this order: each may use what was made before it, and goes before that.
  std::vector<std::unique_ptr<Rail>> rails;  // in the order of their names, as peers order theirs
  uint32_t primary_rail = 0;
  SlotMemory send_slots;
  SlotMemory staging;
  SlotMemory probes;  // two: kProbeTarget, that peers write to, and kProbeSource
  Registrations registrations;
  BufferPool buffers;
  LentMemory lent{*this};
  CompletionSink<LentMemory> completions{lent};

  SlotPool<PairOwner> pairs;
  absl::flat_hash_map<uint32_t, SlotPool<PairOwner>::Handle> pair_of_key;
  SlotPool<IssuedGrant> grants{kMaxGrants};
  std::vector<SlotPool<IssuedGrant>::Handle> grant_of_index = std::vector<uint64_t>(kMaxGrants);

  std::vector<Link*> dirty;    // have something to post
  std::vector<Link*> starved;  // wait for a send slot
  std::vector<Link*> upset;    // have lost a rail, or something of it: to be settled once all completions are taken
  FixedRing<Waiter> waiters;   // receives that wait for a queue pair, a grant or staging memory
  bool retry_waiters = false;
  uint32_t num_held = 0;           // links whose connection does not stand yet
  uint32_t num_over_control = 0;   // links whose messages go over the control transport, as RDMA does not get through
  uint32_t num_leaving = 0;        // links whose peer left, and whose last acknowledgements are awaited
  uint32_t num_stalled = 0;        // links that have no rail, until one is joined again
  uint32_t num_missing_rails = 0;  // links whose lost rails this end is to join again
};

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_LINK_CONTEXT_H_
