// SPDX-License-Identifier: Apache-2.0
// A window program: what one rank does in a collective of ranks that share memory. Instead of sending the same bytes to
// each peer, a rank publishes them once in its window, where all others read them: one store reaches everybody, and a
// reduction over k ranks is one pass over k inputs.
//
// Steps run in order, so a program is simpler than a schedule. Publishes are numbered by all ranks alike (a rank that has
// nothing to say under a number leaves it out). A window holds the last kWindowSlots publishes, so publish m waits until
// every rank has done its reads of publish m - kWindowSlots. Two rules keep that from deadlock, and CheckWindowProgram
// tests them: a rank reads number k only after its own publishes of lower numbers and of k, and before its publish of
// k + kWindowSlots. (By induction over the numbers: whoever waits, waits for a lower number; and before it waits, it tells
// what it has done with.)
//
// LowerToSchedule says what a program means in terms of messages. The lowered schedule is verified like any other, and
// is what runs where memory is not shared.
#ifndef TUTTI_COLLECTIVES_SCHEDULE_WINDOW_PROGRAM_H_
#define TUTTI_COLLECTIVES_SCHEDULE_WINDOW_PROGRAM_H_

#include <cstdint>
#include <string>
#include <vector>

#include "collectives/schedule/schedule.h"

namespace tutti {

// As many as make a window larger than what a core's own cache holds: a core that writes again what another one still has in
// its cache waits for each line. (all_reduce of 64 KiB on two cores of an EPYC: 10.1 us with 8 slots, 5.5 with 32.)
inline constexpr uint32_t kWindowSlots = 32;
inline constexpr uint64_t kWindowSlotBytes = 64 << 10;  // the most that one publish holds
// With more ranks a publish is read too often, and windows cost too much memory.
inline constexpr int kMaxWindowRanks = 64;

enum class WindowStepKind : uint8_t {
  kPublish,  // publish `number` = own; for all others to read, or for `peer` alone
  kReduce,  // dst = over all ranks in order, op of: own here, [offset, offset + dst.count) of publish `number` elsewhere
  kCopy,    // dst = [offset, offset + dst.count) of publish `number` of `peer`
  kWait,    // until publish `number` of every other rank is there; reads nothing
  kLocal,   // dst = own; no publish is made or read
};

struct WindowStep {
  WindowStepKind kind = WindowStepKind::kPublish;
  bool completes = false;  // kReduce: dst now holds every rank's contribution
  int32_t peer = -1;       // kCopy, kPublish
  uint32_t number = 0;
  uint32_t done = 0;       // when this step is over, this rank has no more reads of publishes below this number
  uint64_t published = 0;  // elements of the whole publish that is made or read
  uint64_t offset = 0;     // kReduce, kCopy: elements, from the publish's beginning
  Region own;              // kPublish, kReduce, kLocal
  Region dst;              // kReduce, kCopy, kLocal
};

struct WindowProgram {
  std::vector<WindowStep> steps;
  uint32_t num_publishes = 0;  // how many numbers it uses
};

// How a program cuts a vector: segments of this many elements, the last one shorter. They follow shape.segment_bytes, or
// `default_segment_bytes`, and fit a slot, unless that would make more than kMaxWindowSegments of them; then the
// program is not for windows any more (CheckWindowProgram says so).
inline constexpr uint64_t kMaxWindowSegments = 16384;
inline constexpr uint64_t kMaxWindowVectorBytes = kMaxWindowSegments * kWindowSlotBytes;
uint64_t WindowSegmentElements(const Shape& shape, uint64_t default_segment_bytes);

// The same for the lowered form: alike where that is not too many steps, else coarser, as no slot is in the way.
uint64_t LoweredSegmentElements(const Shape& shape, uint64_t default_segment_bytes);

// Builds programs step by step and fills in `done`.
class WindowProgramBuilder {
 public:
  // A number for a publish of all ranks, or of some.
  uint32_t NewNumber() { return program_.num_publishes++; }
  void Publish(uint32_t number, Region source, int only_reader = -1);
  void Reduce(uint32_t number, uint64_t published, uint64_t offset, Region own, Region dst, bool completes);
  void Copy(uint32_t number, int peer, uint64_t published, uint64_t offset, Region dst);
  void Wait(uint32_t number, uint64_t published);
  void Local(Region dst, Region source);
  WindowProgram Build() &&;

 private:
  WindowProgram program_;
};

// "" or a sentence that names the step that breaks a rule.
std::string CheckWindowProgram(const WindowProgram& program, uint32_t element_bytes);

// The same with messages. Every rank must read what others publish for it, all of a number's publishers or none.
Schedule LowerToSchedule(const WindowProgram& program, const Shape& shape, int rank);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_SCHEDULE_WINDOW_PROGRAM_H_
