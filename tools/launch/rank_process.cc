// SPDX-License-Identifier: Apache-2.0
#include "tools/launch/rank_process.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tools/cpus/cpus.h"

namespace tutti::launch {
namespace {

constexpr int kCannotExec = 127;  // as shells do

void RestoreInherited(const InheritedState& inherited) {
  ::setrlimit(RLIMIT_NOFILE, &inherited.open_files);
  ::sigaction(SIGPIPE, &inherited.sigpipe, nullptr);
  ::sigprocmask(SIG_SETMASK, &inherited.signal_mask, nullptr);
}

// In the new process. Ranks read nothing: which of them would get the terminal's line?
void ConnectStreams(int out, int err) {
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(null, 0);
  if (out >= 0) ::dup2(out, 1);
  if (err >= 0) ::dup2(err, 2);
}

[[noreturn]] void Execute(const Program& program, int report_fd) {
  std::vector<char*> argv;
  for (const std::string& argument : program.argv) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  const int error = errno;
  // Four bytes into an empty pipe: all or nothing.
  if (::write(report_fd, &error, sizeof(error)) < 0) ::_exit(kCannotExec);
  ::_exit(kCannotExec);
}

[[noreturn]] void BecomeRank(const RankStart& start, pid_t launcher, int out, int err, UniqueFd report) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launcher) ::_exit(kCannotExec);  // it died before the line above
  ConnectStreams(out, err);
  RestoreInherited(*start.inherited);
  if (start.cpu >= 0 && !BindTo(start.cpu)) {
    std::fprintf(stderr, "cannot be bound to CPU %d: %s; it runs unbound\n", start.cpu, std::strerror(errno));
  }
  for (const auto& [name, value] : start.environment) ::setenv(name.c_str(), value.c_str(), 1);
  if (!start.program->function) Execute(*start.program, report.get());
  for (const int fd : start.launcher_fds) ::close(fd);
  report.Close();
  std::exit(start.program->function());
}

std::string CannotExecute(const std::string& program, int error) {
  std::string sentence = "cannot execute \"" + program + "\": " + std::strerror(error);
  if (error == ENOENT) sentence += "; is it spelled right, and in PATH or given with its path?";
  if (error == EACCES) sentence += "; is it a program, with the permission to execute it?";
  return sentence;
}

}  // namespace

std::string ExitStatus::Describe() const {
  if (!by_signal) return "exited with status " + std::to_string(value);
  const char* core = core_dumped ? ", core dumped" : "";
  return "was killed by signal " + std::to_string(value) + " (" + ::strsignal(value) + core + ")";
}

bool RankProcess::Start(const RankStart& start, std::string* error, bool* exec_failed) {
  *exec_failed = false;
  UniqueFd report_in, report_out, out_end, err_end;
  bool piped = MakePipe(&report_in, &report_out);
  if (piped && start.capture_output) piped = MakePipe(&out, &out_end) && MakePipe(&err, &err_end);
  if (!piped) {
    *error =
        std::string("cannot create a pipe: ") + std::strerror(errno) + "; raise the limit of open files (ulimit -n)";
    return false;
  }
  // Else bytes that wait in the buffer would be written by both processes.
  std::fflush(nullptr);
  const pid_t launcher = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    *error =
        std::string("cannot start a process: ") + std::strerror(errno) + "; raise the limit of processes (ulimit -u)";
    return false;
  }
  if (pid == 0) {
    report_in.Close();
    out.Close();
    err.Close();
    BecomeRank(start, launcher, out_end.get(), err_end.get(), std::move(report_out));
  }
  pid_ = pid;
  running_ = true;
  report_out.Close();
  for (const UniqueFd* fd : {&out, &err}) {
    if (fd->is_open()) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  }

  int exec_error = 0;
  ssize_t n = 0;
  while ((n = ::read(report_in.get(), &exec_error, sizeof(exec_error))) < 0 && errno == EINTR) {
  }
  if (n != sizeof(exec_error)) return true;
  Reap();
  out.Close();
  err.Close();
  *exec_failed = true;
  *error = CannotExecute(start.program->argv[0], exec_error);
  return false;
}

void RankProcess::Poll() {
  if (!running_) return;
  siginfo_t info = {};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
  running_ = false;
  exit_status_ = {info.si_code != CLD_EXITED, info.si_status, info.si_code == CLD_DUMPED};
}

void RankProcess::Reap() {
  if (pid_ <= 0) return;
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  running_ = false;
  pid_ = -1;
}

}  // namespace tutti::launch
