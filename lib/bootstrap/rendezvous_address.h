// SPDX-License-Identifier: Apache-2.0
// The texts by which a rendezvous is named: "tcp://host:port" and "file:///path". Parsing only; it never resolves a
// name.
#ifndef TUTTI_LIB_BOOTSTRAP_RENDEZVOUS_ADDRESS_H_
#define TUTTI_LIB_BOOTSTRAP_RENDEZVOUS_ADDRESS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "lib/bootstrap/settings.h"

namespace tutti {

struct HostPort {
  std::string host;  // a name or a numeric address, without brackets
  int port = 0;

  std::string ToString() const;  // brackets where needed
};

// "host:port" or "[v6 address]:port", port 1..65535. Nothing if malformed.
std::optional<HostPort> ParseHostPort(absl::string_view text);

// kTcp or kFile if the text is a well-formed rendezvous, else nothing.
std::optional<RendezvousKind> RendezvousKindOf(absl::string_view text);

// The parts after the scheme; the text must be of that kind.
HostPort RendezvousHostPort(absl::string_view text);
std::string RendezvousPath(absl::string_view text);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_RENDEZVOUS_ADDRESS_H_
