// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/barrier/shared.h"

#include <utility>

#include "collectives/algorithms/pieces.h"

namespace tutti::barrier {

WindowProgram SharedProgram(const Shape&, int) {
  WindowProgramBuilder builder;
  const uint32_t number = builder.NewNumber();
  builder.Publish(number, Input(0, 0));
  builder.Wait(number, 0);
  return std::move(builder).Build();
}

Schedule BuildShared(const Shape& shape, int rank) { return LowerToSchedule(SharedProgram(shape, rank), shape, rank); }

}  // namespace tutti::barrier
