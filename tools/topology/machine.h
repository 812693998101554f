// SPDX-License-Identifier: Apache-2.0
// What this machine is made of, as hwloc finds it: packages, NUMA nodes, caches, cores, and which network devices are
// near to which of them. A plain description, without hwloc's types.
#ifndef TUTTI_TOOLS_TOPOLOGY_MACHINE_H_
#define TUTTI_TOOLS_TOPOLOGY_MACHINE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tutti::topology {

enum class PlaceKind : uint8_t { kMachine, kPackage, kNumaNode, kCache, kCore, kDevice };
const char* PlaceKindName(PlaceKind kind);  // "machine", "package", "numa_node", "cache", "core", "device"

struct Place {
  PlaceKind kind = PlaceKind::kMachine;
  int index = 0;              // the system's number; of a cache and a device 0
  int cache_level = 0;        // 2 or 3
  uint64_t bytes = 0;         // memory of a NUMA node, size of a cache
  std::string name;           // model of the machine's processors; name of a device
  bool is_described = false;  // of a machine: it need not be this one
  bool is_rdma = false;       // of a device: RDMA, and not a plain network interface
  std::vector<int> ports;     // of an RDMA device: its ports that are active
  int near_node = -1;         // of a device: the one NUMA node that it is attached to; -1: to none, or not known
  std::vector<int> cpus;      // the system's numbers, ascending; none of a device
  std::vector<int> allowed;   // those of them that this process may run on (cgroups, taskset)
  std::vector<Place> parts;   // NUMA nodes come before what else is there, devices after it
};

// The machine that this process is on, or the one that hwloc's own variables describe (HWLOC_SYNTHETIC, HWLOC_XMLFILE);
// if they describe none, the errors of the two below. To look for devices takes longer.
enum class Devices : uint8_t { kNone, kAll };
absl::StatusOr<Place> ReadMachine(Devices devices);

// A machine in hwloc's synthetic form, "pack:2 numa:1 core:4 pu:2". InvalidArgument: it is not of that form.
absl::StatusOr<Place> ReadSyntheticMachine(const std::string& description);

// A machine that hwloc (lstopo) wrote to an XML file. NotFound: it cannot be read, or is no such file.
absl::StatusOr<Place> ReadMachineFile(const std::string& xml_file);

// Of the caches that are shared by most cores, those that this process may use, together; 0: none is known.
uint64_t LargestCacheBytes(const Place& place);

}  // namespace tutti::topology

#endif  // TUTTI_TOOLS_TOPOLOGY_MACHINE_H_
