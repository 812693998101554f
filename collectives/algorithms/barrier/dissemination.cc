// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/barrier/dissemination.h"

#include <utility>
#include <vector>

#include "collectives/patterns/dissemination.h"
#include "collectives/schedule/builder.h"

namespace tutti::barrier {

Schedule BuildDissemination(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const Dissemination pattern(shape.num_ranks, rank);
  // All receives wait from the start, so no message finds its receiver unprepared.
  std::vector<ScheduleBuilder::StepId> heard;
  heard.reserve(static_cast<size_t>(pattern.num_rounds()));
  for (int round = 0; round < pattern.num_rounds(); ++round) {
    heard.push_back(builder.Recv(pattern.ReceivesFrom(round), Output(0, 0)));
  }
  for (int round = 0; round < pattern.num_rounds(); ++round) {
    builder.Send(pattern.SendsTo(round), Input(0, 0), absl::MakeSpan(heard).first(static_cast<size_t>(round)));
  }
  return std::move(builder).Build();
}

}  // namespace tutti::barrier
