// SPDX-License-Identifier: Apache-2.0
// The listening socket, and the connections that were accepted but have not yet proved that they belong to the job.
// There are never more than a fixed number of these, and each has a short time; the rest waits in the kernel's queue.
#ifndef TUTTI_LIB_CONNECT_ACCEPTOR_H_
#define TUTTI_LIB_CONNECT_ACCEPTOR_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"

#include "lib/base/unique_fd.h"
#include "lib/connect/connect_options.h"
#include "lib/connect/endpoint_address.h"
#include "lib/connect/handshake.h"
#include "lib/connect/poller.h"

namespace tutti::connect {

// A connection whose other end is proved.
struct Admitted {
  UniqueFd fd;
  HandshakePeer peer;
};

class Acceptor {
 public:
  // All are borrowed. Tags: `listener_tag` for the listener, `half_open_tag` + slot for the others.
  Acceptor(const ConnectOptions& options, const HandshakeIdentity& self, Poller& poller, uint64_t listener_tag,
           uint64_t half_open_tag)
      : options_(options), self_(self), poller_(poller), listener_tag_(listener_tag), half_open_tag_(half_open_tag) {}

  // Listens on `address` with a port of the kernel's choice, which is written into it.
  absl::Status Open(SocketAddress* address);

  // The listener is readable: accepts while there is room.
  void AcceptPending(int64_t now_ns);

  // The half-open connection of `slot` is readable. It is handed out when it has proved itself.
  std::optional<Admitted> Advance(size_t slot);

  // Drops those whose time is over. Returns when to come back, or kForeverNs.
  int64_t DropExpired(int64_t now_ns);

  size_t num_half_open() const { return num_half_open_; }
  // True while DropExpired has something to watch.
  bool needs_time() const { return num_half_open_ > 0 || resume_ns_ != 0; }

 private:
  struct HalfOpen {
    UniqueFd fd;
    std::optional<Handshake> handshake;
    int64_t deadline_ns = 0;
  };

  void Release(HalfOpen& half_open);

  const ConnectOptions& options_;
  const HandshakeIdentity& self_;
  Poller& poller_;
  const uint64_t listener_tag_;
  const uint64_t half_open_tag_;
  UniqueFd listener_;
  bool listening_ = false;  // false while there is no room: the listener would wake the poller for nothing
  int64_t resume_ns_ = 0;   // not before this time, after the kernel ran out of descriptors
  std::vector<HalfOpen> slots_;
  size_t num_half_open_ = 0;
};

}  // namespace tutti::connect

#endif  // TUTTI_LIB_CONNECT_ACCEPTOR_H_
