// SPDX-License-Identifier: Apache-2.0
// Schedules written down by hand, step by step and dependency by dependency: the checker is tested on these because it
// must not need the builder.
#ifndef TUTTI_TESTS_UNIT_CHECK_HAND_SCHEDULE_H_
#define TUTTI_TESTS_UNIT_CHECK_HAND_SCHEDULE_H_

#include <cstdint>
#include <vector>

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::check {

inline Region In(uint64_t offset, uint64_t count) { return {Buffer::kInput, offset, count}; }
inline Region Out(uint64_t offset, uint64_t count) { return {Buffer::kOutput, offset, count}; }
inline Region Slot(uint64_t offset, uint64_t count) { return {Buffer::kCoded, offset, count}; }
inline Region Scratch(uint64_t offset, uint64_t count) { return {Buffer::kScratch, offset, count}; }

using After = std::vector<uint32_t>;

// Adds steps as given, right or wrong.
class Hand {
 public:
  explicit Hand(uint64_t scratch_elements = 0) { schedule_.scratch_elements = scratch_elements; }

  Hand& Send(int peer, uint32_t message, Region source, const After& after = {}) {
    return Add(StepKind::kSend, peer, message, {}, {source}, after);
  }
  Hand& Recv(int peer, uint32_t message, Region dst, const After& after = {}) {
    return Add(StepKind::kRecv, peer, message, dst, {}, after);
  }
  Hand& RecvReduce(int peer, uint32_t message, Region dst, Region source, const After& after = {}) {
    return Add(StepKind::kRecvReduce, peer, message, dst, {source}, after);
  }
  Hand& Reduce(Region dst, const std::vector<Region>& sources, const After& after = {}) {
    return Add(StepKind::kReduce, -1, 0, dst, sources, after);
  }
  Hand& Copy(Region dst, Region source, const After& after = {}) {
    return Add(StepKind::kCopy, -1, 0, dst, {source}, after);
  }

  Hand& Encode(Region slot, Region source, const After& after = {}) {
    return Add(StepKind::kEncode, -1, 0, slot, {source}, after);
  }
  Hand& Decode(Region dst, Region slot, const After& after = {}) {
    return Add(StepKind::kDecode, -1, 0, dst, {slot}, after);
  }
  Hand& DecodeReduce(Region values, Region slot, const After& after = {}) {
    return Add(StepKind::kDecodeReduce, -1, 0, values, {values, slot}, after);
  }

  Hand& WithSlots(uint64_t elements) {
    schedule_.coded_elements = elements;
    return *this;
  }

  // About the step that was added last.
  Hand& MessageFirst() {
    schedule_.steps.back().message_first = true;
    return *this;
  }
  Hand& Completes() {
    schedule_.steps.back().completes = true;
    return *this;
  }

  operator Schedule() const { return schedule_; }  // NOLINT(google-explicit-constructor): a Hand is a way to write one

 private:
  Hand& Add(StepKind kind, int peer, uint32_t message, Region dst, const std::vector<Region>& sources,
            const After& after) {
    Step step;
    step.kind = kind;
    step.peer = peer;
    step.message = message;
    step.dst = dst;
    step.first_source = static_cast<uint32_t>(schedule_.sources.size());
    step.num_sources = static_cast<uint32_t>(sources.size());
    step.first_dependency = static_cast<uint32_t>(schedule_.dependencies.size());
    step.num_dependencies = static_cast<uint32_t>(after.size());
    schedule_.sources.insert(schedule_.sources.end(), sources.begin(), sources.end());
    schedule_.dependencies.insert(schedule_.dependencies.end(), after.begin(), after.end());
    schedule_.steps.push_back(step);
    return *this;
  }

  Schedule schedule_;
};

using Schedules = std::vector<Schedule>;

inline Shape MakeShape(Collective collective, int num_ranks, uint64_t count, bool in_place = false, int root = 0) {
  Shape shape;
  shape.collective = collective;
  shape.num_ranks = num_ranks;
  shape.root = root;
  shape.count = count;
  shape.in_place = in_place;
  return shape;
}

// Two ranks tell each other their vectors and both compute r0 + r1, in this order.
inline Schedules PairAllReduce(uint64_t count) {
  return {Hand().Send(1, 0, In(0, count)).RecvReduce(1, 0, Out(0, count), In(0, count)).Completes(),
          Hand().Send(0, 0, In(0, count)).RecvReduce(0, 0, Out(0, count), In(0, count)).MessageFirst().Completes()};
}

// The same in place: the own vector may be overwritten only when the peer has it.
inline Schedules PairAllReduceInPlace(uint64_t count) {
  return {Hand(count)
              .Send(1, 0, In(0, count))
              .Recv(1, 0, Scratch(0, count))
              .Reduce(Out(0, count), {In(0, count), Scratch(0, count)}, {0, 1})
              .Completes(),
          Hand(count)
              .Send(0, 0, In(0, count))
              .Recv(0, 0, Scratch(0, count))
              .Reduce(Out(0, count), {Scratch(0, count), In(0, count)}, {0, 1})
              .Completes()};
}

// 0 -> 1 -> 2, each adding its own; then the result 2 -> 1 -> 0.
inline Schedules ChainAllReduce(uint64_t count) {
  return {
      Hand().Send(1, 0, In(0, count)).Recv(1, 0, Out(0, count)),
      Hand()
          .RecvReduce(0, 0, Out(0, count), In(0, count))
          .MessageFirst()
          .Send(2, 0, Out(0, count), {0})
          .Recv(2, 0, Out(0, count), {1})
          .Send(0, 0, Out(0, count), {2}),
      Hand().RecvReduce(1, 0, Out(0, count), In(0, count)).MessageFirst().Completes().Send(1, 0, Out(0, count), {0})};
}

}  // namespace tutti::check

#endif  // TUTTI_TESTS_UNIT_CHECK_HAND_SCHEDULE_H_
