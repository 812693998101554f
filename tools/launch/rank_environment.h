// SPDX-License-Identifier: Apache-2.0
// The environment variables by which a rank of a local job knows its place.
#ifndef TUTTI_TOOLS_LAUNCH_RANK_ENVIRONMENT_H_
#define TUTTI_TOOLS_LAUNCH_RANK_ENVIRONMENT_H_

#include <string>
#include <utility>
#include <vector>

namespace tutti::launch {

using Assignment = std::pair<std::string, std::string>;  // name, value

// What all ranks share: size, rendezvous, interface, secret, then `wishes`, which win over all of these. An interface and a
// secret that the user has set in the environment stay. `directory` must be fresh and private. A system without randomness gives an empty list and a sentence in *error.
std::vector<Assignment> JobEnvironment(int size, const std::string& directory, const std::vector<Assignment>& wishes,
                                       std::string* error);

// What is this rank's alone.
std::vector<Assignment> RankEnvironment(int rank);

// Reads "NAME=VALUE". False with a sentence in *error if it is none, or if the launcher itself must set NAME.
bool ParseAssignment(const std::string& text, Assignment* assignment, std::string* error);

}  // namespace tutti::launch

#endif  // TUTTI_TOOLS_LAUNCH_RANK_ENVIRONMENT_H_
