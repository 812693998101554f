// SPDX-License-Identifier: Apache-2.0
// A running local job: the poll loop behind RunJob. Only supervisor.cc includes this.
#ifndef TUTTI_TOOLS_LAUNCH_JOB_H_
#define TUTTI_TOOLS_LAUNCH_JOB_H_

#include <poll.h>

#include <chrono>
#include <string>
#include <vector>

#include "tools/launch/guardian.h"
#include "tools/launch/line_prefixer.h"
#include "tools/launch/output_queue.h"
#include "tools/launch/rank_process.h"
#include "tools/launch/signal_inbox.h"
#include "tools/launch/supervisor.h"

namespace tutti::launch {

class Job {
 public:
  Job(const JobOptions& options, SignalInbox* signals, Guardian* guardian);

  // Starts all ranks; if one cannot be started the others are stopped by Run.
  void StartAll(const Program& program, const std::vector<Assignment>& environment);

  // Until nothing of the job is left. Returns the status for RunJob.
  int Run();

 private:
  using Clock = std::chrono::steady_clock;

  // A job goes down this list, never up.
  enum class Phase {
    kRunning,   // at least one rank runs
    kSettling,  // all ended well; what they started in the background may still write, for a moment
    kStopping,  // SIGTERM is sent
    kKilling,   // SIGKILL is sent
  };

  struct Stream {
    int rank;
    int target_fd;
    UniqueFd* source;
    LinePrefixer prefixer;
  };

  bool Finished() const;
  void Advance();                                 // what time and the ranks' ends make of the phase
  void EnterPhase(Phase phase);                   // sends its signal and sets its deadline
  void Stop(int status, const std::string& why);  // the first call decides the job's status
  void Say(const std::string& sentence);

  void Wait();
  int PollTimeoutMs() const;
  void HandleSignals();
  void HandleUserSignal(int signal);
  void LookAtRanks();
  void NameSurvivors();

  void ReadStream(Stream* stream);
  void CloseStream(Stream* stream);
  void ReadAllOf(int rank);
  void WriteOutput();
  void FlushOutput();

  int CountRunning() const;
  bool AnyStreamOpen() const;

  const JobOptions& options_;
  SignalInbox* signals_;
  Guardian* guardian_;
  std::vector<RankProcess> ranks_;
  std::vector<pid_t> groups_;
  std::vector<Stream> streams_;
  OutputQueue output_;

  Phase phase_ = Phase::kRunning;
  bool groups_alive_ = true;    // as of the last look, only valid after all ranks have ended
  Clock::time_point deadline_;  // of the phase
  Clock::time_point job_deadline_ = Clock::time_point::max();
  bool stopped_ = false;  // Stop was called
  int status_ = 0;
  int user_stops_ = 0;  // how often the user asked to end the job
  std::vector<pollfd> polled_;
};

}  // namespace tutti::launch

#endif  // TUTTI_TOOLS_LAUNCH_JOB_H_
