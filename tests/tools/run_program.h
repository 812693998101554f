// SPDX-License-Identifier: Apache-2.0
// Runs a program from a test, without a shell, and collects what it says.
#ifndef TUTTI_TESTS_TOOLS_RUN_PROGRAM_H_
#define TUTTI_TESTS_TOOLS_RUN_PROGRAM_H_

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace tutti {

struct Finished {
  int status = -1;  // exit status, or 128 + signal
  std::string out;
  std::string err;
  double seconds = 0;

  std::vector<std::string> OutLines() const;
};

class RunningProgram {
 public:
  // `environment`: "NAME=VALUE", on top of the test's own.
  explicit RunningProgram(const std::vector<std::string>& argv, const std::vector<std::string>& environment = {});
  ~RunningProgram();  // kills it if it still runs

  pid_t pid() const { return pid_; }

  // Waits until stdout holds `text` this many times. False after ten seconds.
  bool AwaitOutput(const std::string& text, int times);

  // Waits for its end; gives up (status -1) and kills it after 80 s, as programs are slow in an emulated guest.
  Finished Wait();

 private:
  void ReadFor(std::chrono::milliseconds time);

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::chrono::steady_clock::time_point started_;
  Finished result_;
};

Finished RunProgram(const std::vector<std::string>& argv, const std::vector<std::string>& environment = {});

// A directory for one test, removed with it.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  const std::string& path() const { return path_; }
  std::vector<std::string> Entries() const;

 private:
  std::string path_;
};

// Whether a process with this number runs (and is not just waiting to be reaped); false after it has gone within 5 s.
bool StillRunsAfterAWhile(pid_t pid);

}  // namespace tutti

#endif  // TUTTI_TESTS_TOOLS_RUN_PROGRAM_H_
