// SPDX-License-Identifier: Apache-2.0
#include "operation_work.h"

#include <cstring>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "errors.h"
#include "fork_generation.h"

namespace tutti_torch {
namespace {

// What the profiler shows is "tutti:all_reduce"; sentences speak of "all_reduce".
constexpr const char kPrefix[] = "tutti:";

c10::TypePtr FutureType(bool nested) {
  const c10::TypePtr list = c10::ListType::create(c10::TensorType::get());
  return nested ? c10::ListType::create(list) : list;
}

}  // namespace

OperationWork::OperationWork(int rank, c10d::OpType type, const char* name, const std::vector<at::Tensor>& inputs,
                             Result result, bool nested, std::shared_ptr<TimingLog> timings)
    : c10d::Work(rank, type, name, inputs),
      generation_(ForkGeneration()),
      title_(name),
      nested_(nested),
      timings_(std::move(timings)),
      result_(std::move(result)),
      future_(c10::make_intrusive<c10::ivalue::Future>(FutureType(nested))) {}

const char* OperationWork::name() const { return title_ + std::strlen(kPrefix); }

void OperationWork::FailWith(const std::string& sentence) {
  error_ = std::make_exception_ptr(std::runtime_error("tutti: " + std::string(name()) + " failed: " + sentence));
}

void OperationWork::Remember(tutti_status_t status) {
  if (status == TUTTI_OK) return timings_->AddLast(name(), begun_ns_);
  if (!error_) FailWith(LastSentence(status));
}

bool OperationWork::IsOver() {
  if (second_stage_) return false;
  for (tutti_request_t& request : requests_) {
    const tutti_status_t status = tutti_request_test(&request);
    if (status == TUTTI_IN_PROGRESS) return false;
    Remember(status);
  }
  return true;
}

void OperationWork::AwaitAdded() {
  for (tutti_request_t& request : requests_) {
    if (request != nullptr) Remember(tutti_request_wait(&request));
  }
  requests_.clear();
}

void OperationWork::AwaitRequests() {
  AwaitAdded();
  if (!second_stage_ || error_) return;
  BeginsNow();
  try {
    second_stage_(*this);
  } catch (...) {
    error_ = std::current_exception();
  }
  AwaitAdded();
}

void OperationWork::Finish() {
  if (!error_) {
    try {
      if (computation_) computation_();
      buffers_.CopyOut();
    } catch (...) {
      error_ = std::current_exception();
    }
  }
  buffers_.Release();
  second_stage_ = nullptr;
  computation_ = nullptr;
  // Before anybody can know that the operation is over: who then stops the profiler must find the event closed.
  if (recordFunctionEndCallback_) {
    recordFunctionEndCallback_();
    recordFunctionEndCallback_ = nullptr;
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    exception_ = error_;
    completed_ = true;
  }
  cv_.notify_all();
  if (error_) {
    future_->setError(error_);
  } else {
    future_->markCompleted(Value());
  }
}

bool OperationWork::WaitUntilFinished(std::chrono::milliseconds timeout) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto finished = [this] { return completed_; };
  if (timeout > kNoTimeout) return cv_.wait_for(lock, timeout, finished);
  cv_.wait(lock, finished);
  return true;
}

bool OperationWork::wait(std::chrono::milliseconds timeout) {
  if (ForkGeneration() != generation_) {
    Refuse(std::string(name()) +
           ": it was started by the process that this one was forked from; only that one can wait.");
  }
  // tutti waits as long as the operation's deadline allows; a shorter wait is left to a completion thread.
  if (timeout <= kNoTimeout && threads_ != nullptr && threads_->Take(*this)) {
    AwaitRequests();
    threads_->PutDown();
    Finish();
  }
  if (!WaitUntilFinished(timeout)) {
    throw std::runtime_error("tutti: " + std::string(name()) + " has not finished within the " +
                             std::to_string(timeout.count()) +
                             " ms that wait was given. It goes on, and may be waited for again; it fails, and says "
                             "who was late, when the timeout of its process group passes.");
  }
  if (exception_) std::rethrow_exception(exception_);
  return true;
}

std::vector<at::Tensor> OperationWork::result() {
  TORCH_CHECK(!nested_, "tutti: the result of ", name(), " is a list of lists: ask for the future's value instead.");
  return result_.empty() ? std::vector<at::Tensor>() : result_[0];
}

c10::intrusive_ptr<c10::ivalue::Future> OperationWork::getFuture() { return future_; }

int OperationWork::sourceRank() const {
  if (opType_ != c10d::OpType::RECV && opType_ != c10d::OpType::RECVANYSOURCE) {
    Refuse(std::string(name()) + ": only a receive has a rank that it comes from.");
  }
  return source_rank_.load();
}

c10::IValue OperationWork::Value() const {
  if (nested_) return result_;
  return result_.empty() ? std::vector<at::Tensor>() : result_[0];
}

}  // namespace tutti_torch
