// SPDX-License-Identifier: Apache-2.0
// The two rounds that all algorithms with dense codes have in common, among some of the ranks and for a part of the vector:
// each of them owns a slice, gets everyone's codes of it, adds up their values in the members' order, and sends the codes of
// the result to everyone.
//
//   for each segment:  encode n slices -> send n - 1   ->  decode, decode_reduce ... -> encode -> send n - 1 -> decode n
//                      (contributions)                     (the slice that is owned)    (result)
//
// The owner, too, keeps what the result's codes decode to, so all end with the same bits; and its own contribution goes
// through the codec, so the result does not depend on who owns what.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ENCODED_EXCHANGE_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ENCODED_EXCHANGE_H_

#include <cstdint>
#include <vector>

#include "collectives/patterns/chunking.h"
#include "collectives/schedule/builder.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_reduce {

class EncodedExchange {
 public:
  // members: the ranks, in the same order on all of them; `place` is this rank's place there. `longest`: elements of the
  // longest part, which is the first; `num_parts`: how many there will be, at most. Reserves the slots, which all parts
  // share. Of the shape only sizes are used. The builder must live as long.
  EncodedExchange(ScheduleBuilder& builder, const Shape& shape, std::vector<int> members, int place, uint64_t longest,
                  uint64_t num_parts);

  // The steps for one part: to = the sum of all members' `from`. Both are input or output, at their place in the tensor;
  // they may be the same.
  void AllReduce(const Region& from, const Region& to);

 private:
  int size() const { return static_cast<int>(members_.size()); }
  int After(int distance) const { return (place_ + distance) % size(); }
  int PeerAt(int place) const { return members_[static_cast<size_t>(place)]; }

  // Of the part: an owner's slice, and the current segment of it.
  Range SliceOf(int owner) const;
  Range PieceAt(int owner) const { return PartOf(SliceOf(owner), num_segments_, segment_); }

  // By the slice's owner: what goes to it, and later its result. By the sender: what it contributes to this rank's slice.
  Region Outgoing(int owner) const { return SlotAt(outgoing_, owner, PieceAt(owner).count); }
  Region Incoming(int sender) const { return SlotAt(incoming_, sender, PieceAt(place_).count); }
  Region SlotAt(const std::vector<std::vector<Region>>& slots, int place, uint64_t count) const;

  // A rank remembers no results but those of its own slices, which lie one behind the other.
  CodedSlice ResultOf(int owner) const;

  void SendContributions();
  void ReduceOwn();
  void SpreadResults();

  ScheduleBuilder& builder_;
  const std::vector<int> members_;
  const int place_;
  uint64_t num_segments_ = 1;
  std::vector<std::vector<Region>> outgoing_;  // by set, by owner
  std::vector<std::vector<Region>> incoming_;  // by set, by sender

  Region from_, to_;                     // of the part at hand
  uint64_t segment_ = 0;                 // of its slices
  uint64_t set_ = 0;                     // of slots: the next one for each segment, round and round
  std::vector<uint64_t> owned_earlier_;  // by owner: elements of its slices of the parts before
};

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ENCODED_EXCHANGE_H_
