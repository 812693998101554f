// SPDX-License-Identifier: Apache-2.0
#include "collectives/schedule/embed.h"

#include <vector>

namespace tutti {

void Embed(ScheduleBuilder& builder, const Schedule& part, absl::Span<const int> members, const Region& vector) {
  using StepId = ScheduleBuilder::StepId;
  const Region scratch = builder.Scratch(part.scratch_elements);
  const Region slots = builder.Slot(part.coded_elements);
  const auto place = [&](const Region& region) {
    const Region& whole = region.buffer == Buffer::kScratch ? scratch
                          : region.buffer == Buffer::kCoded ? slots
                                                            : vector;
    return Region{whole.buffer, whole.offset + region.offset, region.count};
  };
  std::vector<StepId> ids;  // of the part's steps
  std::vector<StepId> after;
  std::vector<Region> sources;
  for (const Step& step : part.steps) {
    after.clear();
    for (uint32_t dependency : part.DependenciesOf(step)) after.push_back(ids[dependency]);
    sources.clear();
    for (const Region& source : part.SourcesOf(step)) sources.push_back(place(source));
    const int peer = step.peer >= 0 ? members[static_cast<size_t>(step.peer)] : -1;
    const auto completes = step.completes ? ScheduleBuilder::Completes::kYes : ScheduleBuilder::Completes::kNo;
    switch (step.kind) {
      case StepKind::kSend:
        ids.push_back(builder.Send(peer, sources[0], after));
        break;
      case StepKind::kRecv:
        ids.push_back(builder.Recv(peer, place(step.dst), after));
        break;
      case StepKind::kRecvReduce:
        ids.push_back(builder.RecvReduce(
            peer, place(step.dst), sources[0],
            step.message_first ? ScheduleBuilder::Order::kMessageFirst : ScheduleBuilder::Order::kMessageLast,
            completes, after));
        break;
      case StepKind::kReduce:
        ids.push_back(builder.Reduce(place(step.dst), sources, completes, after));
        break;
      case StepKind::kCopy:
        ids.push_back(builder.Copy(place(step.dst), sources[0], after));
        break;
      case StepKind::kEncode:
        ids.push_back(builder.Encode(place(step.dst), sources[0], step.slice, after));
        break;
      case StepKind::kDecode:
        ids.push_back(builder.Decode(place(step.dst), sources[0], step.slice, after));
        break;
      case StepKind::kDecodeReduce:
        ids.push_back(builder.DecodeReduce(place(step.dst), sources[1], step.slice, completes, after));
        break;
    }
  }
}

}  // namespace tutti
