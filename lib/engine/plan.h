// SPDX-License-Identifier: Apache-2.0
// A plan: a schedule made ready to run. Peers are job ranks, regions are byte offsets, dependencies are turned round into
// successors with counters, and the reduction kernels are chosen. Immutable; any number of operations may run it at once.
#ifndef TUTTI_LIB_ENGINE_PLAN_H_
#define TUTTI_LIB_ENGINE_PLAN_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/window_program.h"
#include "lib/base/dtype.h"
#include "lib/engine/coded_call.h"
#include "lib/reduce/reducer.h"

namespace tutti {

struct BytePlace {
  Buffer buffer = Buffer::kInput;
  uint64_t offset_bytes = 0;
};

struct PlanStep {
  StepKind kind = StepKind::kCopy;
  bool message_first = false;
  bool finish = false;     // apply ReduceKernels::finish to the destination
  int32_t peer = -1;       // job rank
  int32_t peer_rank = -1;  // the same, in the communicator
  uint32_t message = 0;
  uint32_t first_source = 0;
  uint32_t num_sources = 0;
  uint32_t first_successor = 0;
  uint32_t num_successors = 0;
  uint64_t count = 0;  // elements
  uint64_t bytes = 0;
  BytePlace dst;
  bool coded = false;     // kSend, kRecv: of codes, in two messages (coded_message.h)
  uint64_t capacity = 0;  // kEncode, coded kRecv: bytes that the slot has room for
  CodedSlice slice;       // IsCodecStep
};

// Whether a publish's source stays as it is until the operation's end, so that readers may be sent there; see lendable.h.
enum class Lend : uint8_t {
  kNo,
  kIfApart,  // if the input lies apart from the output
  kYes,
};

// One step of a plan over windows; see WindowStep.
struct WindowPlanStep {
  WindowStepKind kind = WindowStepKind::kPublish;
  Lend lend = Lend::kNo;
  bool finish = false;
  int32_t peer = -1;  // rank in the group
  uint32_t number = 0;
  uint32_t done = 0;
  uint64_t published_bytes = 0;
  uint64_t offset_bytes = 0;
  uint64_t count = 0;  // elements
  uint64_t bytes = 0;
  BytePlace own;
  BytePlace dst;
};

struct ByteRange {
  uint64_t begin = 0;
  uint64_t end = 0;  // not above begin: empty
  void Include(uint64_t from, uint64_t to) {
    if (from >= to) return;
    begin = end > begin ? std::min(begin, from) : from;
    end = std::max(end, to);
  }
};

class Plan {
 public:
  // peers[r] is the job rank of the schedule's rank r. An error names the step that cannot be run.
  // `codecs` are needed where the schedule has slots.
  static absl::StatusOr<Plan> Compile(const Schedule& schedule, absl::Span<const int32_t> peers, DataType type,
                                      ReduceOp op, const CodecPair& codecs = {});
  // By an operation of the application; the schedule's elements are its items.
  static absl::StatusOr<Plan> Compile(const Schedule& schedule, absl::Span<const int32_t> peers, DataType type,
                                      std::shared_ptr<const UserOp> op);

  // The same for a window program. Its peers are all ranks but this one.
  static absl::StatusOr<Plan> CompileWindow(const WindowProgram& program, absl::Span<const int32_t> peers, int rank,
                                            DataType type, ReduceOp op);
  static absl::StatusOr<Plan> CompileWindow(const WindowProgram& program, absl::Span<const int32_t> peers, int rank,
                                            DataType type, std::shared_ptr<const UserOp> op);

  bool is_window() const { return is_window_; }
  const std::vector<WindowPlanStep>& window_steps() const { return window_steps_; }
  uint32_t num_publishes() const { return num_publishes_; }
  // Of a plan over windows: what it may lend of its input, and what it writes of its output.
  const ByteRange& lent_input() const { return lent_input_; }
  const ByteRange& written_output() const { return written_output_; }
  // Steps of small window programs are over before a clock could be read; only the whole is timed.
  bool stamps_steps() const { return !is_window_ || largest_step_bytes_ >= kStampedBytes; }
  size_t num_steps() const { return is_window_ ? window_steps_.size() : steps_.size(); }

  const std::vector<PlanStep>& steps() const { return steps_; }
  const BytePlace& source(const PlanStep& step, uint32_t i) const { return sources_[step.first_source + i]; }
  absl::Span<const uint32_t> SuccessorsOf(const PlanStep& step) const {
    return absl::MakeConstSpan(successors_).subspan(step.first_successor, step.num_successors);
  }
  // How many steps each step waits for; an operation copies it and counts down.
  const std::vector<uint32_t>& dependency_counts() const { return dependency_counts_; }
  // Steps that may begin at once, in list order.
  const std::vector<uint32_t>& initial_steps() const { return initial_steps_; }
  // Job ranks that the plan talks to, ascending, each once.
  const std::vector<int32_t>& peers() const { return peers_; }
  const Reducer& reducer() const { return reducer_; }
  uint32_t num_ranks() const { return num_ranks_; }
  uint64_t scratch_bytes() const { return scratch_bytes_; }
  // Where in the scratch memory slots begin; scratch_bytes() if there are none.
  uint64_t slots_begin() const { return slots_begin_; }
  bool has_slots() const { return slots_begin_ < scratch_bytes_; }
  bool has_codecs() const { return has_codecs_; }
  // Elements of the results that this rank encodes.
  uint64_t result_elements() const { return result_elements_; }
  DataType type() const { return type_; }
  ReduceOp op() const { return op_; }
  uint64_t element_bytes() const { return element_bytes_; }
  uint32_t max_sources() const { return max_sources_; }

 private:
  Plan(DataType type, ReduceOp op);
  Plan(DataType type, std::shared_ptr<const UserOp> op);
  absl::Status CompileSteps(const Schedule& schedule, absl::Span<const int32_t> peers, const CodecPair& codecs);
  absl::Status CompileWindowSteps(const WindowProgram& program, absl::Span<const int32_t> peers, int rank);

  static constexpr uint64_t kStampedBytes = 4096;

  bool is_window_ = false;
  uint32_t num_publishes_ = 0;
  uint64_t largest_step_bytes_ = 0;
  std::vector<WindowPlanStep> window_steps_;
  ByteRange lent_input_;
  ByteRange written_output_;
  std::vector<PlanStep> steps_;
  std::vector<BytePlace> sources_;
  std::vector<uint32_t> successors_;
  std::vector<uint32_t> dependency_counts_;
  std::vector<uint32_t> initial_steps_;
  std::vector<int32_t> peers_;
  Reducer reducer_;
  uint32_t num_ranks_ = 1;
  DataType type_ = DataType::kInt8;
  ReduceOp op_ = ReduceOp::kSum;
  uint64_t scratch_bytes_ = 0;
  uint64_t slots_begin_ = 0;
  bool has_codecs_ = false;
  uint64_t result_elements_ = 0;
  uint64_t element_bytes_ = 1;
  uint32_t max_sources_ = 1;
};

}  // namespace tutti

#endif  // TUTTI_LIB_ENGINE_PLAN_H_
