// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/rendezvous_host.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/bootstrap/interfaces.h"
#include "lib/bootstrap/private_file.h"
#include "lib/bootstrap/rendezvous_address.h"
#include "lib/bootstrap/resolve_host.h"
#include "lib/bootstrap/service_notice.h"
#include "lib/bootstrap/socket.h"

namespace tutti {
namespace {

constexpr int64_t kOwnNameNs = 3 * kNsPerSecond;  // the others wait, and it is only good to know

// A numeric address is listened at as it is. A name is not: on this very host it often resolves to a loopback address
// that the other hosts cannot reach, so rank 0 listens on all of its addresses; but a name that means loopback
// everywhere is obeyed.
absl::StatusOr<UniqueFd> ListenForTcp(const HostPort& place) {
  const auto port = static_cast<uint16_t>(place.port);
  if (const std::optional<IpAddress> ip = IpAddress::Parse(place.host)) {
    return ip->IsAny() ? ListenEverywhere(port) : ListenAt({*ip, port});
  }
  if (place.host == "localhost") return ListenAt({IpAddress::Loopback(), port});
  return ListenEverywhere(port);
}

absl::Status ExplainListen(const HostPort& place, const absl::Status& status) {
  std::string hint;
  if (absl::IsAlreadyExists(status))
    hint = "; another process listens there: choose another port (TUTTI_PORT or TUTTI_RENDEZVOUS)";
  if (absl::IsNotFound(status)) hint = "; the rendezvous must name the host that rank 0 runs on";
  return absl::Status(status.code(), absl::StrCat("rank 0 cannot open the rendezvous tcp://", place.ToString(), ": ",
                                                  status.message(), hint));
}

// Where others may find a service that listens everywhere.
absl::StatusOr<std::vector<SocketAddress>> AddressesToTell(const JobSettings& settings, uint16_t port) {
  auto interfaces = ListInterfaces();
  if (!interfaces.ok()) return interfaces.status();
  AddressQuestion question;
  question.interfaces = *interfaces;
  question.pattern = settings.interface;
  question.default_route = DefaultRouteAddress();
  const auto best = ChooseAddress(question);
  if (!best.ok()) return best.status();
  std::vector<SocketAddress> addresses = {{*best, port}};
  const auto admitted = AdmitInterfaces(*interfaces, settings.interface, /*with_loopback=*/false);
  if (!admitted.ok()) return admitted.status();
  for (const NetworkInterface& interface : *admitted) {
    if (interface.address != *best && addresses.size() < kMaxNoticeAddresses)
      addresses.push_back({interface.address, port});
  }
  return addresses;
}

// Which of this host's addresses a name stands for, loopback aside.
std::optional<IpAddress> OwnAddressOf(const std::string& host, int64_t deadline_ns) {
  const int64_t patience_ns = DeadlineAfterNs(MonotonicClock().NowNs(), kOwnNameNs);
  const auto resolved = ResolveHost(host, 0, std::min(deadline_ns, patience_ns));
  const auto interfaces = ListInterfaces();
  if (!resolved.ok() || !interfaces.ok()) return std::nullopt;
  for (const SocketAddress& address : *resolved) {
    for (const NetworkInterface& interface : *interfaces) {
      if (interface.address == address.ip && !address.ip.IsLoopback()) return address.ip;
    }
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<HostedService> HostService(const JobSettings& settings, int64_t deadline_ns) {
  const bool by_tcp = settings.rendezvous_kind == RendezvousKind::kTcp && settings.size > 1;
  const HostPort place = by_tcp ? RendezvousHostPort(settings.rendezvous) : HostPort{};
  absl::StatusOr<UniqueFd> listener = by_tcp                   ? ListenForTcp(place)
                                      : settings.single_host() ? ListenAt({IpAddress::Loopback(), 0})
                                                               : ListenEverywhere(0);
  if (!listener.ok()) return by_tcp ? ExplainListen(place, listener.status()) : listener.status();
  const std::optional<SocketAddress> bound = LocalAddress(listener->get());
  if (!bound) return absl::UnavailableError("rank 0 cannot learn where its own service listens");

  HostedService hosted;
  // A service that listens everywhere is reached by IPv4 loopback also where it has an IPv6 socket.
  hosted.own_way = bound->ip.IsAny() ? SocketAddress{IpAddress::Loopback(), bound->port} : *bound;

  if (!bound->ip.IsAny()) {
    hosted.known_address = bound->ip;
  } else if (by_tcp) {
    hosted.known_address = OwnAddressOf(place.host, deadline_ns);
  }

  ServiceNotice notice;
  std::string text;
  ServiceOptions options;
  if (!by_tcp) {
    Nonce ticket;
    if (absl::Status random = FillRandom(ticket.data(), ticket.size()); !random.ok()) return random;
    notice.ticket = absl::BytesToHexString({reinterpret_cast<const char*>(ticket.data()), ticket.size()});
    notice.addresses = {hosted.own_way};
    if (!settings.single_host()) {
      auto addresses = AddressesToTell(settings, bound->port);
      if (!addresses.ok()) return addresses.status();
      notice.addresses = *std::move(addresses);
    }
    text = notice.ToText();
  }
  const bool by_file = settings.rendezvous_kind == RendezvousKind::kFile && settings.size > 1;
  const std::string path = by_file ? RendezvousPath(settings.rendezvous) : "";
  if (by_file) options.on_all_joined = [path, text] { RemovePrivateFile(path, text); };

  hosted.job_key = DeriveJobKey(settings.secret, settings.job_id, notice.ticket);
  auto service = Service::Start(*std::move(listener), hosted.job_key, settings.size, std::move(options));
  if (!service.ok()) return service.status();
  hosted.service = *std::move(service);
  if (by_file) {
    if (absl::Status written = WritePrivateFile(path, text); !written.ok()) return written;
  }
  hosted.notice = std::move(text);
  return hosted;
}

}  // namespace tutti
