// SPDX-License-Identifier: Apache-2.0
// Which of several usable ports a rank takes. Pure: it knows what was found, and asks nobody.
#ifndef TUTTI_TRANSPORTS_VERBS_PORT_CHOICE_H_
#define TUTTI_TRANSPORTS_VERBS_PORT_CHOICE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "transports/verbs/locality.h"
#include "transports/verbs/verbs_options.h"

namespace tutti::verbs {

struct PortCandidate {
  std::string name;          // "mlx5_0:1"
  bool has_address = false;  // the job's
  int numa_node = kAnywhere;
};

// Whether PortOptions::devices lets a port of a device pass.
bool IsPortAllowed(absl::string_view devices, absl::string_view device, int port);

// The place of the one that is taken. A port with the job's address goes first, then one of the rank's own NUMA node. Of
// those that are equal the ranks of a host take one each in turn, as their local ranks say, so that none carries them all, also
// where launchers deal ranks out to NUMA nodes by turns; a rank that does not know its local rank takes the first. `candidates` is not empty.
size_t ChoosePort(absl::Span<const PortCandidate> candidates, const PortOptions& options);

// The places of the ports that carry a rank's messages together: the one that ChoosePort takes first, then the next best,
// at most `count`. Of those that are equally good it is those that come after the first, in a circle.
std::vector<size_t> ChooseRails(absl::Span<const PortCandidate> candidates, const PortOptions& options, size_t count);

// Why the candidate at `index` was chosen, or was not.
std::string ReasonOf(absl::Span<const PortCandidate> candidates, const PortOptions& options, size_t chosen,
                     size_t index);

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_PORT_CHOICE_H_
