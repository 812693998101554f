// SPDX-License-Identifier: Apache-2.0
// A schedule: what one rank does in one collective, as data. It is verified, simulated, executed and timed, and knows
// nothing of any of these.
//
// The rank's memory is four buffers, measured in elements:
//   kInput    the caller's send buffer; read only (except where it is also the output, in place)
//   kOutput   the caller's receive buffer
//   kScratch  scratch_elements of working memory, unspecified at the start
//   kCoded    slots for encoded slices: a slot of n elements holds what n elements were encoded to, whose length in bytes
//             only the codec knows. Slots are written and read whole: two regions here begin at the same element or are
//             apart. How many bytes a message from a slot has is said by the message
//
// Steps form a DAG: a step may begin when its dependencies are done, and only then. Steps that are not ordered by
// dependencies may run in any order or at once, so they must not touch the same bytes (unless both only read).
// Dependencies point backwards in the list, so the list itself is a valid order.
//
// Sends and receives between two ranks match by `message`, a number that both sides count alike: the k-th send to a
// peer in list order matches the peer's k-th receive from this rank. A send is not assumed to be buffered: it may take
// until its receive has begun.
#ifndef TUTTI_COLLECTIVES_SCHEDULE_SCHEDULE_H_
#define TUTTI_COLLECTIVES_SCHEDULE_SCHEDULE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"

#include "collectives/schedule/shape.h"

namespace tutti {

enum class Buffer : uint8_t { kInput = 0, kOutput = 1, kScratch = 2, kCoded = 3 };
inline constexpr int kNumBuffers = 4;

struct Region {
  Buffer buffer = Buffer::kInput;
  uint64_t offset = 0;  // elements
  uint64_t count = 0;   // elements

  friend bool operator==(const Region&, const Region&) = default;
};

enum class StepKind : uint8_t {
  kSend,        // source[0] to peer; from a slot into a slot
  kRecv,        // dst = message from peer
  kRecvReduce,  // dst = source[0] op message, or message op source[0] if message_first; dst may be source[0]
  kReduce,  // dst = source[0] op source[1] op ... (in this order; half types are rounded once); dst may be source[0]
  kCopy,    // dst = source[0]; they do not overlap
  kEncode,  // dst, a slot, = the codes of source[0]
  kDecode,  // dst = the values of source[0], a slot
  kDecodeReduce,  // dst = source[0] op the values of source[1], a slot; dst is source[0]
};
inline constexpr StepKind kLastStepKind = StepKind::kDecodeReduce;

// Which slice of which tensor a slot holds: what a codec is told beside the values, alike where they are encoded and
// where they are decoded.
struct CodedSlice {
  uint64_t offset = 0;     // place of its first element in its tensor
  bool of_result = false;  // of reduced values, which a rank remembers apart from what it contributes

  friend bool operator==(const CodedSlice&, const CodedSlice&) = default;
};

struct Step {
  StepKind kind = StepKind::kCopy;
  bool message_first =
      false;  // kRecvReduce: order of the operands. It matters for NaNs, so for equal bits on all ranks
  bool completes =
      false;             // kRecvReduce, kReduce: dst now holds every rank's contribution. An average is finished here,
                         // exactly once per element
  int32_t peer = -1;     // kSend, kRecv, kRecvReduce
  uint32_t message = 0;  // kSend, kRecv, kRecvReduce: number of this message from sender to receiver
  Region dst;            // all but kSend
  CodedSlice slice;      // IsCodecStep
  uint32_t first_source = 0;  // into Schedule::sources
  uint32_t num_sources = 0;
  uint32_t first_dependency = 0;  // into Schedule::dependencies
  uint32_t num_dependencies = 0;
};

struct Schedule {
  std::vector<Step> steps;
  std::vector<Region> sources;
  std::vector<uint32_t> dependencies;  // step indices, each lower than the dependent's
  uint64_t scratch_elements = 0;
  uint64_t coded_elements = 0;

  absl::Span<const Region> SourcesOf(const Step& step) const {
    return absl::MakeConstSpan(sources).subspan(step.first_source, step.num_sources);
  }
  absl::Span<const uint32_t> DependenciesOf(const Step& step) const {
    return absl::MakeConstSpan(dependencies).subspan(step.first_dependency, step.num_dependencies);
  }
};

// kEncode, kDecode, kDecodeReduce.
inline bool IsCodecStep(StepKind kind) { return kind >= StepKind::kEncode; }

const char* StepKindName(StepKind kind);

// One line, for people: "step 4: recv_reduce output[128..256) = output[128..256) op message 2 from rank 3 after 1, 3".
std::string DescribeStep(const Schedule& schedule, uint32_t step);

// All steps, one line each.
std::string DescribeSchedule(const Schedule& schedule);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_SCHEDULE_SCHEDULE_H_
