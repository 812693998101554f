// SPDX-License-Identifier: Apache-2.0
#include "tools/topology/machine.h"

#include <hwloc.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tutti::topology {
namespace {

struct Destroy {
  void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};
using Topology = std::unique_ptr<hwloc_topology, Destroy>;

struct FreeBitmap {
  void operator()(hwloc_bitmap_t bitmap) const { hwloc_bitmap_free(bitmap); }
};
using Bitmap = std::unique_ptr<hwloc_bitmap_s, FreeBitmap>;

std::vector<int> Numbers(hwloc_const_bitmap_t set) {
  std::vector<int> numbers;
  if (set == nullptr) return numbers;
  for (int i = hwloc_bitmap_first(set); i >= 0; i = hwloc_bitmap_next(set, i)) numbers.push_back(i);
  return numbers;
}

class Reader {
 public:
  explicit Reader(hwloc_topology_t topology) : topology_(topology), allowed_(hwloc_bitmap_alloc()) {
    hwloc_bitmap_copy(allowed_.get(), hwloc_topology_get_allowed_cpuset(topology));
    const Bitmap bound(hwloc_bitmap_alloc());
    if (hwloc_topology_is_thissystem(topology) != 0 &&
        hwloc_get_cpubind(topology, bound.get(), HWLOC_CPUBIND_PROCESS) == 0) {
      hwloc_bitmap_and(allowed_.get(), allowed_.get(), bound.get());
    }
    FindDevices();
  }

  Place Machine() {
    const hwloc_obj_t root = hwloc_get_root_obj(topology_);
    Place machine = PlaceOf(root, PlaceKind::kMachine);
    machine.is_described = hwloc_topology_is_thissystem(topology_) == 0;
    const char* model = hwloc_obj_get_info_by_name(root, "CPUModel");
    if (model == nullptr) {
      const hwloc_obj_t package = hwloc_get_obj_by_type(topology_, HWLOC_OBJ_PACKAGE, 0);
      if (package != nullptr) model = hwloc_obj_get_info_by_name(package, "CPUModel");
    }
    if (model != nullptr) machine.name = model;
    AddParts(root, machine);
    return machine;
  }

 private:
  Place PlaceOf(hwloc_obj_t object, PlaceKind kind) const {
    Place place;
    place.kind = kind;
    place.index = object->os_index == HWLOC_UNKNOWN_INDEX ? 0 : static_cast<int>(object->os_index);
    place.cpus = Numbers(object->cpuset);
    const Bitmap both(hwloc_bitmap_alloc());
    hwloc_bitmap_and(both.get(), object->cpuset, allowed_.get());
    place.allowed = Numbers(both.get());
    return place;
  }

  // Objects of no interest here (groups, dies, small caches) give their parts to the one above.
  void Add(hwloc_obj_t object, Place& parent) {
    switch (object->type) {
      case HWLOC_OBJ_PACKAGE:
        return Append(object, PlaceKind::kPackage, parent);
      case HWLOC_OBJ_CORE:
        return Append(object, PlaceKind::kCore, parent);
      case HWLOC_OBJ_L2CACHE:
      case HWLOC_OBJ_L3CACHE: {
        Append(object, PlaceKind::kCache, parent);
        parent.parts.back().cache_level = static_cast<int>(object->attr->cache.depth);
        parent.parts.back().bytes = object->attr->cache.size;
        return;
      }
      default:
        return AddParts(object, parent);
    }
  }

  void Append(hwloc_obj_t object, PlaceKind kind, Place& parent) {
    Place place = PlaceOf(object, kind);
    AddParts(object, place);
    parent.parts.push_back(std::move(place));
  }

  void AddParts(hwloc_obj_t object, Place& parent) {
    for (hwloc_obj_t node = object->memory_first_child; node != nullptr; node = node->next_sibling) {
      if (node->type != HWLOC_OBJ_NUMANODE) continue;
      Place place = PlaceOf(node, PlaceKind::kNumaNode);
      place.bytes = node->attr->numanode.local_memory;
      parent.parts.push_back(std::move(place));
    }
    for (unsigned i = 0; i < object->arity; ++i) Add(object->children[i], parent);
    const auto devices = devices_.find(object);
    if (devices == devices_.end()) return;
    parent.parts.insert(parent.parts.end(), devices->second.begin(), devices->second.end());
  }

