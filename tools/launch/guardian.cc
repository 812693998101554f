// SPDX-License-Identifier: Apache-2.0
#include "tools/launch/guardian.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "tools/launch/job_directory.h"
#include "tools/launch/process_groups.h"

namespace tutti::launch {
namespace {

constexpr pid_t kReleased = 0;  // no process group has this number

[[noreturn]] void Guard(int lifeline, const std::string& directory) {
  ::prctl(PR_SET_NAME, "tutti-guardian");
  // Away from the terminal's signals, and from whoever waits for the launcher's output to be closed.
  ::setsid();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::signal(signal, SIG_IGN);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd <= 2; ++fd) ::dup2(null, fd);

  std::vector<pid_t> groups;
  for (;;) {
    pid_t message = kReleased;
    const ssize_t n = ::read(lifeline, &message, sizeof(message));
    if (n < 0 && errno == EINTR) continue;
    if (n != sizeof(message)) break;
    if (message == kReleased) ::_exit(0);
    groups.push_back(message);
  }
  SignalGroups(groups, SIGKILL);
  RemoveTree(directory);
  ::_exit(0);
}

}  // namespace

bool Guardian::Start(const std::string& directory, std::string* error) {
  UniqueFd read_end;
  if (!MakePipe(&read_end, &lifeline_)) {
    *error = std::string("cannot create a pipe: ") + std::strerror(errno);
    return false;
  }
  pid_ = ::fork();
  if (pid_ < 0) {
    *error = std::string("cannot start a process: ") + std::strerror(errno);
    return false;
  }
  if (pid_ == 0) {
    lifeline_.Close();
    Guard(read_end.get(), directory);
  }
  return true;
}

void Guardian::Tell(pid_t message) {
  // Fails only if somebody killed the guardian; the job does not need it then.
  while (lifeline_.is_open() && ::write(lifeline_.get(), &message, sizeof(message)) < 0 && errno == EINTR) {
  }
}

void Guardian::Watch(pid_t group) { Tell(group); }

void Guardian::Release() {
  if (pid_ <= 0) return;
  Tell(kReleased);
  lifeline_.Close();
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

Guardian::~Guardian() { Release(); }

}  // namespace tutti::launch
