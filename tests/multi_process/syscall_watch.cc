// SPDX-License-Identifier: Apache-2.0
#include "tests/multi_process/syscall_watch.h"

#include <errno.h>
#include <linux/prctl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

namespace tutti::multi_process {

#if defined(PR_SET_SYSCALL_USER_DISPATCH) && defined(__x86_64__)

namespace {

// The kernel reads it at each system call of the thread.
volatile char selector = SYSCALL_DISPATCH_FILTER_ALLOW;
volatile long noted = -1;

void OnHandedOver(int, siginfo_t* info, void* context) {
  selector = SYSCALL_DISPATCH_FILTER_ALLOW;  // until the next WatchSyscalls: also for the return from here
  noted = info->si_syscall;
  const int saved_errno = errno;
  greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const long result = syscall(info->si_syscall, registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                              registers[REG_R10], registers[REG_R8], registers[REG_R9]);
  registers[REG_RAX] = result == -1 ? -errno : result;
  errno = saved_errno;
}

}  // namespace

bool PrepareSyscallWatch() {
  struct sigaction action = {};
  action.sa_sigaction = OnHandedOver;
  action.sa_flags = SA_SIGINFO;
  return sigaction(SIGSYS, &action, nullptr) == 0 &&
         prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0L, 0L, &selector) == 0;
}

void WatchSyscalls() {
  noted = -1;
  selector = SYSCALL_DISPATCH_FILTER_BLOCK;
}

long StopWatching() {
  selector = SYSCALL_DISPATCH_FILTER_ALLOW;
  return noted;
}

#else

bool PrepareSyscallWatch() { return false; }
void WatchSyscalls() {}
long StopWatching() { return -1; }

#endif

}  // namespace tutti::multi_process
