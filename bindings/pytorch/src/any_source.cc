// SPDX-License-Identifier: Apache-2.0
#include "any_source.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tutti_torch {
namespace {

using std::chrono::microseconds;

// Between two looks. A message that has been long in coming may wait a little longer.
constexpr microseconds kShortestPause(50);
constexpr microseconds kLongestPause(1000);

}  // namespace

void AnySourceReceives::Add(Receive receive) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (FirstOf(receive.tag) == waiting_.end() && receive.try_to_start(*receive.work)) {
    return threads_->Add(std::move(receive.work));
  }
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  const auto deadline = std::chrono::steady_clock::now() + receive.timeout;
  waiting_.push_back({std::move(receive), deadline});
  changed_.notify_one();
}

size_t AnySourceReceives::waiting() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return waiting_.size();
}

AnySourceReceives::Place AnySourceReceives::FirstOf(int32_t tag) {
  return std::find_if(waiting_.begin(), waiting_.end(), [tag](const Entry& entry) { return entry.receive.tag == tag; });
}

// With the lock. True if anything has started or failed.
bool AnySourceReceives::LookOnce() {
  bool any = false;
  for (auto entry = waiting_.begin(); entry != waiting_.end();) {
    Receive& receive = entry->receive;
    bool is_over = FirstOf(receive.tag) == entry && receive.try_to_start(*receive.work);
    if (!is_over && std::chrono::steady_clock::now() >= entry->deadline) {
      receive.work->FailWith("no rank has sent a message with tag " + std::to_string(receive.tag) + " within " +
                             std::to_string(receive.timeout.count()) +
                             " ms, the timeout of the process group. Has the sender another tag, or is it late? "
                             "(TUTTI_ERR_TIMEOUT)");
      is_over = true;
    }
    if (!is_over) {
      ++entry;
      continue;
    }
    threads_->Add(std::move(receive.work));
    entry = waiting_.erase(entry);
    any = true;
  }
  return any;
}

void AnySourceReceives::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  microseconds pause = kShortestPause;
  while (!closing_) {
    if (waiting_.empty()) {
      changed_.wait(lock);
      pause = kShortestPause;
    } else if (LookOnce() || changed_.wait_for(lock, pause) == std::cv_status::no_timeout) {
      pause = kShortestPause;
    } else {
      pause = std::min(2 * pause, kLongestPause);
    }
  }
}

void AnySourceReceives::Close() {
  std::thread thread;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    closing_ = true;
    changed_.notify_one();
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
  std::lock_guard<std::mutex> lock(mutex_);
  for (Entry& entry : waiting_) {
    entry.receive.work->FailWith("its process group was destroyed before a message had come");
    threads_->Add(std::move(entry.receive.work));
  }
  waiting_.clear();
}

}  // namespace tutti_torch
