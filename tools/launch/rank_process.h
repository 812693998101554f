// SPDX-License-Identifier: Apache-2.0
// One rank of a local job as a process: how it is started, and what is known when it has ended. It leads a process group
// of its own and gets SIGKILL from the kernel if the launcher dies.
#ifndef TUTTI_TOOLS_LAUNCH_RANK_PROCESS_H_
#define TUTTI_TOOLS_LAUNCH_RANK_PROCESS_H_

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "tools/launch/rank_environment.h"
#include "tools/launch/unique_fd.h"

namespace tutti::launch {

// What a rank runs: a function of this program if there is one, whose result is its exit status, else an executable.
struct Program {
  std::vector<std::string> argv;
  std::function<int()> function;
};

// What the launcher changed for itself, and a rank must have as it was.
struct InheritedState {
  sigset_t signal_mask;
  struct sigaction sigpipe;
  struct rlimit open_files;
};

struct RankStart {
  const Program* program;
  const InheritedState* inherited;
  std::vector<Assignment> environment;
  std::vector<int> launcher_fds;  // closed in a rank that runs a function
  bool capture_output;            // else the rank writes to the launcher's own stdout and stderr
  int cpu = -1;                   // that it is bound to; -1: to none
};

struct ExitStatus {
  bool by_signal = false;
  int value = 0;  // exit status or signal number
  bool core_dumped = false;

  bool ok() const { return !by_signal && value == 0; }
  int AsShellStatus() const { return by_signal ? 128 + value : value; }
  std::string Describe() const;  // "exited with status 3", "was killed by signal 11 (Segmentation fault)"
};

class RankProcess {
 public:
  // False with a sentence in *error. If the rank's executable cannot be run, *exec_failed is set, and nothing is left of
  // the process. From a process with one thread only.
  bool Start(const RankStart& start, std::string* error, bool* exec_failed);

  pid_t pid() const { return pid_; }  // also its process group
  bool running() const { return running_; }

  // Looks whether it has ended; if so running() becomes false. It is not reaped before Reap, so that its number, which is
  // also its group's, cannot be given to a stranger.
  void Poll();
  const ExitStatus& exit_status() const { return exit_status_; }
  void Reap();

  // The launcher's ends of the rank's stdout and stderr; closed when they have ended, or not captured.
  UniqueFd out;
  UniqueFd err;

 private:
  pid_t pid_ = -1;
  bool running_ = false;
  ExitStatus exit_status_;
};

}  // namespace tutti::launch

#endif  // TUTTI_TOOLS_LAUNCH_RANK_PROCESS_H_
