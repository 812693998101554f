// SPDX-License-Identifier: Apache-2.0
// The operations of a group that are not over, and threads that see to their end when nobody waits for them.
//
// An operation is *taken*, by one thread, which then waits for it and so drives communication. Most operations are waited for
// by the caller as soon as they are started: it takes them itself, and no other thread is woken. What nobody has taken
// after a short while is taken, in order, by the leader, one of these threads.
//
// The end of an operation runs its future's callbacks, and those may start operations and wait for them. So a thread gives
// the lead away before it runs callbacks, if an operation is still to be waited for; if all threads are busy with
// callbacks, one more is started.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_COMPLETION_THREADS_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_COMPLETION_THREADS_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <c10/util/intrusive_ptr.h>

#include "alarm.h"

namespace tutti_torch {

class OperationWork;

// Any thread. Owned by std::shared_ptr.
class CompletionThreads : public std::enable_shared_from_this<CompletionThreads> {
 public:
  CompletionThreads() = default;
  ~CompletionThreads() = default;  // after Close; never in a forked child
  CompletionThreads(const CompletionThreads&) = delete;
  CompletionThreads& operator=(const CompletionThreads&) = delete;

  void Add(c10::intrusive_ptr<OperationWork> work);

  // True: nobody had taken it yet; now the caller has. It waits for the requests, and then calls PutDown.
  bool Take(const OperationWork& work);
  void PutDown();

  // How many operations are not over. What is as good as over, but has not been looked at, gets `patience` to be so.
  size_t Unfinished(std::chrono::milliseconds patience);

  // Returns when everything that was added is over, and all threads have ended; nothing may be added any more. One of these
  // threads may call it, from a callback: that one ends when the callback has returned.
  void Close();

 private:
  void Run();
  bool AwaitTurn(std::unique_lock<std::mutex>* lock);
  void Summon();

  mutable std::mutex mutex_;
  std::deque<c10::intrusive_ptr<OperationWork>> waiting_;  // not taken
  size_t taken_ = 0;                                       // by whomever, and not over
  bool led_ = false;                                       // one of these threads waits for an operation
  bool closing_ = false;                                   // nothing is added any more
  bool counting_ = false;                                  // somebody waits for all to be over
  std::condition_variable all_over_;

  // Of the threads that have nothing to do, one waits for the alarm, the others are spare.
  Alarm alarm_;
  bool alarm_is_set_ = false;
  bool watched_ = false;
  size_t spare_ = 0;
  std::condition_variable wake_;

  std::vector<std::thread> threads_;
};

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_COMPLETION_THREADS_H_
