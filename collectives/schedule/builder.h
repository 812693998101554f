// SPDX-License-Identifier: Apache-2.0
// Builds a schedule from steps in program order. The author writes what a sequential rank would do; the builder finds
// the dependencies (read after write, write after read, write after write, on the bytes themselves, also where input
// and output share memory) and numbers the messages, so everything that may overlap does.
#ifndef TUTTI_COLLECTIVES_SCHEDULE_BUILDER_H_
#define TUTTI_COLLECTIVES_SCHEDULE_BUILDER_H_

#include <cstdint>
#include <memory>

#include "absl/types/span.h"

#include "collectives/schedule/schedule.h"

namespace tutti {

class ScheduleBuilder {
 public:
  using StepId = uint32_t;

  ScheduleBuilder(const Shape& shape, int rank);
  ~ScheduleBuilder();

  // Each returns the new step. `after` adds dependencies that memory does not show (messages without bytes,
  // throttling). Regions of 0 elements are allowed: messages are still exchanged, copies and reductions are left out
  // (the result is then kNoStep, which may be given in `after`).
  static constexpr StepId kNoStep = ~StepId{0};
  StepId Send(int peer, Region source, absl::Span<const StepId> after = {});
  StepId Recv(int peer, Region dst, absl::Span<const StepId> after = {});

  enum class Order { kMessageFirst, kMessageLast };
  enum class Completes { kNo, kYes };
  StepId RecvReduce(int peer, Region dst, Region source, Order order, Completes completes,
                    absl::Span<const StepId> after = {});
  StepId Reduce(Region dst, absl::Span<const Region> sources, Completes completes, absl::Span<const StepId> after = {});
  StepId Copy(Region dst, Region source, absl::Span<const StepId> after = {});

  // `slot` and the values have the same count. Left out if that is 0.
  StepId Encode(Region slot, Region source, CodedSlice slice, absl::Span<const StepId> after = {});
  StepId Decode(Region dst, Region slot, CodedSlice slice, absl::Span<const StepId> after = {});
  // values = values op those of the slot.
  StepId DecodeReduce(Region values, Region slot, CodedSlice slice, Completes completes,
                      absl::Span<const StepId> after = {});

  // Reserves a slot for encoded slices of up to `count` elements and returns its place.
  Region Slot(uint64_t count);

  // Reserves working memory and returns its place.
  Region Scratch(uint64_t count);

  // Copies input to output unless they are the same memory. For collectives whose input and output are equally long.
  StepId CopyInputToOutput();

  Schedule Build() &&;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

inline Region Input(uint64_t offset, uint64_t count) { return {Buffer::kInput, offset, count}; }
inline Region Output(uint64_t offset, uint64_t count) { return {Buffer::kOutput, offset, count}; }

// Where HasBlockPerRank, for blocks of equal and of different lengths: the block of `rank`'s input that goes to `target`,
// and that of its output that comes from `source`. The whole buffer where that is not made of blocks.
Region InputBlock(const Shape& shape, int rank, int target);
Region OutputBlock(const Shape& shape, int rank, int source);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_SCHEDULE_BUILDER_H_