  void FindDevices() {
    for (hwloc_obj_t device = hwloc_get_next_osdev(topology_, nullptr); device != nullptr;
         device = hwloc_get_next_osdev(topology_, device)) {
      const hwloc_obj_osdev_type_t type = device->attr->osdev.type;
      if (type != HWLOC_OBJ_OSDEV_NETWORK && type != HWLOC_OBJ_OSDEV_OPENFABRICS) continue;
      Place place;
      place.kind = PlaceKind::kDevice;
      place.name = device->name != nullptr ? device->name : "";
      place.is_rdma = type == HWLOC_OBJ_OSDEV_OPENFABRICS;
      if (place.is_rdma) place.ports = ActivePorts(device);
      const hwloc_obj_t attached_to = hwloc_get_non_io_ancestor_obj(topology_, device);
      const std::vector<int> nodes = Numbers(attached_to->nodeset);
      if (nodes.size() == 1) place.near_node = nodes[0];
      devices_[attached_to].push_back(place);
    }
  }

  // hwloc notes the state of each port as the kernel says it: 4 is active. Where it notes none, as in descriptions made by
  // hand, the device has one port, which is taken to be active.
  static std::vector<int> ActivePorts(hwloc_obj_t device) {
    std::vector<int> ports;
    for (int port = 1;; ++port) {
      const char* state = hwloc_obj_get_info_by_name(device, absl::StrCat("Port", port, "State").c_str());
      if (state == nullptr) return port == 1 ? std::vector<int>{1} : ports;
      if (*state == '4') ports.push_back(port);
    }
  }

  hwloc_topology_t topology_;
  const Bitmap allowed_;
  std::map<hwloc_obj_t, std::vector<Place>>
      devices_;  // by what they are attached to; only looked up, so order is no matter
};

// nullptr: not set, or to nothing.
const char* SetVariable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr || *value == 0 ? nullptr : value;
}

// At most one of `synthetic` and `xml_file` is not nullptr.
absl::StatusOr<Place> Read(const char* synthetic, const char* xml_file, Devices devices) {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return absl::InternalError("hwloc cannot begin");
  const Topology topology(raw);
  if (synthetic != nullptr && hwloc_topology_set_synthetic(raw, synthetic) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", synthetic, "\" describes no machine in hwloc's synthetic form, like \"pack:2 core:4 pu:2\""));
  }
  if (xml_file != nullptr && hwloc_topology_set_xml(raw, xml_file) != 0) {
    return absl::NotFoundError(absl::StrCat(xml_file, " is no machine as \"lstopo --of xml\" writes it"));
  }
  hwloc_topology_set_flags(raw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
  hwloc_topology_set_io_types_filter(
      raw, devices == Devices::kAll ? HWLOC_TYPE_FILTER_KEEP_IMPORTANT : HWLOC_TYPE_FILTER_KEEP_NONE);
  if (hwloc_topology_load(raw) != 0) return absl::UnavailableError("hwloc cannot read the machine's topology");
  return Reader(raw).Machine();
}

}  // namespace

// hwloc takes these variables by itself, but shows this machine without a word where they name no other.
absl::StatusOr<Place> ReadMachine(Devices devices) {
  if (const char* xml_file = SetVariable("HWLOC_XMLFILE")) return Read(nullptr, xml_file, devices);
  return Read(SetVariable("HWLOC_SYNTHETIC"), nullptr, devices);
}

absl::StatusOr<Place> ReadSyntheticMachine(const std::string& description) {
  return Read(description.c_str(), nullptr, Devices::kAll);
}

absl::StatusOr<Place> ReadMachineFile(const std::string& xml_file) {
  return Read(nullptr, xml_file.c_str(), Devices::kAll);
}

uint64_t LargestCacheBytes(const Place& place) {
  if (place.kind == PlaceKind::kCache) return place.allowed.empty() ? 0 : place.bytes;
  uint64_t bytes = 0;
  for (const Place& part : place.parts) bytes += LargestCacheBytes(part);
  return bytes;
}

const char* PlaceKindName(PlaceKind kind) {
  switch (kind) {
    case PlaceKind::kMachine:
      return "machine";
    case PlaceKind::kPackage:
      return "package";
    case PlaceKind::kNumaNode:
      return "numa_node";
    case PlaceKind::kCache:
      return "cache";
    case PlaceKind::kCore:
      return "core";
    case PlaceKind::kDevice:
      return "device";
  }
  return "unknown";
}

}  // namespace tutti::topology
