// SPDX-License-Identifier: Apache-2.0
// One rank's way into the service: connect, prove membership both ways, introduce oneself. One attempt; when and where
// to try again is for the caller (rendezvous.h).
#ifndef TUTTI_LIB_BOOTSTRAP_DIAL_H_
#define TUTTI_LIB_BOOTSTRAP_DIAL_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/unique_fd.h"
#include "lib/bootstrap/auth.h"
#include "lib/bootstrap/control_plane.h"
#include "lib/bootstrap/frame.h"
#include "lib/bootstrap/ip_address.h"

namespace tutti {

// An authenticated, admitted connection.
struct DialedConnection {
  UniqueFd fd;
  FrameReader frames;  // may already hold bytes that came behind the welcome
  Nonce job_nonce = {};
  SocketAddress local;
  SocketAddress remote;
};

// Unavailable, DeadlineExceeded: nobody there, or lost on the way; may work later. Unauthenticated, InvalidArgument:
// somebody else is there; may work later if that is a leftover. FailedPrecondition: this process is refused (the
// sentence says why); it will not work later.
//
// prove_by_ns: until when the other end must have proved itself, so that a dead address does not eat all the time.
// deadline_ns: from then on this rank is known to be at the right door, and waits there, however slow the hosts are: to
// go away and come back would look like a death.
absl::StatusOr<DialedConnection> Dial(const SocketAddress& address, const Mac& job_key, const PeerCard& self, int size,
                                      int64_t prove_by_ns, int64_t deadline_ns);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_DIAL_H_
