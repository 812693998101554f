// SPDX-License-Identifier: Apache-2.0
// The life of a group, and how every operation starts.
#include "process_group.h"

#include <utility>

#include "errors.h"
#include "fork_generation.h"
#include "join.h"
#include "without_gil.h"

namespace tutti_torch {

ProcessGroupTutti::ProcessGroupTutti(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                     std::chrono::milliseconds timeout)
    : BackendBase(rank, size),
      generation_(ForkGeneration()),
      threads_(std::make_shared<CompletionThreads>()),
      comm_(Join(store, rank, size, timeout)) {}

ProcessGroupTutti::~ProcessGroupTutti() {
  Close();
  // In a forked child, waiting threads that do not exist there make condition variables indestructible.
  if (ForkGeneration() != generation_) new std::shared_ptr<CompletionThreads>(threads_);
}

void ProcessGroupTutti::Close() {
  if (ForkGeneration() != generation_) return;
  tutti_comm_t comm = nullptr;
  {
    std::lock_guard<std::mutex> lock(start_mutex_);
    std::swap(comm, comm_);
  }
  if (comm == nullptr) return;
  // A group often ends in Python's hands, and its threads must get to their ends.
  WithoutGil([&] { Leave(comm); });
}

void ProcessGroupTutti::Leave(tutti_comm_t comm) {
  if (const size_t unfinished = threads_->unfinished(); unfinished > 0) {
    const std::string reason = "it destroyed its process group, or exited, while " + std::to_string(unfinished) +
                               " operation(s) that it had started were running; wait for them first";
    tutti_comm_abort(comm, reason.c_str());
  }
  threads_->Close();
  tutti_comm_destroy(comm);
}

ProcessGroupTutti::Operation ProcessGroupTutti::MakeWork(c10d::OpType type, const char* name, const Tensors& inputs,
                                                         OperationWork::Result result, bool nested) const {
  return c10::make_intrusive<OperationWork>(rank_, type, name, inputs, std::move(result), nested, timings_);
}

int64_t ProcessGroupTutti::TimeoutNs(std::chrono::milliseconds timeout) {
  if (timeout <= std::chrono::milliseconds(0)) return 0;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(timeout).count();
}

void ProcessGroupTutti::StartParts(OperationWork& work, size_t parts, const tutti_options_t& options, StartPart start) {
  if (comm_ == nullptr) Fail(work.name(), "its process group has been destroyed");
  for (size_t i = 0; i < parts; ++i) {
    tutti_request_t request = nullptr;
    const tutti_status_t status = start(i, &options, &request);
    if (status == TUTTI_OK) {
      work.Add(request);
      continue;
    }
    if (i == 0) Check(status, work.name());
    return work.FailWith(LastSentence(status));
  }
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::Launch(Operation work, size_t parts, const tutti_options_t& options,
                                                     StartPart start) {
  if (ForkGeneration() != generation_) {
    Refuse(std::string(work->name()) +
           ": this process was forked from the one that made the process group, and has no part in it. Make a group of "
           "its own in the child, or start the processes another way than by fork.");
  }
  bool is_over = false;
  {
    std::lock_guard<std::mutex> lock(start_mutex_);
    StartParts(*work, parts, options, start);
    is_over = work->IsOver();
    if (!is_over) {
      work->LeaveTo(threads_);
      threads_->Add(work);
    }
  }
  if (is_over) work->Finish();
  return work;
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::LaunchCollective(Operation work, size_t parts,
                                                               std::chrono::milliseconds timeout, StartPart start) {
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.timeout_ns = TimeoutNs(timeout);
  started_.fetch_add(1, std::memory_order_relaxed);
  return Launch(std::move(work), parts, options, start);
}

uint64_t ProcessGroupTutti::getSequenceNumberForGroup() { return started_.load(std::memory_order_relaxed); }

}  // namespace tutti_torch
