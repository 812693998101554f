// SPDX-License-Identifier: Apache-2.0
// The ranks of a job on one machine: on which of its CPUs each may run. By which device it sends is decided elsewhere.
#ifndef TUTTI_TOOLS_TOPOLOGY_RANKS_H_
#define TUTTI_TOOLS_TOPOLOGY_RANKS_H_

#include <string>
#include <vector>

#include "tools/topology/machine.h"

namespace tutti::topology {

struct LocalRank {
  int rank = 0;
  std::vector<int> cpus;  // the system's numbers, ascending
  int node = -1;          // the NUMA node that holds all of them; -1: several, or it is not known
  std::vector<std::string>
      rails;           // what it sends by: RDMA ports ("mlx5_0:1"), the chosen one first, or one interface; may be
                       // empty
  std::string reason;  // why that one
};

// As a launcher starts them that binds none: each may run wherever this process may.
std::vector<LocalRank> UnboundRanks(const Place& machine, int count);

// As a launcher does that binds each rank to cores of its own: what this process may use, cut into equal parts, in
// hwloc's order, which keeps cores together that share a cache. Where ranks outnumber cores, neighbours share one.
std::vector<LocalRank> RanksInEqualParts(const Place& machine, int count);

// The lowest NUMA node that holds all these CPUs; -1: none, as for no CPUs.
int NodeOf(const Place& machine, const std::vector<int>& cpus);
// The same of packages.
int PackageOf(const Place& machine, const std::vector<int>& cpus);

}  // namespace tutti::topology

#endif  // TUTTI_TOOLS_TOPOLOGY_RANKS_H_
