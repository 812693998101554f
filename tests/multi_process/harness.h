// SPDX-License-Identifier: Apache-2.0
// The test's side: starts the ranks of a job as processes of this very program, watches what they say, signals them,
// and leaves nothing behind. It knows processes and lines of text, nothing of collectives.
#ifndef TUTTI_TESTS_MULTI_PROCESS_HARNESS_H_
#define TUTTI_TESTS_MULTI_PROCESS_HARNESS_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace tutti::multi_process {

// Sanitizers slow a process down by this much; what a test demands of time is a promise of the plain build.
extern const int kSlowdown;

// Those of the numbers of ranks that a matrix of tests is run with: all, but two of at most 4 where a sanitizer watches, with
// which a process takes ten times as long to start, and which finds in 8 ranks what it finds in 4. One where it watches threads,
// of which a rank has as many however many ranks there are.
std::vector<int> RankCounts(std::vector<int> counts);

struct JobOptions {
  std::vector<std::string> arguments = {};                              // handed to every rank's program
  std::map<std::string, std::string> environment = {};                  // for every rank, over the harness's own
  std::map<int, std::map<std::string, std::string>> for_one_rank = {};  // over `environment`
  std::set<int> absent = {};                                            // ranks that are not started
  int deadline_s = 60;                                                  // for the whole job; then all are killed
};

// One job: `num_ranks` processes that run the RANK_PROGRAM of that name, with a rendezvous file in a folder of their own,
// the loopback interface and a secret of their own. Destruction kills what still runs and removes the folder.
class Job {
 public:
  Job(const std::string& program, int num_ranks, JobOptions options = {});
  ~Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  // Waits until the rank has said `name` (see Say in rank.h). False, with a test failure, when it ends first or the
  // deadline passes.
  bool WaitUntilSaid(int rank, const std::string& name);
  bool WaitUntilAllSaid(const std::string& name);

  // Returns the monotonic time just before the signal was sent, in ns.
  int64_t Signal(int rank, int signal);

  // Waits until every rank but `except` has ended. False, with a test failure, when the deadline passes.
  bool WaitUntilEnded(const std::set<int>& except = {});

  // WaitUntilEnded, and every started rank must have ended with status 0; else a test failure with its output.
  bool AllSucceed(const std::set<int>& except = {});

  // The text after the last `name` that the rank said; "" if it did not.
  std::string Said(int rank, const std::string& name) const;
  int64_t SaidNumber(int rank, const std::string& name) const;

  std::string Output(int rank) const;
  int num_ranks() const { return static_cast<int>(processes_.size()); }
  const std::string& folder() const { return folder_; }

 private:
  struct Process {
    pid_t pid = -1;  // -1: not started
    bool ended = false;
    int wait_status = 0;
  };

  void Start(int rank, const std::string& program, const JobOptions& options);
  std::string OutputPath(int rank) const;
  bool DeadlinePassed() const;
  void Reap();

  std::string folder_;
  std::string secret_;
  int64_t deadline_ns_ = 0;
  std::vector<Process> processes_;
};

int64_t MonotonicNs();

// The name of a parametrised test: "RingWithTags_4_ranks", "..._progress_thread".
std::string TestName(const std::string& what, int num_ranks, const std::string& progress_thread = "0");

}  // namespace tutti::multi_process

#endif  // TUTTI_TESTS_MULTI_PROCESS_HARNESS_H_
