// SPDX-License-Identifier: Apache-2.0
#include "collectives/check/barrier.h"

#include "collectives/check/rule.h"

namespace tutti::check {
namespace {

constexpr size_t kBitsPerWord = 64;

void Insert(uint64_t* set, int rank) {
  const auto bit = static_cast<size_t>(rank);
  set[bit / kBitsPerWord] |= uint64_t{1} << (bit % kBitsPerWord);
}

bool Contains(const uint64_t* set, int rank) {
  const auto bit = static_cast<size_t>(rank);
  return (set[bit / kBitsPerWord] >> (bit % kBitsPerWord) & 1) != 0;
}

}  // namespace

BarrierKnowledge::BarrierKnowledge(const Program& program)
    : program_(program),
      words_per_step_((static_cast<size_t>(program.num_ranks()) + kBitsPerWord - 1) / kBitsPerWord),
      known_(size_t{program.num_steps()} * words_per_step_) {}

void BarrierKnowledge::LearnFromDependencies(StepRef ref) {
  Insert(Of(ref), ref.rank);
  for (uint32_t dependency : program_.schedule(ref.rank).DependenciesOf(program_.step(ref))) {
    const uint64_t* earlier = Of({ref.rank, dependency});
    for (size_t word = 0; word < words_per_step_; ++word) Of(ref)[word] |= earlier[word];
  }
}

absl::Status BarrierKnowledge::OnLocalStep(StepRef step) {
  LearnFromDependencies(step);
  return absl::OkStatus();
}

absl::Status BarrierKnowledge::OnMessage(StepRef send, StepRef receive) {
  LearnFromDependencies(send);
  LearnFromDependencies(receive);
  for (size_t word = 0; word < words_per_step_; ++word) Of(receive)[word] |= Of(send)[word];
  return absl::OkStatus();
}

absl::Status BarrierKnowledge::CheckEveryRankKnowsAll() const {
  for (int rank = 0; rank < program_.num_ranks(); ++rank) {
    std::vector<uint64_t> known(words_per_step_);
    Insert(known.data(), rank);
    for (uint32_t step = 0; step < program_.schedule(rank).steps.size(); ++step) {
      for (size_t word = 0; word < words_per_step_; ++word) known[word] |= Of({rank, step})[word];
    }
    for (int other = 0; other < program_.num_ranks(); ++other) {
      if (Contains(known.data(), other)) continue;
      return Violation(Rule::kBarrier, "rank ", rank, " can leave before rank ", other,
                       " has entered: no chain of messages leads from there to here");
    }
  }
  return absl::OkStatus();
}

}  // namespace tutti::check
