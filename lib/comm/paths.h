// SPDX-License-Identifier: Apache-2.0
// Which transport leads to a peer. A rank's card holds the addresses of all its transports; both ends of a pair see the
// same two cards, and so choose alike.
#ifndef TUTTI_LIB_COMM_PATHS_H_
#define TUTTI_LIB_COMM_PATHS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "lib/bootstrap/control_plane.h"
#include "lib/engine/operation.h"
#include "lib/transport/transport.h"

namespace tutti {

// The addresses of a rank's transports as one text for its card, each with its transport's name.
std::string EncodeAddresses(const std::vector<std::unique_ptr<Transport>>& transports);

// The first of this rank's transports that the peer has, too, and that reaches it. Those that share memory count only
// between ranks of one host. All ranks list their transports in the same order. Error: the card is malformed, or there is no common transport.
absl::StatusOr<PeerConnection> ChoosePath(const std::vector<std::unique_ptr<Transport>>& transports,
                                          absl::string_view own_host_id, const PeerCard& peer);

}  // namespace tutti

#endif  // TUTTI_LIB_COMM_PATHS_H_
