// SPDX-License-Identifier: Apache-2.0
#include "tools/launch/job.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tools/cpus/cpus.h"
#include "tools/launch/process_groups.h"

namespace tutti::launch {
namespace {

constexpr std::chrono::seconds kSettleTime{1};
// After SIGKILL a process is gone unless the kernel itself is stuck (a dead network file system): do not wait for that.
constexpr std::chrono::seconds kKillTime{5};

std::chrono::nanoseconds Seconds(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

std::string Text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g s", seconds);
  return text;
}

}  // namespace

Job::Job(const JobOptions& options, SignalInbox* signals, Guardian* guardian)
    : options_(options), signals_(signals), guardian_(guardian), ranks_(static_cast<size_t>(options.size)) {
  if (options.timeout_s > 0) job_deadline_ = Clock::now() + Seconds(options.timeout_s);
}

void Job::StartAll(const Program& program, const std::vector<Assignment>& environment) {
  RankStart start{&program, &signals_->inherited(), {}, {signals_->fd(), guardian_->fd()}, options_.prefix_output};
  std::vector<int> cpus;
  if (options_.bind) {
    cpus = AllowedCpus();
    if (cpus.empty()) {
      return Stop(kCannotStartStatus, std::string("cannot find out which CPUs may be used: ") + std::strerror(errno));
    }
  }
  for (int rank = 0; rank < options_.size; ++rank) {
    if (!cpus.empty()) start.cpu = cpus[static_cast<size_t>(rank) % cpus.size()];
    start.environment = RankEnvironment(rank);
    start.environment.insert(start.environment.end(), environment.begin(), environment.end());
    RankProcess& process = ranks_[static_cast<size_t>(rank)];
    std::string error;
    bool exec_failed = false;
    if (!process.Start(start, &error, &exec_failed)) {
      // An executable that cannot run is nobody's fault in particular: it has no rank.
      Stop(kCannotStartStatus, exec_failed ? error : "rank " + std::to_string(rank) + ": " + error);
      return;
    }
    guardian_->Watch(process.pid());
    groups_.push_back(process.pid());
    const std::string prefix = std::string("[").append(std::to_string(rank)).append("] ");
    if (process.out.is_open()) streams_.push_back(Stream{rank, 1, &process.out, LinePrefixer(prefix)});
    if (process.err.is_open()) streams_.push_back(Stream{rank, 2, &process.err, LinePrefixer(prefix)});
  }
}

int Job::Run() {
  while (!Finished()) {
    Wait();
    HandleSignals();
    LookAtRanks();
    Advance();
  }
  for (int rank = 0; rank < options_.size; ++rank) ReadAllOf(rank);
  for (Stream& stream : streams_) CloseStream(&stream);
  FlushOutput();
  // A stuck process would make this wait for ever; the kernel gives it to init when we end.
  for (RankProcess& rank : ranks_) {
    if (!rank.running()) rank.Reap();
  }
  return status_;
}

bool Job::Finished() const {
  if (phase_ == Phase::kKilling && Clock::now() >= deadline_) return true;
  if (CountRunning() > 0) return false;
  return !groups_alive_ && (phase_ != Phase::kRunning || !AnyStreamOpen());
}

void Job::Advance() {
  const Clock::time_point now = Clock::now();
  if (phase_ == Phase::kRunning && now >= job_deadline_) {
    Stop(kTimedOutStatus, "the job has not ended within " + Text(options_.timeout_s));
  }
  const bool all_ended = CountRunning() == 0;
  if (all_ended) groups_alive_ = AnyAlive(groups_);
  if (phase_ == Phase::kRunning && all_ended && (groups_alive_ || AnyStreamOpen())) {
    EnterPhase(Phase::kSettling);
  } else if (phase_ == Phase::kSettling && (now >= deadline_ || !AnyStreamOpen())) {
    EnterPhase(Phase::kStopping);
  } else if (phase_ == Phase::kStopping && now >= deadline_) {
    NameSurvivors();
    EnterPhase(Phase::kKilling);
  }
}

void Job::EnterPhase(Phase phase) {
  if (phase <= phase_) return;
  phase_ = phase;
  const Clock::time_point now = Clock::now();
  switch (phase) {
    case Phase::kRunning:
      break;
    case Phase::kSettling:
      deadline_ = now + kSettleTime;
      break;
    case Phase::kStopping:
      SignalGroups(groups_, SIGTERM);
      SignalGroups(groups_, SIGCONT);  // a stopped process hears SIGTERM only when it goes on
      deadline_ = now + Seconds(options_.grace_s);
      break;
    case Phase::kKilling:
      SignalGroups(groups_, SIGKILL);
      deadline_ = now + kKillTime;
      break;
  }
}

void Job::Stop(int status, const std::string& why) {
  if (stopped_) return;
  stopped_ = true;
  status_ = status;
  const int others = CountRunning();
  Say(others == 0 ? why : why + ": stopping " + std::to_string(others) + (others == 1 ? " rank" : " ranks"));
  EnterPhase(Phase::kStopping);
}

void Job::Say(const std::string& sentence) { output_.Append(2, options_.name + ": " + sentence + "\n"); }

void Job::LookAtRanks() {
  for (int i = 0; i < options_.size; ++i) {
    RankProcess& rank = ranks_[static_cast<size_t>(i)];
    if (!rank.running()) continue;
    rank.Poll();
    if (rank.running()) continue;
    ReadAllOf(i);  // its last words come before ours
    if (rank.exit_status().ok()) continue;
    Stop(rank.exit_status().AsShellStatus(),
         "rank " + std::to_string(i) + " (pid " + std::to_string(rank.pid()) + ") " + rank.exit_status().Describe());
  }
}

void Job::NameSurvivors() {
  std::string names;
  for (int i = 0; i < options_.size; ++i) {
    if (ranks_[static_cast<size_t>(i)].running()) names += (names.empty() ? "" : ", ") + std::to_string(i);
  }
  if (names.empty()) return;
  Say("killing what has not ended " + Text(options_.grace_s) +
      " after SIGTERM: " + (names.find(',') == std::string::npos ? "rank " : "ranks ") + names);
}

int Job::CountRunning() const {
  return static_cast<int>(
      std::count_if(ranks_.begin(), ranks_.end(), [](const RankProcess& rank) { return rank.running(); }));
}

bool Job::AnyStreamOpen() const {
  return std::any_of(streams_.begin(), streams_.end(), [](const Stream& s) { return s.source->is_open(); });
}

}  // namespace tutti::launch
