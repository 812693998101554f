// SPDX-License-Identifier: Apache-2.0
#include "collectives/simulate/workload.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tutti::simulate {
namespace {

constexpr int kSampledRanks = 16;

uint64_t EncodedBytes(uint64_t bytes, double share) {
  return static_cast<uint64_t>(std::ceil(static_cast<double>(bytes) * share));
}

// Elements of all buffers that steps touch.
uint64_t TouchedElements(const Schedule& schedule, bool in_place) {
  std::array<uint64_t, kNumBuffers> ends{};
  const auto touch = [&ends](const Region& region) {
    uint64_t& end = ends[static_cast<size_t>(region.buffer)];
    end = std::max(end, region.offset + region.count);
  };
  for (const Step& step : schedule.steps) {
    if (step.kind != StepKind::kSend) touch(step.dst);
    for (const Region& source : schedule.SourcesOf(step)) touch(source);
  }
  uint64_t& input = ends[static_cast<size_t>(Buffer::kInput)];
  if (in_place) input -= std::min(input, ends[static_cast<size_t>(Buffer::kOutput)]);
  return std::accumulate(ends.begin(), ends.end(), uint64_t{0});
}

}  // namespace

void Workload::Add(const Schedule& schedule, int rank, const Shape& shape, double encoded_share) {
  const uint32_t element_bytes = shape.element_bytes;
  memory_bytes_.push_back(TouchedElements(schedule, shape.in_place) * element_bytes);
  const uint32_t first = static_cast<uint32_t>(steps_.size());
  std::vector<uint32_t> counts(schedule.steps.size() + 1, 0);
  for (const Step& step : schedule.steps) {
    WorkStep work;
    const auto sources = schedule.SourcesOf(step);
    work.kind = step.kind;
    work.rank = rank;
    work.peer = step.peer;
    const Region& moved = step.kind == StepKind::kSend ? sources[0] : step.dst;
    work.bytes = moved.count * element_bytes;
    const bool is_coded_message = moved.buffer == Buffer::kCoded && step.kind != StepKind::kEncode;
    if (is_coded_message) work.bytes = EncodedBytes(work.bytes, encoded_share);
    if (step.kind == StepKind::kRecvReduce) work.operand_bytes = work.bytes;
    if (step.kind == StepKind::kReduce) work.operand_bytes = work.bytes * (step.num_sources - 1);
    work.num_dependencies = step.num_dependencies;
    for (uint32_t dependency : schedule.DependenciesOf(step)) ++counts[dependency];
    steps_.push_back(work);
  }
  uint32_t next = static_cast<uint32_t>(successors_.size());
  for (size_t i = 0; i < schedule.steps.size(); ++i) {
    steps_[first + i].first_successor = next;
    next += std::exchange(counts[i], next);  // from here on: where the next successor of i goes
  }
  successors_.resize(next);
  for (uint32_t i = 0; i < schedule.steps.size(); ++i) {
    for (uint32_t dependency : schedule.DependenciesOf(schedule.steps[i]))
      successors_[counts[dependency]++] = first + i;
  }
}

// The k-th send to a peer in list order matches its k-th receive from there. Sends are sorted by receiver: as they are looked
// at in the order of senders, each receiver then has them as it has its receives when these are sorted by peer.
absl::Status Workload::MatchMessages() {
  std::vector<uint32_t> first_to(static_cast<size_t>(num_ranks_) + 1, 0);
  for (size_t i = 0; i < num_steps(); ++i) {
    if (IsSend(steps_[i])) ++first_to[static_cast<size_t>(steps_[i].peer) + 1];
  }
  for (size_t r = 0; r < static_cast<size_t>(num_ranks_); ++r) first_to[r + 1] += first_to[r];
  num_messages_ = first_to.back();
  std::vector<uint32_t> sends(num_messages_);
  std::vector<uint32_t> place(first_to.begin(), first_to.end() - 1);
  for (uint32_t i = 0; i < num_steps(); ++i) {
    if (IsSend(steps_[i])) sends[place[static_cast<size_t>(steps_[i].peer)]++] = i;
  }
  std::vector<uint32_t> receives;
  for (int rank = 0; rank < num_ranks_; ++rank) {
    receives.clear();
    for (uint32_t i = FirstStepOf(rank); i < FirstStepOf(rank + 1); ++i) {
      if (IsReceive(steps_[i])) receives.push_back(i);
    }
    std::stable_sort(receives.begin(), receives.end(),
                     [&](uint32_t a, uint32_t b) { return steps_[a].peer < steps_[b].peer; });
    const uint32_t first = first_to[static_cast<size_t>(rank)];
    const size_t expected = first_to[static_cast<size_t>(rank) + 1] - first;
    bool match = receives.size() == expected;
    for (size_t k = 0; match && k < expected; ++k) {
      WorkStep& send = steps_[sends[first + k]];
      WorkStep& receive = steps_[receives[k]];
      match = send.rank == receive.peer && send.bytes == receive.bytes;
      send.match = receives[k];
      receive.match = sends[first + k];
    }
    if (!match) {
      return absl::InternalError(absl::StrCat("rank ", rank, " of ", num_ranks_,
                                              " does not receive what is sent to it: a bug in the algorithm"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Workload> Workload::Make(const Shape& shape, BuildSchedule build, double encoded_share) {
  Workload workload;
  workload.num_ranks_ = shape.num_ranks;
  for (int rank = 0; rank < shape.num_ranks; ++rank) {
    workload.first_step_.push_back(static_cast<uint32_t>(workload.steps_.size()));
    workload.Add(build(shape, rank), rank, shape, encoded_share);
  }
  workload.first_step_.push_back(static_cast<uint32_t>(workload.steps_.size()));
  WorkStep end;
  end.first_successor = static_cast<uint32_t>(workload.successors_.size());
  workload.steps_.push_back(end);
  if (absl::Status status = workload.MatchMessages(); !status.ok()) return status;
  return workload;
}

uint64_t EstimateSteps(const Shape& shape, BuildSchedule build) {
  const int ranks = shape.num_ranks;
  const uint64_t at_root = build(shape, shape.root).steps.size();  // it may have more to do than all others
  uint64_t sampled = 0;
  uint64_t steps = 0;
  for (int i = 0; i < kSampledRanks && i < ranks; ++i) {
    const int rank = static_cast<int>(int64_t{i} * ranks / std::min(kSampledRanks, ranks));
    if (rank == shape.root) continue;
    steps += build(shape, rank).steps.size();
    ++sampled;
  }
  return at_root + (sampled == 0 ? 0 : steps * static_cast<uint64_t>(ranks - 1) / sampled);
}

}  // namespace tutti::simulate
