// SPDX-License-Identifier: Apache-2.0
// One port of one RDMA device, opened and proved to work down to a queue pair. It knows the host's devices and how one
// is chosen; it never knows a peer.
#ifndef TUTTI_TRANSPORTS_VERBS_DEVICE_H_
#define TUTTI_TRANSPORTS_VERBS_DEVICE_H_

#include <infiniband/verbs.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "transports/verbs/gid.h"
#include "transports/verbs/handles.h"
#include "transports/verbs/port_choice.h"
#include "transports/verbs/verbs_options.h"

namespace tutti::verbs {

struct Device {
  std::string name;  // "mlx5_0:1"
  ContextHandle context;
  DomainHandle domain;
  ibv_device_attr attributes = {};
  ibv_port_attr port = {};
  uint8_t port_number = 1;
  GidChoice gid;
  uint32_t max_inline_bytes = 0;  // of a send that carries its bytes in its work request; what the device gave

  bool is_ethernet() const { return port.link_layer == IBV_LINK_LAYER_ETHERNET; }
  std::string Describe() const;  // "RoCE, MTU 4096, GID 1 (::ffff:10.0.0.1)"
};

// The best of the usable ports that the options allow (port_choice.h), at most `count`, the best first. All lead to a
// network of the same kind. An error says for each port why it cannot be used.
absl::StatusOr<std::vector<std::unique_ptr<Device>>> OpenDevices(const PortOptions& options, size_t count);
// The best alone.
absl::StatusOr<std::unique_ptr<Device>> OpenDevice(const PortOptions& options);

// What the choice between usable ports needs to know.
PortCandidate CandidateOf(const Device& device);

struct FoundPort {
  std::string name;                // "mlx5_0:1"
  ibv_context* context = nullptr;  // nullptr if it cannot be opened; valid during the visit
  uint8_t port_number = 1;
  absl::StatusOr<std::unique_ptr<Device>> device;  // Cancelled: the options do not allow it, it was not tried
};

// Tries every port of this host. An error: there is no list of devices.
absl::Status VisitPorts(const PortOptions& options, absl::FunctionRef<void(FoundPort found)> visit);

// After an event of the port: its state and its address as they are now. An error: it has no usable address any more; then
// nothing is changed.
absl::Status RefreshPort(const PortOptions& options, Device* device);

// "not enough memory may be locked; raise the limit (ulimit -l)": what a verbs call's errno means to an operator.
std::string VerbsErrorName(int error);

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_DEVICE_H_
