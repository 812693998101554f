// SPDX-License-Identifier: Apache-2.0
// Who drives, and how threads wait: the driver's role is taken by one waiting thread, the others sleep until their
// operation is done or the role is free.
#include <pthread.h>
#include <sched.h>

#include <chrono>
#include <cstring>

#include "absl/strings/str_cat.h"

#include "lib/engine/engine.h"

namespace tutti {
namespace {

constexpr int64_t kLongestSleepNs = 100'000'000;

absl::Status Pin(pthread_t thread, int core) {
  if (core < 0) return absl::OkStatus();
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<size_t>(core), &cpus);
  if (pthread_setaffinity_np(thread, sizeof cpus, &cpus) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the progress thread cannot be pinned to core ", core,
                                                 ": choose one of the CPUs that this process may use"));
}

absl::Status Prioritise(pthread_t thread, int priority) {
  if (priority <= 0) return absl::OkStatus();
  sched_param parameter = {};
  parameter.sched_priority = priority;
  const int error = pthread_setschedparam(thread, SCHED_FIFO, &parameter);
  if (error == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat("the progress thread cannot have real-time priority ", priority, ": ",
                                                  std::strerror(error),
                                                  "; allow it (ulimit -r, LimitRTPRIO= of a systemd unit, or "
                                                  "CAP_SYS_NICE), or leave TUTTI_PROGRESS_PRIORITY unset"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> Engine::Create(const EngineOptions& options, Clock& clock,
                                                       EngineListener& listener) {
  auto sleeper = Sleeper::Create();
  if (!sleeper.ok()) return sleeper.status();
  return std::unique_ptr<Engine>(new Engine(options, clock, listener, *std::move(sleeper)));
}

Engine::Engine(const EngineOptions& options, Clock& clock, EngineListener& listener, std::unique_ptr<Sleeper> sleeper)
    : options_(options), clock_(clock), listener_(listener), sleeper_(std::move(sleeper)), near_clock_(clock) {}

Engine::~Engine() { StopProgressThread(); }

absl::Status Engine::UseTransport(Transport& transport, int num_peers) {
  lanes_.push_back({&transport, false, {}, {}});
  lane_of_peer_.resize(static_cast<size_t>(num_peers), 0);
  peer_clocks_.resize(static_cast<size_t>(num_peers));
  return transport.wait_fd() >= 0 ? sleeper_->Watch(transport.wait_fd()) : absl::OkStatus();
}

absl::Status Engine::StartProgressThread(int core, int priority) {
  progress_thread_ = std::thread([this] {
    while (!stop_.load(std::memory_order_relaxed)) {
      const auto stopped = [this] { return stop_.load(std::memory_order_relaxed); };
      if (TryDrive()) {
        DriveUntil(stopped);
        StopDriving();
      } else {
        WaitForDriver(stopped);
      }
    }
  });
  absl::Status status = Pin(progress_thread_.native_handle(), core);
  if (status.ok()) status = Prioritise(progress_thread_.native_handle(), priority);
  return status;
}

void Engine::StopProgressThread() {
  if (!progress_thread_.joinable()) return;
  stop_.store(true, std::memory_order_seq_cst);
  sleeper_->Ring();
  progress_thread_.join();
}

void Engine::Submit(Operation& operation) {
  operation.MarkRunning();
  if (operation.timed && operation.arrived_ns == Operation::kNoClockYet) operation.arrived_ns = clock_.NowNs();
  Operation* head = submitted_.load(std::memory_order_relaxed);
  do {
    operation.next_submitted = head;
  } while (!submitted_.compare_exchange_weak(head, &operation, std::memory_order_seq_cst, std::memory_order_relaxed));
  sleeper_->Ring();
}

bool Engine::Poll() {
  if (!TryDrive()) return false;
  const bool moved = Pass();
  StopDriving();
  return moved;
}

void Engine::StopDriving() {
  driving_.store(false, std::memory_order_seq_cst);
  NotifyWaiters();
}

void Engine::NotifyWaiters() {
  if (waiters_.load(std::memory_order_seq_cst) == 0) return;
  // Taking the lock orders this after a waiter's last look at its condition.
  { std::lock_guard<std::mutex> lock(mutex_); }
  waiters_wake_.notify_all();
}

void Engine::Wait(const Operation& operation) {
  WaitUntil([&operation] { return operation.done(); });
}

void Engine::WaitUntil(absl::FunctionRef<bool()> finished) {
  while (!finished()) {
    if (TryDrive()) {
      DriveUntil(finished);
      StopDriving();
    } else {
      WaitForDriver(finished);
    }
  }
}

void Engine::DriveUntil(absl::FunctionRef<bool()> finished) {
  Backoff backoff(options_.wait);
  while (!finished()) {
    if (Pass()) {
      backoff.Reset();
    } else if (backoff.Idle([this] { return clock_.NowNs(); })) {
      SleepUntilWork();
    }
  }
}

void Engine::SleepUntilWork() {
  bool work = false;
  for (Lane& lane : lanes_) work |= !lane.transport->PrepareToSleep() || lane.transport->wait_fd() < 0;
  // The peers know by now that this rank sleeps; what they published before is looked for once more.
  if (!work && !window_tracks_.empty()) work = RunWindows();
  sleeper_->Announce();
  work |= submitted_.load(std::memory_order_seq_cst) != nullptr || control_pending_.load(std::memory_order_seq_cst) ||
          stop_.load(std::memory_order_seq_cst);
  if (work) {
    sleeper_->Cancel();
    ::sched_yield();
  } else {
    const bool flushing = flushes_.load(std::memory_order_relaxed) > 0;
    sleeper_->Sleep(flushing ? kNsPerMs : std::min(options_.tick_ns, kLongestSleepNs));
  }
  CheckTime();
}

void Engine::WaitForDriver(absl::FunctionRef<bool()> finished) {
  const auto over = [&] { return finished() || !driving_.load(std::memory_order_seq_cst); };
  const int64_t begin_ns = clock_.NowNs();
  while (clock_.NowNs() - begin_ns < options_.wait.spin_ns) {
    if (over()) return;
    SpinPause();
  }
  waiters_.fetch_add(1, std::memory_order_seq_cst);
  {
    std::unique_lock<std::mutex> lock(mutex_);
    waiters_wake_.wait_for(lock, std::chrono::nanoseconds(kLongestSleepNs), over);
  }
  waiters_.fetch_sub(1, std::memory_order_relaxed);
}

void Engine::Flush(int64_t timeout_ns) {
  const int64_t end_ns = DeadlineAfterNs(clock_.NowNs(), timeout_ns);
  flushed_.store(false, std::memory_order_relaxed);
  flushes_.fetch_add(1, std::memory_order_seq_cst);
  sleeper_->Ring();
  WaitUntil([&] { return flushed_.load(std::memory_order_acquire) || clock_.NowNs() >= end_ns; });
  flushes_.fetch_sub(1, std::memory_order_relaxed);
}

void Engine::LookForUnsentBytes() {
  bool unsent = false;
  for (Lane& lane : lanes_) unsent |= lane.transport->HasUnsentBytes();
  if (unsent) return;
  flushed_.store(true, std::memory_order_release);
  NotifyWaiters();
}

}  // namespace tutti
