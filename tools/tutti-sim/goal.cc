// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-sim/goal.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace tutti::simtool {
namespace {

// What is computed for a step, in ns.
int64_t CalcNs(const Step& step, uint64_t bytes, const simulate::Costs& costs) {
  double ps = 0;
  if (step.kind == StepKind::kRecvReduce) ps = static_cast<double>(bytes) * costs.reduce_ps_per_byte;
  if (step.kind == StepKind::kReduce) {
    ps = static_cast<double>(bytes) * costs.reduce_ps_per_byte * (step.num_sources - 1);
  }
  if (step.kind == StepKind::kCopy) ps = static_cast<double>(bytes) * costs.copy_ps_per_byte;
  return static_cast<int64_t>(ps / static_cast<double>(simulate::kPsPerNs) + 0.5);
}

// A step is line s<i>; what is computed when a message has come is another one, c<i>, and is what others then require.
void WriteRank(const Schedule& schedule, uint32_t element_bytes, const simulate::Costs& costs, std::string* text) {
  std::vector<char> end(schedule.steps.size(), 's');
  for (size_t i = 0; i < schedule.steps.size(); ++i) {
    const Step& step = schedule.steps[i];
    const uint64_t count = step.kind == StepKind::kSend ? schedule.SourcesOf(step)[0].count : step.dst.count;
    const uint64_t bytes = count * element_bytes;
    const uint64_t sent = std::max<uint64_t>(bytes, 1);
    const uint32_t tag = step.message & 0x7fffffffu;
    const int64_t calc_ns = CalcNs(step, bytes, costs);
    if (step.kind == StepKind::kSend) {
      absl::StrAppend(text, "s", i, ": send ", sent, "b to ", step.peer, " tag ", tag, "\n");
    } else if (step.kind == StepKind::kRecv || step.kind == StepKind::kRecvReduce) {
      absl::StrAppend(text, "s", i, ": recv ", sent, "b from ", step.peer, " tag ", tag, "\n");
      if (calc_ns > 0) {
        absl::StrAppend(text, "c", i, ": calc ", calc_ns, "\n", "c", i, " requires s", i, "\n");
        end[i] = 'c';
      }
    } else {
      absl::StrAppend(text, "s", i, ": calc ", calc_ns, "\n");
    }
    for (const uint32_t before : schedule.DependenciesOf(step)) {
      absl::StrAppend(text, "s", i, " requires ", std::string(1, end[before]), before, "\n");
    }
  }
}

}  // namespace

void WriteGoal(const Shape& shape, simulate::BuildSchedule build, const simulate::Costs& costs, std::ostream& out) {
  out << "num_ranks " << shape.num_ranks << "\n";
  std::string text;
  for (int rank = 0; rank < shape.num_ranks && out; ++rank) {
    text = absl::StrCat("\nrank ", rank, " {\n");
    WriteRank(build(shape, rank), shape.element_bytes, costs, &text);
    text += "}\n";
    out << text;
  }
}

}  // namespace tutti::simtool
