// SPDX-License-Identifier: Apache-2.0
// Which system calls a thread makes: the kernel is asked to hand them over before it does them, and each is noted, and done.
#ifndef TUTTI_TESTS_MULTI_PROCESS_SYSCALL_WATCH_H_
#define TUTTI_TESTS_MULTI_PROCESS_SYSCALL_WATCH_H_

namespace tutti::multi_process {

// Makes ready to watch the calling thread, which is to be the only one. False: this kernel cannot (Linux 5.11 on x86-64 can).
bool PrepareSyscallWatch();

// From here to StopWatching the first system call of the thread is noted. Neither makes one itself.
void WatchSyscalls();
// Its number; -1: there was none.
long StopWatching();

}  // namespace tutti::multi_process

#endif  // TUTTI_TESTS_MULTI_PROCESS_SYSCALL_WATCH_H_
