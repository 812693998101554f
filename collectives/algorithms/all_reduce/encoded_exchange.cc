// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/encoded_exchange.h"

#include <algorithm>
#include <utility>

#include "collectives/algorithms/all_reduce/encoded_pieces.h"
#include "collectives/algorithms/pieces.h"

namespace tutti::all_reduce {

EncodedExchange::EncodedExchange(ScheduleBuilder& builder, const Shape& shape, std::vector<int> members, int place,
                                 uint64_t longest, uint64_t num_parts)
    : builder_(builder), members_(std::move(members)), place_(place), owned_earlier_(members_.size(), 0) {
  const auto n = static_cast<uint64_t>(members_.size());
  const uint64_t slice = PartOf({0, longest}, n, 0).count;
  num_segments_ = NumSegmentsFor(shape, slice, kEncodedSegmentBytes, 8 * n * num_parts);
  const uint64_t segment = PartOf({0, slice}, num_segments_, 0).count;
  const uint64_t num_sets = std::min(num_segments_ * num_parts, kEncodedWindow);
  for (auto* slots : {&outgoing_, &incoming_}) {
    slots->resize(num_sets);
    for (auto& set : *slots) {
      for (uint64_t i = 0; i < n; ++i) set.push_back(builder_.Slot(segment));
    }
  }
}

void EncodedExchange::AllReduce(const Region& from, const Region& to) {
  from_ = from;
  to_ = to;
  for (segment_ = 0; segment_ < num_segments_; ++segment_) {
    SendContributions();
    ReduceOwn();
    SpreadResults();
    set_ = (set_ + 1) % outgoing_.size();
  }
  for (int owner = 0; owner < size(); ++owner) owned_earlier_[static_cast<size_t>(owner)] += SliceOf(owner).count;
}

Range EncodedExchange::SliceOf(int owner) const {
  return PartOf({0, from_.count}, members_.size(), static_cast<uint64_t>(owner));
}

Region EncodedExchange::SlotAt(const std::vector<std::vector<Region>>& slots, int place, uint64_t count) const {
  Region slot = slots[set_][static_cast<size_t>(place)];
  slot.count = count;
  return slot;
}

CodedSlice EncodedExchange::ResultOf(int owner) const {
  const uint64_t earlier = owned_earlier_[static_cast<size_t>(owner)];
  return {earlier + PieceAt(owner).offset - SliceOf(owner).offset, true};
}

void EncodedExchange::SendContributions() {
  for (int d = 1; d <= size(); ++d) {
    const int owner = After(d);  // this rank itself comes last: nobody waits for that
    const Region piece = PieceOf(from_, PieceAt(owner));
    builder_.Encode(Outgoing(owner), piece, {piece.offset, false});
    if (owner != place_) SendPiece(builder_, PeerAt(owner), Outgoing(owner));
  }
  for (int d = 1; d < size(); ++d) {
    const int sender = After(size() - d);
    RecvPiece(builder_, PeerAt(sender), Incoming(sender));
  }
}

void EncodedExchange::ReduceOwn() {
  const Region result = PieceOf(to_, PieceAt(place_));
  DecodeInRankOrder(builder_, size(), result, {result.offset, false},
                    [this](int sender) { return sender == place_ ? Outgoing(sender) : Incoming(sender); });
  builder_.Encode(Outgoing(place_), result, ResultOf(place_));
  for (int d = 1; d < size(); ++d) SendPiece(builder_, PeerAt(After(d)), Outgoing(place_));
}

// Results take the slots of the contributions to the same slices, which have left by then.
void EncodedExchange::SpreadResults() {
  for (int d = 0; d < size(); ++d) {
    const int owner = After(size() - d);
    if (owner != place_) RecvPiece(builder_, PeerAt(owner), Outgoing(owner));
    builder_.Decode(PieceOf(to_, PieceAt(owner)), Outgoing(owner), ResultOf(owner));
  }
}

}  // namespace tutti::all_reduce
