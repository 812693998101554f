// SPDX-License-Identifier: Apache-2.0
// Schedules in GOAL, the language of LogGOPSim (Hoefler, Schneider, Lumsdaine 2010): one block per rank, one line per
// operation, lines for what requires what. Reductions and copies become "calc" with the time that the model gives them.
#ifndef TUTTI_TOOLS_TUTTI_SIM_GOAL_H_
#define TUTTI_TOOLS_TUTTI_SIM_GOAL_H_

#include <ostream>

#include "collectives/simulate/cluster.h"
#include "collectives/simulate/workload.h"

namespace tutti::simtool {

// Rank by rank, so that it needs little memory. Messages are at least 1 byte, as LogGOPSim knows none of 0. The tag is the
// message's number among those of its two ranks, modulo 2^31.
void WriteGoal(const Shape& shape, simulate::BuildSchedule build, const simulate::Costs& costs, std::ostream& out);

}  // namespace tutti::simtool

#endif  // TUTTI_TOOLS_TUTTI_SIM_GOAL_H_
