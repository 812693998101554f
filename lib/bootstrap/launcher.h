// SPDX-License-Identifier: Apache-2.0
// What torchrun, Slurm, Open MPI and PMI launchers tell a process about its place in the job, brought to one form. Pure
// functions of the environment. They never know tutti's own variables.
#ifndef TUTTI_LIB_BOOTSTRAP_LAUNCHER_H_
#define TUTTI_LIB_BOOTSTRAP_LAUNCHER_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "lib/bootstrap/environment.h"

namespace tutti {

// A value as text, not yet checked, and where it comes from ("SLURM_PROCID").
struct LauncherFact {
  std::string text;
  std::string origin;
};

struct LauncherFacts {
  std::string family;  // "torchrun", "Slurm", "Open MPI", "PMI"; "" if there is no launcher
  std::optional<LauncherFact> rank;
  std::optional<LauncherFact> size;
  std::optional<LauncherFact> local_rank;
  std::optional<LauncherFact> local_size;
  std::optional<LauncherFact> rendezvous;
  std::optional<LauncherFact> job_id;

  bool complete() const { return rank.has_value() && size.has_value(); }
  bool partial() const { return rank.has_value() != size.has_value(); }
};

// `port`: what TUTTI_PORT says, for the rendezvous; without it a port is derived from the launcher's own facts.
LauncherFacts FactsFromTorchrun(const Environment& environment, std::optional<int> port);
LauncherFacts FactsFromSlurm(const Environment& environment, std::optional<int> port);
LauncherFacts FactsFromOpenMpi(const Environment& environment);
LauncherFacts FactsFromPmi(const Environment& environment);

// The facts of one family, never a mixture: the first of torchrun, Slurm, Open MPI, PMI that names both rank and size.
// One exception: an MPI launcher inside a Slurm step gets Slurm's variables from its own daemons, where they count
// daemons, not ranks; so where the two disagree, MPI's are taken. If no family is complete, one that is partial is
// returned, for the caller to report; else facts without a family.
LauncherFacts DetectLauncher(const Environment& environment, std::optional<int> port);

// What Slurm says of a host's place in the network, in SLURM_TOPOLOGY_ADDR: "spine1/rack3" and the node's name. Empty if it says
// nothing, or not in the form that SLURM_TOPOLOGY_ADDR_PATTERN announces. Not yet checked.
struct SlurmPlace {
  std::string switches;
  std::string node;
};
SlurmPlace PlaceFromSlurm(const Environment& environment);

// A port that all processes derive alike from a text that only their job has. 20480..32767: above the well-known ones,
// below those that Linux hands to outgoing connections.
int DerivePort(absl::string_view seed);

// "/tmp/tutti-<user id>/<key>.rendezvous", the key made fit for a file name.
std::string PrivateRendezvousPath(const Environment& environment, absl::string_view key);

// "tcp://host:port", with brackets around an IPv6 host.
std::string TcpRendezvous(absl::string_view host, int port);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_LAUNCHER_H_
