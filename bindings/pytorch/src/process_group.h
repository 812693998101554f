// SPDX-License-Identifier: Apache-2.0
// The backend "tutti" of torch.distributed: one tutti communicator, made through the store that torch brings. Every operation
// is started at once and in the calling thread; it is driven by whoever waits for it, or by a completion thread.
//
// As everywhere in c10d, the ranks of a group start the same operations in the same order.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_PROCESS_GROUP_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_PROCESS_GROUP_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <ATen/ATen.h>  // before the next one, which in torch 1.13 does not include all that it uses
#include <c10/util/FunctionRef.h>
#include <tutti/tutti.h>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "any_source.h"
#include "backend_base.h"
#include "completion_threads.h"
#include "operation_work.h"
#include "overruns.h"
#include "timing_log.h"

namespace tutti_torch {

class ProcessGroupTutti final : public BackendBase {
 public:
  using Tensors = std::vector<at::Tensor>;
  using TensorLists = std::vector<Tensors>;
  using WorkPtr = c10::intrusive_ptr<c10d::Work>;

  // Blocks until all ranks of the group have come, for at most `timeout`, which is also every operation's deadline.
  ProcessGroupTutti(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                    std::chrono::milliseconds timeout);
  ~ProcessGroupTutti() override;

  // Leaves the group; waits for no other rank. Operations that have not finished fail, here and on the other ranks, who
  // cannot finish them alone. Later ones are refused. Any thread.
  void Close();

  // Of the operations that have ended.
  TimingLog& timings() { return *timings_; }

  // See tutti_telemetry_budget. `listener`, if any, is told of operations that take longer, and closed with the group or when
  // another one takes its place.
  void SetBudget(int64_t budget_ns, std::shared_ptr<Overruns> listener);

  // See host_memory.h.
  at::DataPtr AllocateMemory(size_t bytes);

  // Calls `use` while no other thread starts an operation. Refuses, naming `name`, what was being done, in a forked child
  // and once the group is closed.
  void WithCommunicator(const char* name, c10::function_ref<void(tutti_comm_t)> use);

  // Averages in place, all as one operation: those of `coded` with fewer bytes on the wire, each by a key of its own (see
  // tutti/compression.h, for `codec`, too), and those of `plain` together, as they are.
  WorkPtr AverageCompressed(const Tensors& coded, const std::vector<uint64_t>& keys, const std::string& codec,
                            const Tensors& plain);

  // For c10's pointers, when nobody holds the group any more. The destructor may come much later, as live_groups.cc keeps a
  // weak reference.
  void release_resources() override { Close(); }

  const std::string getBackendName() const override { return "tutti"; }

  WorkPtr broadcast(Tensors& tensors, const c10d::BroadcastOptions& opts) override;
  WorkPtr allreduce(Tensors& tensors, const c10d::AllreduceOptions& opts) override;
  WorkPtr allreduce_coalesced(Tensors& tensors, const c10d::AllreduceCoalescedOptions& opts) override;
  WorkPtr reduce(Tensors& tensors, const c10d::ReduceOptions& opts) override;
  WorkPtr allgather(TensorLists& outputs, Tensors& inputs, const c10d::AllgatherOptions& opts) override;
  WorkPtr _allgather_base(at::Tensor& output, at::Tensor& input, const c10d::AllgatherOptions& opts) override;
  WorkPtr allgather_coalesced(TensorLists& outputs, Tensors& inputs, const c10d::AllgatherOptions& opts) override;
  WorkPtr gather(TensorLists& outputs, Tensors& inputs, const c10d::GatherOptions& opts) override;
  WorkPtr scatter(Tensors& outputs, TensorLists& inputs, const c10d::ScatterOptions& opts) override;
  WorkPtr reduce_scatter(Tensors& outputs, TensorLists& inputs, const c10d::ReduceScatterOptions& opts) override;
  WorkPtr _reduce_scatter_base(at::Tensor& output, at::Tensor& input, const c10d::ReduceScatterOptions& opts) override;
  WorkPtr alltoall_base(at::Tensor& output, at::Tensor& input, std::vector<int64_t>& output_splits,
                        std::vector<int64_t>& input_splits, const c10d::AllToAllOptions& opts) override;
  WorkPtr alltoall(Tensors& outputs, Tensors& inputs, const c10d::AllToAllOptions& opts) override;
  WorkPtr barrier(const c10d::BarrierOptions& opts) override;
  void monitoredBarrier(const c10d::BarrierOptions& opts, bool wait_all_ranks) override;
  WorkPtr send(Tensors& tensors, int peer, int tag) override;
  WorkPtr recv(Tensors& tensors, int peer, int tag) override;
  WorkPtr recvAnysource(Tensors& tensors, int tag) override;

