// SPDX-License-Identifier: Apache-2.0
// How the ranks find rank 0's service, in each of the three ways, and how rank 0 makes it findable.
#ifndef TUTTI_LIB_BOOTSTRAP_RENDEZVOUS_H_
#define TUTTI_LIB_BOOTSTRAP_RENDEZVOUS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/bootstrap/dial.h"
#include "lib/bootstrap/ip_address.h"
#include "lib/bootstrap/service.h"
#include "lib/bootstrap/settings.h"

namespace tutti {

// The caller's own channel: gathers the contribution of every rank (all of one length) into *gathered, in rank order.
// Collective: every rank calls it the same number of times.
using ExchangeFunction = std::function<absl::Status(absl::string_view contribution, std::string* gathered)>;

// A rank's way in, and at rank 0 the service itself.
struct Meeting {
  std::unique_ptr<Service> service;  // rank 0 only
  DialedConnection connection;
  Mac job_key = {};
  // This rank's address on the way between it and rank 0; nothing if that cannot be told (rank 0, under a name that
  // does not say which of its networks is meant).
  std::optional<IpAddress> route;
  bool on_loopback = false;  // rank 0's address is a loopback address, and meant to be
};

// Returns when this rank is admitted to the job. self: what the service is told (without address). exchange: only for
// RendezvousKind::kExchange. DeadlineExceeded says what was tried and what came of it; InvalidArgument,
// FailedPrecondition, AlreadyExists, NotFound, PermissionDenied: what will not get better by waiting.
absl::StatusOr<Meeting> Meet(const JobSettings& settings, const PeerCard& self, const ExchangeFunction& exchange,
                             int64_t deadline_ns);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_RENDEZVOUS_H_
