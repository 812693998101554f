// SPDX-License-Identifier: Apache-2.0
// Whether the process that wrote a record is still there. A process id alone is given out again; together with the moment in
// which the process started it is not.
#ifndef TUTTI_LIB_RECORDER_PROCESS_STATE_H_
#define TUTTI_LIB_RECORDER_PROCESS_STATE_H_

#include <cstdint>

namespace tutti {

struct ProcessIdentity {
  int64_t pid = 0;
  uint64_t start_ticks = 0;    // since boot; 0: could not be found out
  uint64_t pid_namespace = 0;  // 0: could not be found out
};

ProcessIdentity ThisProcess();

enum class ProcessState : uint8_t {
  kAlive,
  kStopped,  // by SIGSTOP, or by a debugger
  kDead,
  kUnknown,  // its id means nothing here: it runs in another container, or /proc cannot be read
};

ProcessState StateOf(const ProcessIdentity& process);

}  // namespace tutti

#endif  // TUTTI_LIB_RECORDER_PROCESS_STATE_H_
