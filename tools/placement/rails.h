// SPDX-License-Identifier: Apache-2.0
// By which device each rank of a machine would send: the library's own choice (transports/verbs/port_choice.h), asked
// for every rank in turn, of a machine that need not be this one.
#ifndef TUTTI_TOOLS_PLACEMENT_RAILS_H_
#define TUTTI_TOOLS_PLACEMENT_RAILS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "tools/topology/ranks.h"
#include "transports/verbs/port_choice.h"

namespace tutti::placement {

// The active ports of a machine's RDMA devices, by name, as far as a list (TUTTI_VERBS_DEVICES; "": all) lets them
// pass. None has the job's address: a description says nothing of addresses.
std::vector<verbs::PortCandidate> PortsOf(const topology::Place& machine, absl::string_view devices);

// Gives each rank its rails, at most `rails`, and the reason for the first of them. Nothing where there is no port.
void GiveRails(const std::vector<verbs::PortCandidate>& ports, const verbs::PortOptions& options, size_t rails,
               std::vector<topology::LocalRank>* ranks);

}  // namespace tutti::placement

#endif  // TUTTI_TOOLS_PLACEMENT_RAILS_H_
