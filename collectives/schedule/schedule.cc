// SPDX-License-Identifier: Apache-2.0
// Schedules as text. Made to be read in error messages, so it also describes steps that are malformed.
#include "collectives/schedule/schedule.h"

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

const char* BufferName(Buffer buffer) {
  switch (buffer) {
    case Buffer::kInput:
      return "input";
    case Buffer::kOutput:
      return "output";
    case Buffer::kScratch:
      return "scratch";
    case Buffer::kCoded:
      return "coded";
  }
  return "unknown";
}

std::string RegionText(const Region& region) {
  return absl::StrCat(BufferName(region.buffer), "[", region.offset, "..", region.offset + region.count, ")");
}

std::string SourceText(const Schedule& schedule, const Step& step, uint32_t i) {
  const uint64_t index = uint64_t{step.first_source} + i;
  return index < schedule.sources.size() ? RegionText(schedule.sources[index]) : "nothing";
}

std::string ActionText(const Schedule& schedule, const Step& step) {
  const std::string message = absl::StrCat("message ", step.message, " from rank ", step.peer);
  const std::string dst = absl::StrCat(RegionText(step.dst), " = ");
  switch (step.kind) {
    case StepKind::kSend:
      return absl::StrCat(SourceText(schedule, step, 0), " as message ", step.message, " to rank ", step.peer);
    case StepKind::kRecv:
      return absl::StrCat(dst, message);
    case StepKind::kRecvReduce: {
      const std::string source = SourceText(schedule, step, 0);
      return step.message_first ? absl::StrCat(dst, message, " op ", source)
                                : absl::StrCat(dst, source, " op ", message);
    }
    case StepKind::kReduce: {
      std::string text = absl::StrCat(dst, SourceText(schedule, step, 0));
      for (uint32_t i = 1; i < step.num_sources; ++i) absl::StrAppend(&text, " op ", SourceText(schedule, step, i));
      return text;
    }
    case StepKind::kCopy:
      return absl::StrCat(dst, SourceText(schedule, step, 0));
    case StepKind::kEncode:
      return absl::StrCat(dst, "codes of ", SourceText(schedule, step, 0));
    case StepKind::kDecode:
      return absl::StrCat(dst, "values of ", SourceText(schedule, step, 0));
    case StepKind::kDecodeReduce:
      return absl::StrCat(dst, SourceText(schedule, step, 0), " op values of ", SourceText(schedule, step, 1));
  }
  return "nothing";
}

}  // namespace

const char* StepKindName(StepKind kind) {
  switch (kind) {
    case StepKind::kSend:
      return "send";
    case StepKind::kRecv:
      return "recv";
    case StepKind::kRecvReduce:
      return "recv_reduce";
    case StepKind::kReduce:
      return "reduce";
    case StepKind::kCopy:
      return "copy";
    case StepKind::kEncode:
      return "encode";
    case StepKind::kDecode:
      return "decode";
    case StepKind::kDecodeReduce:
      return "decode_reduce";
  }
  return "unknown";
}

std::string DescribeStep(const Schedule& schedule, uint32_t step) {
  if (step >= schedule.steps.size()) return absl::StrCat("step ", step, ": not in the schedule");
  const Step& s = schedule.steps[step];
  std::string text = absl::StrCat("step ", step, ": ", StepKindName(s.kind), " ", ActionText(schedule, s));
  if (s.completes) absl::StrAppend(&text, ", complete");
  for (uint32_t i = 0; i < s.num_dependencies; ++i) {
    const uint64_t index = uint64_t{s.first_dependency} + i;
    if (index >= schedule.dependencies.size()) break;
    absl::StrAppend(&text, i == 0 ? " after " : ", ", schedule.dependencies[index]);
  }
  return text;
}

std::string DescribeSchedule(const Schedule& schedule) {
  std::string text;
  for (uint32_t step = 0; step < schedule.steps.size(); ++step) {
    absl::StrAppend(&text, DescribeStep(schedule, step), "\n");
  }
  return text;
}

}  // namespace tutti
