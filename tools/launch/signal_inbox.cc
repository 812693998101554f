// SPDX-License-Identifier: Apache-2.0
#include "tools/launch/signal_inbox.h"

#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tutti::launch {
namespace {

constexpr int kForwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

bool IsIgnored(int signal) {
  struct sigaction action = {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// A default: a child of a process that ignores SIGCHLD is reaped by the kernel, and its status is lost.
void HearOfChildren() {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &action, nullptr);
}

}  // namespace

bool SignalInbox::Open(int files, std::string* error) {
  ::sigprocmask(SIG_SETMASK, nullptr, &inherited_.signal_mask);
  ::sigaction(SIGPIPE, nullptr, &inherited_.sigpipe);
  ::getrlimit(RLIMIT_NOFILE, &inherited_.open_files);

  const rlim_t wanted = static_cast<rlim_t>(files) + 64;  // what is open already is little
  struct rlimit limit = inherited_.open_files;
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = std::min(wanted, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }

  sigset_t taken;
  ::sigemptyset(&taken);
  ::sigaddset(&taken, SIGCHLD);
  HearOfChildren();
  for (const int signal : kForwarded) {
    if (!IsIgnored(signal)) ::sigaddset(&taken, signal);
  }
  fd_ = UniqueFd(::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_.is_open()) {
    *error = std::string("cannot create a signalfd: ") + std::strerror(errno);
    return false;
  }
  ::sigprocmask(SIG_BLOCK, &taken, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return true;
}

int SignalInbox::Next() {
  signalfd_siginfo info;
  return ::read(fd_.get(), &info, sizeof(info)) == sizeof(info) ? static_cast<int>(info.ssi_signo) : 0;
}

SignalInbox::~SignalInbox() {
  if (!fd_.is_open()) return;
  while (Next() != 0) {  // else a SIGINT that all ranks have had would end us as well, before our own status is told
  }
  ::sigaction(SIGPIPE, &inherited_.sigpipe, nullptr);
  ::sigprocmask(SIG_SETMASK, &inherited_.signal_mask, nullptr);
  ::setrlimit(RLIMIT_NOFILE, &inherited_.open_files);
}

}  // namespace tutti::launch
