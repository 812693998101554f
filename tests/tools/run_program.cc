// SPDX-License-Identifier: Apache-2.0
#include "run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace tutti {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

void ReadInto(int* fd, std::string* text) {
  char buffer[64 * 1024];
  const ssize_t n = ::read(*fd, buffer, sizeof(buffer));
  if (n > 0) {
    text->append(buffer, static_cast<size_t>(n));
  } else {
    ::close(*fd);
    *fd = -1;
  }
}

int CountOf(const std::string& text, const std::string& in) {
  int count = 0;
  for (size_t at = in.find(text); at != std::string::npos; at = in.find(text, at + 1)) ++count;
  return count;
}

}  // namespace

std::vector<std::string> Finished::OutLines() const {
  std::vector<std::string> lines;
  std::istringstream stream(out);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

RunningProgram::RunningProgram(const std::vector<std::string>& argv, const std::vector<std::string>& environment)
    : started_(steady_clock::now()) {
  int out[2];
  int err[2];
  if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0) std::abort();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    for (const std::string& assignment : environment) {
      const size_t equals = assignment.find('=');
      ::setenv(assignment.substr(0, equals).c_str(), assignment.substr(equals + 1).c_str(), 1);
    }
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execv(words[0], words.data());
    ::_exit(126);
  }
  ::close(out[1]);
  ::close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

void RunningProgram::ReadFor(milliseconds time) {
  pollfd fds[] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
  if (::poll(fds, 2, static_cast<int>(time.count())) <= 0) return;
  if (fds[0].revents != 0) ReadInto(&out_, &result_.out);
  if (fds[1].revents != 0) ReadInto(&err_, &result_.err);
}

bool RunningProgram::AwaitOutput(const std::string& text, int times) {
  const auto deadline = steady_clock::now() + std::chrono::seconds(10);
  while (CountOf(text, result_.out) < times) {
    if (steady_clock::now() > deadline || out_ < 0) return false;
    ReadFor(milliseconds(20));
  }
  return true;
}

Finished RunningProgram::Wait() {
  const auto deadline = started_ + std::chrono::seconds(80);
  int status = 0;
  bool ended = false;
  while (!ended || out_ >= 0 || err_ >= 0) {
    if (steady_clock::now() > deadline) return result_;  // the destructor kills it
    if (out_ >= 0 || err_ >= 0) {
      ReadFor(milliseconds(20));
    } else {
      std::this_thread::sleep_for(milliseconds(1));
    }
    if (!ended && ::waitpid(pid_, &status, WNOHANG) == pid_) {
      ended = true;
      pid_ = -1;
      result_.seconds = std::chrono::duration<double>(steady_clock::now() - started_).count();
    }
  }
  result_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result_;
}

RunningProgram::~RunningProgram() {
  for (const int fd : {out_, err_}) {
    if (fd >= 0) ::close(fd);
  }
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Finished RunProgram(const std::vector<std::string>& argv, const std::vector<std::string>& environment) {
  return RunningProgram(argv, environment).Wait();
}

ScratchDirectory::ScratchDirectory() {
  path_ = std::filesystem::temp_directory_path() / "tutti-test-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) std::abort();
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> ScratchDirectory::Entries() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) names.push_back(entry.path().filename());
  return names;
}

bool StillRunsAfterAWhile(pid_t pid) {
  const auto deadline = steady_clock::now() + std::chrono::seconds(5);
  while (steady_clock::now() < deadline) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    const size_t name_end = text.rfind(')');
    if (name_end == std::string::npos || text[name_end + 2] == 'Z') return false;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return true;
}

}  // namespace tutti
