// SPDX-License-Identifier: Apache-2.0
#include "tests/multi_process/harness.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <utility>

#include "tests/support/sanitized.h"

namespace tutti::multi_process {
namespace {

constexpr int64_t kNsPerS = 1'000'000'000;
constexpr useconds_t kPollUs = 2000;

// Variables by which a launcher of the machine that runs the tests would be mistaken for ours.
bool IsLauncherVariable(const std::string& name) {
  static const std::set<std::string> kNames = {"RANK",       "WORLD_SIZE",  "LOCAL_RANK", "LOCAL_WORLD_SIZE",
                                               "GROUP_RANK", "MASTER_ADDR", "MASTER_PORT"};
  for (const char* prefix : {"TUTTI_", "SLURM_", "OMPI_", "PMI_", "PMIX_", "TORCHELASTIC_"}) {
    if (name.rfind(prefix, 0) == 0) return true;
  }
  return kNames.count(name) != 0;
}

std::map<std::string, std::string> CleanEnvironment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals == std::string::npos || IsLauncherVariable(text.substr(0, equals))) continue;
    variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

const int kSlowdown = kThreadSanitized ? 5 : kAddressSanitized ? 3 : 1;

std::vector<int> RankCounts(std::vector<int> counts) {
  if (!kSanitized) return counts;
  std::erase_if(counts, [](int count) { return count > 4; });
  if (counts.size() > 2) counts = {counts.front(), counts.back()};
  if (kThreadSanitized) counts = {counts.back()};
  return counts;
}

int64_t MonotonicNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kNsPerS + now.tv_nsec;
}

std::string TestName(const std::string& what, int num_ranks, const std::string& progress_thread) {
  return what + "_" + std::to_string(num_ranks) + "_ranks" + (progress_thread == "1" ? "_progress_thread" : "");
}

Job::Job(const std::string& program, int num_ranks, JobOptions options) : processes_(static_cast<size_t>(num_ranks)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "tutti_test_XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  std::random_device random;
  for (int i = 0; i < 8; ++i) secret_ += std::to_string(random());
  deadline_ns_ = MonotonicNs() + options.deadline_s * kSlowdown * kNsPerS;
  for (int rank = 0; rank < num_ranks; ++rank) {
    if (options.absent.count(rank) == 0) Start(rank, program, options);
  }
}

