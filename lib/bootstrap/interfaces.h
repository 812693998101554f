// SPDX-License-Identifier: Apache-2.0
// Which of this host's addresses the other ranks should use for data. The choice is a pure function; only
// ListInterfaces and DefaultRouteAddress ask the system.
//
// A choice that is wrong here is slow or hangs far away: a loopback address that a host name happens to resolve to
// (127.0.1.1 in many /etc/hosts) is never taken for a job that may span hosts.
#ifndef TUTTI_LIB_BOOTSTRAP_INTERFACES_H_
#define TUTTI_LIB_BOOTSTRAP_INTERFACES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/bootstrap/ip_address.h"

namespace tutti {

// One address of one network interface; an interface with several has several of these.
struct NetworkInterface {
  std::string name;
  IpAddress address;
  bool is_up = false;
};

// All of this host's, in the system's order.
absl::StatusOr<std::vector<NetworkInterface>> ListInterfaces();

// The local address by which this host would reach the Internet (no packet is sent); nothing without such a route.
std::optional<IpAddress> DefaultRouteAddress();

// The interfaces that a pattern (TUTTI_INTERFACE) admits, best first. The pattern: names and CIDR blocks, comma
// separated; without "^" in front they are taken, in their order; with it they are left out, and so is loopback unless
// `with_loopback`. An empty pattern admits all but loopback (which comes last, `with_loopback`). Interfaces that are
// down and IPv6 link-local addresses are never admitted. May be empty. InvalidArgument for a malformed pattern.
absl::StatusOr<std::vector<NetworkInterface>> AdmitInterfaces(absl::Span<const NetworkInterface> interfaces,
                                                              absl::string_view pattern, bool with_loopback);

struct AddressQuestion {
  absl::Span<const NetworkInterface> interfaces;
  absl::string_view pattern;                 // TUTTI_INTERFACE, may be empty
  std::optional<IpAddress> route_to_rank_0;  // this end of the connection to rank 0
  bool loopback_is_right = false;  // all ranks are on this host, or rank 0's address is a loopback address on purpose
  std::optional<IpAddress> default_route;
};

// 1. With a pattern: the address that routes to rank 0 if admitted, else the first admitted one of its IP version, else
//    the first admitted one. NotFound with a list of what there is if none is.
// 2. Without: the address that routes to rank 0, unless it is a wrong loopback; then the one of the default route; then
//    the first that is not loopback; then, on a host without any network, loopback.
absl::StatusOr<IpAddress> ChooseAddress(const AddressQuestion& question);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_INTERFACES_H_
