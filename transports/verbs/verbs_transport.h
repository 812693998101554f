// SPDX-License-Identifier: Apache-2.0
// The RDMA transport: one reliable queue pair per pair of ranks, and one more for each channel's large messages. See
// README.md for the protocol and lib/transport/transport.h for what it promises.
//
// It stands on another transport, its control transport (TCP), which finds the peers, proves who they are, carries the
// two messages that join queue pairs, and notices at once when a peer is gone.
#ifndef TUTTI_TRANSPORTS_VERBS_VERBS_TRANSPORT_H_
#define TUTTI_TRANSPORTS_VERBS_VERBS_TRANSPORT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "lib/base/clock.h"
#include "lib/transport/transport.h"
#include "transports/verbs/verbs_options.h"

namespace tutti::verbs {

class VerbsTransport : public Transport {
 public:
  // Opens a device. `control` is this rank's endpoint of the same job, used by nobody else; messages of 64 bytes must be
  // small ones for it. Errors: an option out of range; no usable device, with a sentence for each port; a limit on locked
  // memory that is too low. `clock`: borrowed; nullptr: MonotonicClock().
  static absl::StatusOr<std::unique_ptr<VerbsTransport>> Create(const VerbsOptions& options,
                                                                std::unique_ptr<Transport> control,
                                                                Clock* clock = nullptr);

  // "mlx5_0:1: RoCE, MTU 4096, GID 3 (::ffff:10.0.0.1)"
  virtual std::string DescribeDevice() const = 0;
};

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_VERBS_TRANSPORT_H_