Job::~Job() {
  for (Process& process : processes_) {
    if (process.pid > 0 && !process.ended) kill(process.pid, SIGKILL);
  }
  for (Process& process : processes_) {
    if (process.pid > 0 && !process.ended) waitpid(process.pid, &process.wait_status, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Job::Start(int rank, const std::string& program, const JobOptions& options) {
  std::map<std::string, std::string> variables = CleanEnvironment();
  const std::string size = std::to_string(processes_.size());
  variables["TUTTI_RANK"] = variables["TUTTI_LOCAL_RANK"] = std::to_string(rank);
  variables["TUTTI_SIZE"] = variables["TUTTI_LOCAL_SIZE"] = size;
  variables["TUTTI_RENDEZVOUS"] = "file://" + folder_ + "/rendezvous";
  variables["TUTTI_SECRET"] = secret_;
  variables["TUTTI_INTERFACE"] = "lo";
  variables["TUTTI_TIMEOUT"] = "60s";
  variables["TUTTI_RECORDER"] = folder_;  // those of killed ranks go with it
  // The whole program can be asked to go another way.
  for (const char* name : {"TUTTI_TRANSPORT", "TUTTI_VERBS_ACK_TIMEOUT"}) {
    if (const char* value = std::getenv(name)) variables[name] = value;
  }
  for (const auto& [name, value] : options.environment) variables[name] = value;
  const auto special = options.for_one_rank.find(rank);
  if (special != options.for_one_rank.end()) {
    for (const auto& [name, value] : special->second) variables[name] = value;
  }

  // Everything that allocates happens before fork.
  std::vector<std::string> environment;
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  std::vector<std::string> arguments = {program, "--rank-program=" + program, "--folder=" + folder_};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  const std::vector<char*> environment_pointers = Pointers(environment);
  const std::vector<char*> argument_pointers = Pointers(arguments);
  const std::string output = OutputPath(rank);
  const pid_t parent = getpid();

  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a rank does not outlive the test, however the test ends
    if (getppid() != parent) _exit(126);
    const int fd = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execve("/proc/self/exe", argument_pointers.data(), environment_pointers.data());
    _exit(127);
  }
  processes_[static_cast<size_t>(rank)].pid = pid;
}

std::string Job::OutputPath(int rank) const { return folder_ + "/output." + std::to_string(rank); }

std::string Job::Output(int rank) const {
  std::ifstream file(OutputPath(rank));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool Job::DeadlinePassed() const { return MonotonicNs() > deadline_ns_; }

void Job::Reap() {
  for (Process& process : processes_) {
    if (process.pid <= 0 || process.ended) continue;
    process.ended = waitpid(process.pid, &process.wait_status, WNOHANG) == process.pid;
  }
}

std::string Job::Said(int rank, const std::string& name) const {
  std::istringstream lines(Output(rank));
  std::string line, last;
  const std::string prefix = "@" + name + " ";
  while (std::getline(lines, line)) {
    if (line.rfind(prefix, 0) == 0) last = line.substr(prefix.size());
  }
  return last;
}

int64_t Job::SaidNumber(int rank, const std::string& name) const {
  const std::string text = Said(rank, name);
  return text.empty() ? -1 : std::strtoll(text.c_str(), nullptr, 10);
}

bool Job::WaitUntilSaid(int rank, const std::string& name) {
  for (;;) {
    Reap();  // before reading, so that the last words of an ended rank are seen
    if (!Said(rank, name).empty()) return true;
    const bool ended = processes_[static_cast<size_t>(rank)].ended;
    if (ended || DeadlinePassed()) {
      ADD_FAILURE() << "rank " << rank << (ended ? " ended" : " let the deadline pass") << " without saying @" << name
                    << "; it said:\n"
                    << Output(rank);
      return false;
    }
    usleep(kPollUs);
  }
}

bool Job::WaitUntilAllSaid(const std::string& name) {
  for (int rank = 0; rank < num_ranks(); ++rank) {
    if (processes_[static_cast<size_t>(rank)].pid > 0 && !WaitUntilSaid(rank, name)) return false;
  }
  return true;
}

int64_t Job::Signal(int rank, int signal) {
  const int64_t now_ns = MonotonicNs();
  kill(processes_[static_cast<size_t>(rank)].pid, signal);
  return now_ns;
}

bool Job::WaitUntilEnded(const std::set<int>& except) {
  for (;;) {
    Reap();
    std::vector<int> running;
    for (int rank = 0; rank < num_ranks(); ++rank) {
      const Process& process = processes_[static_cast<size_t>(rank)];
      if (process.pid > 0 && !process.ended && except.count(rank) == 0) running.push_back(rank);
    }
    if (running.empty()) return true;
    if (DeadlinePassed()) {
      for (int rank : running) {
        ADD_FAILURE() << "rank " << rank << " still ran at the deadline; it said:\n" << Output(rank);
      }
      return false;
    }
    usleep(kPollUs);
  }
}

bool Job::AllSucceed(const std::set<int>& except) {
  bool succeeded = WaitUntilEnded(except);
  for (int rank = 0; rank < num_ranks(); ++rank) {
    const Process& process = processes_[static_cast<size_t>(rank)];
    if (process.pid <= 0 || !process.ended || except.count(rank) != 0) continue;
    if (WIFEXITED(process.wait_status) && WEXITSTATUS(process.wait_status) == 0) continue;
    succeeded = false;
    const bool signaled = WIFSIGNALED(process.wait_status);
    ADD_FAILURE() << "rank " << rank << " ended with " << (signaled ? "signal " : "status ")
                  << (signaled ? WTERMSIG(process.wait_status) : WEXITSTATUS(process.wait_status)) << "; it said:\n"
                  << Output(rank);
  }
  return succeeded;
}

}  // namespace tutti::multi_process
