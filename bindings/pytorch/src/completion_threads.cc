// SPDX-License-Identifier: Apache-2.0
#include "completion_threads.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "operation_work.h"

namespace tutti_torch {
namespace {

// From the start of an operation until this caller, back in Python, waits for it takes some microseconds. Waking another
// thread earlier than that would cost more than it brings.
constexpr std::chrono::microseconds kCallersTurn(50);

}  // namespace

void CompletionThreads::Add(c10::intrusive_ptr<OperationWork> work) {
  std::lock_guard<std::mutex> lock(mutex_);
  waiting_.push_back(std::move(work));
  if (led_) return;
  if (!watched_) return Summon();
  if (alarm_is_set_) return;
  alarm_is_set_ = true;
  alarm_.Set(kCallersTurn);
}

bool CompletionThreads::Take(const OperationWork& work) {
  std::lock_guard<std::mutex> lock(mutex_);
  // The caller most often waits for what it has started last.
  const auto found =
      std::find_if(waiting_.rbegin(), waiting_.rend(), [&work](const auto& entry) { return entry.get() == &work; });
  if (found == waiting_.rend()) return false;
  waiting_.erase(std::next(found).base());
  ++taken_;
  if (waiting_.empty() && alarm_is_set_ && !closing_) {
    alarm_is_set_ = false;
    alarm_.Stop();
  }
  return true;
}

void CompletionThreads::PutDown() {
  std::lock_guard<std::mutex> lock(mutex_);
  --taken_;
  if (closing_ || counting_) all_over_.notify_all();
}

size_t CompletionThreads::Unfinished(std::chrono::milliseconds patience) {
  std::unique_lock<std::mutex> lock(mutex_);
  counting_ = true;
  if (!led_ && !waiting_.empty()) Summon();
  all_over_.wait_for(lock, patience, [this] { return waiting_.empty() && taken_ == 0; });
  counting_ = false;
  return waiting_.size() + taken_;
}

// With the lock: somebody shall take the lead now.
void CompletionThreads::Summon() {
  if (watched_) {
    alarm_is_set_ = true;
    alarm_.Set(std::chrono::nanoseconds(0));
  } else if (spare_ > 0) {
    wake_.notify_one();
  } else {
    threads_.emplace_back([self = shared_from_this()] { self->Run(); });
  }
}

// True: there is an operation to wait for. False: the thread shall end.
bool CompletionThreads::AwaitTurn(std::unique_lock<std::mutex>* lock) {
  for (;;) {
    if (!led_ && !waiting_.empty()) return true;
    if (closing_ && waiting_.empty()) return false;
    if (watched_) {
      ++spare_;
      wake_.wait(*lock);
      --spare_;
      continue;
    }
    watched_ = true;
    lock->unlock();
    alarm_.Wait();
    lock->lock();
    watched_ = false;
    alarm_is_set_ = false;
  }
}

void CompletionThreads::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (AwaitTurn(&lock)) {
    c10::intrusive_ptr<OperationWork> work = std::move(waiting_.front());
    waiting_.pop_front();
    ++taken_;
    led_ = true;
    lock.unlock();

    work->AwaitRequests();

    lock.lock();
    led_ = false;
    --taken_;
    if (!waiting_.empty()) Summon();
    if (closing_ || counting_) all_over_.notify_all();
    lock.unlock();
    work->Finish();
    work.reset();  // here, as the last one may close the group
    lock.lock();
  }
}

void CompletionThreads::Close() {
  std::unique_lock<std::mutex> lock(mutex_);
  closing_ = true;
  if (!waiting_.empty()) Summon();
  all_over_.wait(lock, [this] { return waiting_.empty() && taken_ == 0; });
  alarm_.Set(std::chrono::nanoseconds(0));
  wake_.notify_all();
  std::vector<std::thread> threads = std::move(threads_);
  threads_.clear();
  lock.unlock();
  for (std::thread& thread : threads) {
    if (thread.get_id() == std::this_thread::get_id()) {
      thread.detach();
    } else {
      thread.join();
    }
  }
}

}  // namespace tutti_torch
