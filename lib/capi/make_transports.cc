// SPDX-License-Identifier: Apache-2.0
#include "lib/capi/make_transports.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "lib/base/log.h"
#include "lib/capi/cores.h"
#include "transports/shm/shm_transport.h"
#include "transports/tcp/tcp_transport.h"
#include "transports/verbs/locality.h"
#include "transports/verbs/locked_memory.h"
#include "transports/verbs/verbs_transport.h"

namespace tutti {
namespace {

using Transports = std::vector<std::unique_ptr<Transport>>;

absl::StatusOr<std::unique_ptr<Transport>> MakeShm(const JobSettings& settings, const std::string& secret) {
  shm::ShmOptions options;
  options.rank = settings.rank;
  options.size = settings.size;
  options.secret = secret;
  return shm::ShmTransport::Create(options);
}

absl::StatusOr<std::unique_ptr<Transport>> MakeTcp(const JobSettings& settings, const std::string& address,
                                                   const std::string& secret) {
  tcp::TcpOptions options;
  // Each time that a sender has to wait for room its core goes to another rank, of which there are enough.
  if (RanksOutnumberCores(settings)) options.one_host_send_bytes = 0;
  options.rank = settings.rank;
  options.size = settings.size;
  options.bind_address = address;
  options.secret = secret;
  options.pacing_bytes_per_s = settings.tcp_pacing_bits_per_s / 8;
  return tcp::TcpTransport::Create(options);
}

// On TCP connections of its own.
absl::StatusOr<std::unique_ptr<Transport>> MakeVerbs(const JobSettings& settings, const std::string& address,
                                                     const std::string& secret) {
  absl::StatusOr<std::unique_ptr<Transport>> control = MakeTcp(settings, address, secret);
  if (!control.ok()) return control;
  verbs::VerbsOptions options;
  options.rank = settings.rank;
  options.size = settings.size;
  options.rails = static_cast<uint32_t>(settings.verbs.rails);
  options.pairs_per_rail = static_cast<uint32_t>(settings.verbs.pairs_per_rail);
  options.falls_back = settings.use_tcp;
  options.port.address = address;
  options.port.devices = settings.verbs.devices;
  options.port.local_rank = settings.local_rank;
  options.port.local_size = settings.local_size;
  options.port.numa_node = verbs::NumaNodeOfThisProcess();
  options.port.gid_index = settings.verbs.gid_index;
  options.port.traffic_class = settings.verbs.traffic_class;
  options.port.service_level = settings.verbs.service_level;
  options.port.hop_limit = settings.verbs.hop_limit;
  options.port.ack_timeout = settings.verbs.ack_timeout;
  options.port.retry_count = settings.verbs.retry_count;
  absl::StatusOr<std::unique_ptr<verbs::VerbsTransport>> transport =
      verbs::VerbsTransport::Create(options, *std::move(control));
  if (!transport.ok()) return transport.status();
  TUTTI_LOG(kInfo, "RDMA by ", (*transport)->DescribeDevice());
  return transport;
}

// If nobody asked for RDMA by name it must not make a job fail that works without.
absl::Status CheckVerbsByDefault() {
  const std::string warning = verbs::LockedMemoryWarning(verbs::LockableBytes());
  return warning.empty() ? absl::OkStatus() : absl::FailedPreconditionError(warning);
}

absl::Status AddShm(const JobSettings& settings, const std::string& secret, Transports* transports) {
  absl::StatusOr<std::unique_ptr<Transport>> shm = MakeShm(settings, secret);
  if (shm.ok()) {
    transports->push_back(*std::move(shm));
  } else if (!settings.use_verbs && !settings.use_tcp) {
    return shm.status();
  } else {
    TUTTI_LOG(kWarn, "shared memory cannot be used here, another transport takes its place: ", shm.status().message());
  }
  return absl::OkStatus();
}

absl::Status AddVerbs(const JobSettings& settings, const std::string& address, const std::string& secret,
                      Transports* transports) {
  const bool asked = settings.IsGiven("TUTTI_TRANSPORT");
  absl::Status status = asked ? absl::OkStatus() : CheckVerbsByDefault();
  if (status.ok()) {
    absl::StatusOr<std::unique_ptr<Transport>> verbs = MakeVerbs(settings, address, secret);
    if (verbs.ok()) {
      transports->push_back(*std::move(verbs));
      return absl::OkStatus();
    }
    status = verbs.status();
  }
  if (!settings.use_tcp) {
    return absl::Status(status.code(),
                        absl::StrCat("TUTTI_TRANSPORT names verbs and not tcp, but RDMA cannot be used on this host: ",
                                     status.message()));
  }
  if (asked) {
    TUTTI_LOG(kWarn, "RDMA cannot be used here, TCP takes its place: ", status.message());
  } else {
    TUTTI_LOG(kInfo, "no RDMA: ", status.message());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Transports> MakeTransports(const JobSettings& settings, const std::string& address,
                                          const std::string& secret) {
  Transports transports;
  absl::Status status;
  if (settings.use_shm && settings.local_size != 1) status = AddShm(settings, secret, &transports);
  // Where shared memory reaches all ranks nobody would use a device.
  const bool all_share_memory = !transports.empty() && settings.single_host();
  if (status.ok() && settings.use_verbs && settings.size > 1 && !all_share_memory) {
    status = AddVerbs(settings, address, secret, &transports);
  }
  if (!status.ok()) return status;
  if (settings.use_tcp) {
    absl::StatusOr<std::unique_ptr<Transport>> tcp = MakeTcp(settings, address, secret);
    if (!tcp.ok()) return tcp.status();
    transports.push_back(*std::move(tcp));
  }
  return transports;
}

}  // namespace tutti
