// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/device.h"

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "transports/verbs/network.h"

namespace tutti::verbs {
namespace {

// Asked for; a device may give more or refuse.
constexpr uint32_t kInlineBytes[] = {256, 128, 64, 0};

// A queue pair as the transport makes them, with as many inline bytes as the device has.
absl::Status ProveQueuePair(Device& device) {
  const QueueHandle queue(::ibv_create_cq(device.context.get(), 16, nullptr, nullptr, 0));
  if (queue == nullptr) return absl::UnavailableError(absl::StrCat("no completion queue: ", VerbsErrorName(errno)));
  for (const uint32_t bytes : kInlineBytes) {
    ibv_qp_init_attr wanted = {};
    wanted.send_cq = wanted.recv_cq = queue.get();
    wanted.qp_type = IBV_QPT_RC;
    wanted.cap.max_send_wr = wanted.cap.max_recv_wr = 4;
    wanted.cap.max_send_sge = 2;
    wanted.cap.max_recv_sge = 1;
    wanted.cap.max_inline_data = bytes;
    const PairHandle pair(::ibv_create_qp(device.domain.get(), &wanted));
    if (pair == nullptr) {
      if (bytes > 0) continue;
      return absl::UnavailableError(absl::StrCat("no queue pair: ", VerbsErrorName(errno)));
    }
    ibv_qp_attr attributes = {};
    attributes.qp_state = IBV_QPS_INIT;
    attributes.port_num = device.port_number;
    attributes.qp_access_flags = IBV_ACCESS_REMOTE_WRITE;
    const int error =
        ::ibv_modify_qp(pair.get(), &attributes, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS);
    if (error != 0) return absl::UnavailableError(absl::StrCat("no usable queue pair: ", VerbsErrorName(error)));
    device.max_inline_bytes = bytes;
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Device>> OpenPort(ibv_device* found, uint8_t port, const PortOptions& options) {
  auto device = std::make_unique<Device>();
  device->name = absl::StrCat(::ibv_get_device_name(found), ":", port);
  device->port_number = port;
  device->context.reset(::ibv_open_device(found));
  if (device->context == nullptr) {
    return absl::UnavailableError(absl::StrCat("it cannot be opened: ", VerbsErrorName(errno),
                                               "; may this user read and write /dev/infiniband/uverbs*?"));
  }
  if (::ibv_query_device(device->context.get(), &device->attributes) != 0 ||
      ::ibv_query_port(device->context.get(), port, &device->port) != 0) {
    return absl::UnavailableError("it does not say what it can do");
  }
  if (device->port.state != IBV_PORT_ACTIVE) {
    return absl::UnavailableError(absl::StrCat("the port is ", ::ibv_port_state_str(device->port.state),
                                               ", not ACTIVE; is the cable in and the interface up?"));
  }
  if (device->attributes.max_srq < 2) return absl::UnimplementedError("it has no shared receive queues");
  absl::StatusOr<GidChoice> gid =
      ChooseGid(device->context.get(), port, device->is_ethernet(), options.address, options.gid_index);
  if (!gid.ok()) return gid.status();
  device->gid = *gid;
  device->domain.reset(::ibv_alloc_pd(device->context.get()));
  if (device->domain == nullptr) {
    return absl::UnavailableError(absl::StrCat("no protection domain: ", VerbsErrorName(errno)));
  }
  absl::Status status = ProveQueuePair(*device);
  if (!status.ok()) return status;
  return device;
}

}  // namespace

std::string Device::Describe() const {
  return absl::StrCat(is_ethernet() ? "RoCE" : "InfiniBand", ", MTU ", 128 << static_cast<int>(port.active_mtu),
                      ", GID ", gid.index, " (", GidName(gid.gid), ")");
}

std::string VerbsErrorName(int error) {
  switch (error) {
    case ENOMEM:
      return "not enough memory may be locked; raise the limit (ulimit -l, or LimitMEMLOCK of the service)";
    case EPERM:
    case EACCES:
      return "not permitted";
    case ENOSYS:
      return "the kernel's RDMA modules (ib_uverbs) are not loaded";
    default:
      return absl::AsciiStrToLower(std::generic_category().message(error));
  }
}

absl::Status RefreshPort(const PortOptions& options, Device* device) {
  ibv_port_attr port = {};
  if (::ibv_query_port(device->context.get(), device->port_number, &port) != 0) {
    return absl::UnavailableError("it does not say what it can do");
  }
  const bool is_ethernet = port.link_layer == IBV_LINK_LAYER_ETHERNET;
  const absl::StatusOr<GidChoice> gid =
      ChooseGid(device->context.get(), device->port_number, is_ethernet, options.address, options.gid_index);
  if (!gid.ok()) return gid.status();
  // Peers were told which network this port leads to; whether they can reach it is decided by that.
  if (NetworkOf(gid->gid, is_ethernet) != NetworkOf(device->gid.gid, device->is_ethernet())) {
    return absl::FailedPreconditionError(absl::StrCat("its address is of another kind now, ", GidName(gid->gid)));
  }
  device->port = port;
  device->gid = *gid;
  return absl::OkStatus();
}

PortCandidate CandidateOf(const Device& device) {
  return {device.name, device.gid.is_wanted_address, NumaNodeOfDevice(device.name.substr(0, device.name.rfind(':')))};
}

absl::Status VisitPorts(const PortOptions& options, absl::FunctionRef<void(FoundPort found)> visit) {
  int count = 0;
  const std::unique_ptr<ibv_device*[], Destroyer<ibv_free_device_list>> list(::ibv_get_device_list(&count));
  if (list == nullptr) {
    return absl::UnavailableError(absl::StrCat("RDMA devices cannot be listed: ", VerbsErrorName(errno)));
  }
  for (int i = 0; i < count; ++i) {
    const char* name = ::ibv_get_device_name(list[static_cast<size_t>(i)]);
    // The number of ports is only told by an open device.
    const ContextHandle context(::ibv_open_device(list[static_cast<size_t>(i)]));
    ibv_device_attr attributes = {};
    attributes.phys_port_cnt = 1;
    if (context != nullptr) (void)::ibv_query_device(context.get(), &attributes);
    for (uint8_t port = 1; port <= attributes.phys_port_cnt; ++port) {
      absl::StatusOr<std::unique_ptr<Device>> device =
          IsPortAllowed(options.devices, name, port)
              ? OpenPort(list[static_cast<size_t>(i)], port, options)
              : absl::CancelledError(absl::StrCat("it is left out by \"", options.devices, "\""));
      visit({absl::StrCat(name, ":", port), context.get(), port, std::move(device)});
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Device>> OpenDevice(const PortOptions& options) {
  auto devices = OpenDevices(options, 1);
  if (!devices.ok()) return devices.status();
  return std::move(devices->front());
}

absl::StatusOr<std::vector<std::unique_ptr<Device>>> OpenDevices(const PortOptions& options, size_t count) {
  std::vector<std::unique_ptr<Device>> usable;
  std::vector<PortCandidate> candidates;
  std::string reasons;
  absl::Status status = VisitPorts(options, [&](FoundPort found) {
    if (found.device.ok()) {
      candidates.push_back(CandidateOf(**found.device));
      usable.push_back(*std::move(found.device));
    } else {
      absl::StrAppend(&reasons, "; ", found.name, ": ", found.device.status().message());
    }
  });
  if (!status.ok()) return status;
  if (!usable.empty()) {
    std::vector<std::unique_ptr<Device>> chosen;
    for (const size_t place : ChooseRails(candidates, options, count)) {
      const auto network_of = [](const Device& device) { return NetworkOf(device.gid.gid, device.is_ethernet()); };
      if (!chosen.empty() && network_of(*usable[place]) != network_of(*chosen.front())) continue;
      chosen.push_back(std::move(usable[place]));
    }
    return chosen;
  }
  const std::string allowed = options.devices.empty() ? "" : absl::StrCat(" among \"", options.devices, "\"");
  if (!reasons.empty()) return absl::UnavailableError(absl::StrCat("no usable RDMA port", allowed, reasons));
  return absl::NotFoundError(absl::StrCat("this host has no RDMA device", allowed,
                                          "; is the driver loaded (soft-RoCE: modprobe rdma_rxe, rdma link add)?"));
}

}  // namespace tutti::verbs
