// SPDX-License-Identifier: Apache-2.0
// Runs a local job: starts the ranks, passes their output on line by line, forwards signals, and ends all when one fails.
// One thread, one poll loop. It knows nothing of tutti but the environment variables it sets.
#ifndef TUTTI_TOOLS_LAUNCH_SUPERVISOR_H_
#define TUTTI_TOOLS_LAUNCH_SUPERVISOR_H_

#include <string>
#include <vector>

#include "tools/launch/rank_process.h"

namespace tutti::launch {

// Each rank costs two descriptors here and a process; beyond this a cluster's launcher is the better tool.
inline constexpr int kMaxRanks = 4096;

inline constexpr int kTimedOutStatus = 124;     // as timeout(1)
inline constexpr int kCannotStartStatus = 127;  // as shells do

struct JobOptions {
  std::string name;                     // of the launcher, for its sentences on stderr
  int size = 1;                         // 1..kMaxRanks
  std::vector<Assignment> environment;  // on top of what the launcher sets
  double timeout_s = 0;                 // for the whole job; 0: none
  double grace_s = 3;                   // between SIGTERM and SIGKILL
  bool bind = false;                    // each rank to one of the CPUs that this process may use, in turn
  bool prefix_output = true;  // "[rank] " before each line; else ranks write to the launcher's streams directly
};

// Returns when no process of the job is left: 0, or the status of the first failure (128 + signal when killed by one),
// kTimedOutStatus, kCannotStartStatus. The calling process must have one thread and no other children that it waits for.
int RunJob(const JobOptions& options, const Program& program);

}  // namespace tutti::launch

#endif  // TUTTI_TOOLS_LAUNCH_SUPERVISOR_H_
