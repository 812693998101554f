// SPDX-License-Identifier: Apache-2.0
// One c10d operation that was started: tutti's requests, the memory they work in, and the two ways in which torch learns of
// the end: Work::wait and a future.
//
// A request may be waited for by one thread at a time. So the operation is taken (completion_threads.h) by the caller's thread
// in wait(), which then drives communication itself and needs no other thread to wake it, or by a completion thread.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_OPERATION_WORK_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_OPERATION_WORK_H_

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/ivalue.h>
#include <tutti/tutti.h>
#include <torch/csrc/distributed/c10d/Work.hpp>

#include "buffers.h"
#include "completion_threads.h"
#include "timing_log.h"

namespace tutti_torch {

class OperationWork final : public c10d::Work {
 public:
  // What the future holds: a list of tensors, or a list of such lists.
  using Result = std::vector<std::vector<at::Tensor>>;

  // `name` is what torch calls the operation, and must live for ever. `inputs` are shown by the profiler. `result` has one
  // list, or, for nested ones, any number.
  OperationWork(int rank, c10d::OpType type, const char* name, const std::vector<at::Tensor>& inputs, Result result,
                bool nested, std::shared_ptr<TimingLog> timings);

  // c10d::Work. Any thread.
  bool wait(std::chrono::milliseconds timeout = kNoTimeout) override;
  std::vector<at::Tensor> result() override;
  c10::intrusive_ptr<c10::ivalue::Future> getFuture() override;
  // Of a receive: the rank that the message came from; -1 while that is not known.
  int sourceRank() const override;

  // "all_reduce"
  const char* name() const;

  // FOR THE STARTER, until others know of it.
  Buffers& buffers() { return buffers_; }
  void Add(tutti_request_t request) { requests_.push_back(request); }
  void ComesFrom(int rank) { source_rank_ = rank; }
  // The time that its timing begins at; else that of its making.
  void BeginsNow() { begun_ns_ = WallClockNs(); }
  // A later part could not be started: the parts before it are still waited for.
  void FailWith(const std::string& sentence);
  // A second stage of communication, which depends on what came in the first: adds more requests. Called by who has taken
  // the work, if all is well. What it throws is the end of the work.
  void Then(std::function<void(OperationWork&)> stage) { second_stage_ = std::move(stage); }
  // What is left to compute when communication is over, if all is well. As above.
  void AtEnd(std::function<void()> computation) { computation_ = std::move(computation); }
  // True if all requests have finished; then the starter calls Finish. Else it adds the work to `threads`, which are told
  // when wait() takes it.
  bool IsOver();
  void LeaveTo(std::shared_ptr<CompletionThreads> threads) { threads_ = std::move(threads); }

  // FOR WHO HAS TAKEN IT.
  void AwaitRequests();
  // Once communication is over. Runs the future's callbacks, which may block.
  void Finish();

 private:
  void AwaitAdded();
  bool WaitUntilFinished(std::chrono::milliseconds timeout);
  void Remember(tutti_status_t status);  // of the request that this thread has just waited for
  c10::IValue Value() const;

  const int generation_;
  const char* const title_;
  const bool nested_;
  int64_t begun_ns_ = WallClockNs();
  std::atomic<int> source_rank_{-1};
  const std::shared_ptr<TimingLog> timings_;
  Result result_;
  Buffers buffers_;
  std::vector<tutti_request_t> requests_;
  std::function<void(OperationWork&)> second_stage_;
  std::function<void()> computation_;
  const c10::intrusive_ptr<c10::ivalue::Future> future_;
  std::shared_ptr<CompletionThreads> threads_;
  std::exception_ptr error_;  // the taker's, until Finish makes it known
};

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_OPERATION_WORK_H_