  // Of torch 2 only; in torch 1.13 sparse tensors come to allreduce.
  WorkPtr allreduce_sparse(Tensors& tensors, const c10d::AllreduceOptions& opts) TUTTI_TORCH_OVERRIDE_IN_2;
  WorkPtr allgather_into_tensor_coalesced(Tensors& outputs, Tensors& inputs,
                                          const c10d::AllgatherOptions& opts) TUTTI_TORCH_OVERRIDE_IN_2;
  WorkPtr reduce_scatter_tensor_coalesced(Tensors& outputs, Tensors& inputs,
                                          const c10d::ReduceScatterOptions& opts) TUTTI_TORCH_OVERRIDE_IN_2;

  // How many collectives this rank has started. All ranks begin with 0.
  void setSequenceNumberForGroup() override {}
  uint64_t getSequenceNumberForGroup() override;

 private:
  using Operation = c10::intrusive_ptr<OperationWork>;

  void Leave(tutti_comm_t comm);

  // Calls tutti for part i of an operation.
  using StartPart = c10::function_ref<tutti_status_t(size_t, const tutti_options_t*, tutti_request_t*)>;

  // Adds the requests of all parts to the operation. With start_mutex_.
  void StartParts(OperationWork& work, size_t parts, const tutti_options_t& options, StartPart start);
  // Starts all parts of an operation, which then goes to the completion threads if it is not over at once.
  WorkPtr Launch(Operation work, size_t parts, const tutti_options_t& options, StartPart start);
  // The same for a collective with a timeout of its own, or kUnsetTimeout.
  // `scale`: see tutti_options_t.
  WorkPtr LaunchCollective(Operation work, size_t parts, std::chrono::milliseconds timeout, StartPart start,
                           const double* scale = nullptr);
  void RefuseInForkedChild(const char* name) const;
  static int64_t TimeoutNs(std::chrono::milliseconds timeout);  // 0, the group's, for kUnsetTimeout
  Operation MakeWork(c10d::OpType type, const char* name, const Tensors& inputs, OperationWork::Result result,
                     bool nested = false) const;
  // Receives from whoever has sent. False: nobody has yet. See any_source.h.
  bool TryToReceive(OperationWork& work, void* memory, size_t count, tutti_dtype_t dtype, int32_t tag);
  WorkPtr Message(c10d::OpType type, const char* name, Tensors& tensors, int peer, int tag);
  WorkPtr ExchangeAll(Operation work, std::chrono::milliseconds timeout, const Tensors& outputs, const Tensors& inputs);

  const int generation_;  // of this process, see fork_generation.h
  const std::chrono::milliseconds timeout_;
  const std::shared_ptr<TimingLog> timings_ = std::make_shared<TimingLog>();
  const std::shared_ptr<CompletionThreads> threads_;
  const std::shared_ptr<AnySourceReceives> any_source_;
  std::mutex start_mutex_;
  tutti_comm_t comm_ = nullptr;  // NULL once closed
  std::shared_ptr<Overruns> overruns_;
  std::atomic<uint64_t> started_{0};
  std::atomic<uint64_t> sparse_sums_{0};
};

// Closes every group of this process that is left, so that the other ranks hear of an orderly end.
void CloseAllGroups();

// Makes one, and remembers it for CloseAllGroups.
c10::intrusive_ptr<ProcessGroupTutti> MakeProcessGroup(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                                       std::chrono::milliseconds timeout);

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_PROCESS_GROUP_H_
