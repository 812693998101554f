// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_to_all/pairwise.h"

#include <array>
#include <cstddef>
#include <utility>

#include "collectives/algorithms/pieces.h"
#include "collectives/schedule/builder.h"

namespace tutti::all_to_all {
namespace {

constexpr size_t kRoundsAtOnce = 2;

// The messages of a round, and in place what they are received to first: what that replaces is still to be sent.
struct Round {
  std::array<ScheduleBuilder::StepId, 2> messages = {ScheduleBuilder::kNoStep, ScheduleBuilder::kNoStep};
  Region waiting;
};

}  // namespace

Schedule BuildPairwise(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  std::array<Round, kRoundsAtOnce> rounds;
  for (Round& round : rounds) {
    if (shape.in_place && n > 1) round.waiting = builder.Scratch(shape.count);
  }
  size_t done = 0;
  for (int k = 0; k < n; ++k) {
    const int partner = (k + n - rank) % n;
    if (partner == rank) {
      if (!shape.in_place) builder.Copy(OutputBlock(shape, rank, rank), InputBlock(shape, rank, rank));
      continue;
    }
    Round& round = rounds[done++ % kRoundsAtOnce];
    const auto before = round.messages;
    const Region dst = OutputBlock(shape, rank, partner);
    const Region source = InputBlock(shape, rank, partner);
    const Region received = shape.in_place ? round.waiting : dst;
    round.messages = {IsExchanged(shape, received) ? builder.Recv(partner, received, before) : ScheduleBuilder::kNoStep,
                      IsExchanged(shape, source) ? builder.Send(partner, source, before) : ScheduleBuilder::kNoStep};
    if (shape.in_place) builder.Copy(dst, received);
  }
  return std::move(builder).Build();
}

}  // namespace tutti::all_to_all
