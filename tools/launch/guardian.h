// SPDX-License-Identifier: Apache-2.0
// A process of its own that outlives the launcher by a moment: should the launcher be killed by SIGKILL, which nobody can
// catch, it ends what the ranks started and removes the job's directory. (The ranks themselves get SIGKILL from the kernel,
// by PR_SET_PDEATHSIG, but that does not reach their children.)
#ifndef TUTTI_TOOLS_LAUNCH_GUARDIAN_H_
#define TUTTI_TOOLS_LAUNCH_GUARDIAN_H_

#include <sys/types.h>

#include <string>

#include "tools/launch/unique_fd.h"

namespace tutti::launch {

class Guardian {
 public:
  Guardian() = default;
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;
  ~Guardian();  // as Release

  // Forks it. Call before any rank is started, from a process with one thread. False with a sentence in *error.
  bool Start(const std::string& directory, std::string* error);

  // Adds a process group to what it ends.
  void Watch(pid_t group);

  // Nothing is left to guard: it goes without touching anything. Waits until it has gone.
  void Release();

  // To be closed in every rank that does not exec: as long as somebody holds it, the launcher seems alive.
  int fd() const { return lifeline_.get(); }

 private:
  void Tell(pid_t message);

  UniqueFd lifeline_;
  pid_t pid_ = -1;
};

}  // namespace tutti::launch

#endif  // TUTTI_TOOLS_LAUNCH_GUARDIAN_H_
