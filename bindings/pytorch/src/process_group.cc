// SPDX-License-Identifier: Apache-2.0
// The life of a group, and how every operation starts.
#include "process_group.h"

#include <utility>

#include "errors.h"
#include "fork_generation.h"
#include "host_memory.h"
#include "join.h"
#include "without_gil.h"

namespace tutti_torch {
namespace {

// Peers that have ended all operations may go on with one whose end this rank, which did not wait for it, has not seen. To
// leave without having looked would fail theirs.
constexpr std::chrono::milliseconds kPatience(500);

}  // namespace

ProcessGroupTutti::ProcessGroupTutti(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                     std::chrono::milliseconds timeout)
    : BackendBase(rank, size),
      generation_(ForkGeneration()),
      timeout_(timeout),
      threads_(std::make_shared<CompletionThreads>()),
      any_source_(std::make_shared<AnySourceReceives>(threads_)),
      comm_(Join(store, rank, size, timeout)) {}

ProcessGroupTutti::~ProcessGroupTutti() {
  Close();
  // In a forked child, waiting threads that do not exist there make condition variables indestructible.
  if (ForkGeneration() != generation_) new auto(any_source_);  // which holds threads_
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
  if (const size_t unfinished = threads_->Unfinished(kPatience) + any_source_->waiting(); unfinished > 0) {
    const std::string reason = "it destroyed its process group, or exited, while " + std::to_string(unfinished) +
                               " operation(s) that it had started were running; wait for them first";
    tutti_comm_abort(comm, reason.c_str());
  }
  any_source_->Close();
  threads_->Close();
  tutti_comm_destroy(comm);
  if (overruns_ != nullptr) overruns_->Close();
}

void ProcessGroupTutti::WithCommunicator(const char* name, c10::function_ref<void(tutti_comm_t)> use) {
  RefuseInForkedChild(name);
  std::lock_guard<std::mutex> lock(start_mutex_);
  if (comm_ == nullptr) Fail(name, "its process group has been destroyed");
  use(comm_);
}

void ProcessGroupTutti::SetBudget(int64_t budget_ns, std::shared_ptr<Overruns> listener) {
  constexpr const char* kName = "set_budget";
  WithCommunicator(kName, [&](tutti_comm_t comm) {
    const tutti_overrun_fn callback = listener != nullptr ? &Overruns::Callback : nullptr;
    Check(tutti_telemetry_budget(comm, budget_ns, callback, listener.get()), kName);
    std::swap(overruns_, listener);
    if (listener != nullptr) listener->Close();  // the former one
  });
}

at::DataPtr ProcessGroupTutti::AllocateMemory(size_t bytes) {
  at::DataPtr memory;
  WithCommunicator("allocating memory", [&](tutti_comm_t comm) { memory = AllocateHostMemory(comm, bytes); });
  return memory;
}

void ProcessGroupTutti::RefuseInForkedChild(const char* name) const {
  if (ForkGeneration() == generation_) return;
  Refuse(std::string(name) +
         ": this process was forked from the one that made the process group, and has no part in it. Make a group of "
         "its own in the child, or start the processes another way than by fork.");
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
  RefuseInForkedChild(work->name());
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
                                                               std::chrono::milliseconds timeout, StartPart start,
                                                               const double* scale) {
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.timeout_ns = TimeoutNs(timeout);
  options.scale = scale;
  started_.fetch_add(1, std::memory_order_relaxed);
  return Launch(std::move(work), parts, options, start);
}

uint64_t ProcessGroupTutti::getSequenceNumberForGroup() { return started_.load(std::memory_order_relaxed); }

}  // namespace tutti_torch
