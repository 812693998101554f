// SPDX-License-Identifier: Apache-2.0
// A machine as a tree of text and of boxes, and ranks on it.
#ifndef TUTTI_TOOLS_TOPOLOGY_DRAW_H_
#define TUTTI_TOOLS_TOPOLOGY_DRAW_H_

#include <string>
#include <vector>

#include "tools/topology/machine.h"
#include "tools/topology/ranks.h"

namespace tutti::topology {

// Cores in a row that look alike share a line.
std::string DrawText(const Place& machine);

// A line for each rank: its CPUs, where they are, and its rails. Ranks that may all run on the same CPUs share a line
// that says so.
std::string RanksText(const Place& machine, const std::vector<LocalRank>& ranks);

// `ranks` may be empty. `title`: above the boxes.
std::string DrawSvg(const Place& machine, const std::vector<LocalRank>& ranks, const std::string& title);

// One line for a place: "NUMA node 0: 12 GiB", "core 3: CPUs 3,67".
std::string PlaceText(const Place& place);

// "CPU 3", "CPUs 0-3,8".
std::string CpuNumbersText(const std::vector<int>& cpus);

// Whether all ranks may run on the same CPUs, as where nobody binds them. False for one rank or none.
bool ShareAllCpus(const std::vector<LocalRank>& ranks);

}  // namespace tutti::topology

#endif  // TUTTI_TOOLS_TOPOLOGY_DRAW_H_
