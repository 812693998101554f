// SPDX-License-Identifier: Apache-2.0
// The collectives that move elements and compute nothing, but for all-to-all (all_to_all.cc).
#include <utility>

#include "checks.h"
#include "element_type.h"
#include "errors.h"
#include "process_group.h"

namespace tutti_torch {
namespace {

// How many of tutti's elements, of which type.
struct Extent {
  tutti_dtype_t dtype = TUTTI_UINT8;
  size_t count = 0;
};

Extent ExtentOf(const at::Tensor& tensor) {
  const ElementType type = TypeToMove(tensor.scalar_type());
  return {type.dtype, static_cast<size_t>(tensor.numel()) * type.per_element};
}

struct Part {
  const void* send = nullptr;
  void* recv = nullptr;
  Extent extent;
};

}  // namespace

ProcessGroupTutti::WorkPtr ProcessGroupTutti::broadcast(Tensors& tensors, const c10d::BroadcastOptions& opts) {
  constexpr const char* kName = "broadcast";
  const at::Tensor& tensor = Only(kName, tensors, "input");
  CheckRoot(kName, opts.rootRank, size_);
  Operation work = MakeWork(c10d::OpType::BROADCAST, "tutti:broadcast", tensors, {tensors});
  const int root = static_cast<int>(opts.rootRank);
  void* memory = rank_ == root ? const_cast<void*>(work->buffers().Input(tensor)) : work->buffers().Output(tensor);
  const Extent extent = ExtentOf(tensor);
  return LaunchCollective(std::move(work), 1, opts.timeout, [&](size_t, const auto* options, auto* request) {
    return tutti_broadcast(comm_, memory, memory, extent.count, extent.dtype, root, options, request);
  });
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::allgather(TensorLists& outputs, Tensors& inputs,
                                                        const c10d::AllgatherOptions& opts) {
  constexpr const char* kName = "all_gather";
  const at::Tensor& input = Only(kName, inputs, "input");
  const Tensors& blocks = OnlyList(kName, outputs, size_, "output");
  CheckUnevenBlocks(kName, blocks, rank_, input, "output");
  Operation work = MakeWork(c10d::OpType::ALLGATHER, "tutti:all_gather", inputs, {blocks});
  const void* send = work->buffers().Input(input);
  void* recv = work->buffers().OutputBlocks(blocks);
  const ElementType type = TypeToMove(input.scalar_type());
  // All ranks have the same lengths, and so take the same way.
  const std::vector<size_t> counts = CountsOf(blocks, type.per_element);
  const bool equal = AreEqual(counts);
  return LaunchCollective(std::move(work), 1, opts.timeout, [&](size_t, const auto* options, auto* request) {
    return equal ? tutti_all_gather(comm_, send, recv, counts[0], type.dtype, options, request)
                 : tutti_all_gather_v(comm_, send, recv, counts.data(), nullptr, type.dtype, options, request);
  });
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::_allgather_base(at::Tensor& output, at::Tensor& input,
                                                              const c10d::AllgatherOptions& opts) {
  CheckWhole("all_gather_base", output, input, size_);
  Operation work = MakeWork(c10d::OpType::_ALLGATHER_BASE, "tutti:all_gather_base", {input}, {{output}});
  const void* send = work->buffers().Input(input);
  void* recv = work->buffers().Output(output);
  const Extent extent = ExtentOf(input);
  return LaunchCollective(std::move(work), 1, opts.timeout, [&](size_t, const auto* options, auto* request) {
    return tutti_all_gather(comm_, send, recv, extent.count, extent.dtype, options, request);
  });
}

// outputs[r][i] = inputs[i] of rank r.
ProcessGroupTutti::WorkPtr ProcessGroupTutti::allgather_coalesced(TensorLists& outputs, Tensors& inputs,
                                                                  const c10d::AllgatherOptions& opts) {
  constexpr const char* kName = "all_gather_coalesced";
  if (outputs.size() != static_cast<size_t>(size_)) {
    Refuse(std::string(kName) + ": expected one list of outputs for each of " + std::to_string(size_) +
           " ranks, but got " + std::to_string(outputs.size()) + ".");
  }
  for (const Tensors& list : outputs) {
    if (list.size() == inputs.size()) continue;
    Refuse(std::string(kName) + ": every list of outputs must have as many tensors as there are inputs, " +
           std::to_string(inputs.size()) + ", but one has " + std::to_string(list.size()) + ".");
  }
  Operation work = MakeWork(c10d::OpType::ALLGATHER_COALESCED, "tutti:all_gather", inputs, outputs, /*nested=*/true);
  std::vector<Part> parts;
  for (size_t i = 0; i < inputs.size(); ++i) {
    CheckTensor(kName, inputs[i]);
    Tensors blocks;
    for (const Tensors& list : outputs) blocks.push_back(list[i]);
    CheckBlocks(kName, blocks, size_, inputs[i], "output");
    parts.push_back({work->buffers().Input(inputs[i]), work->buffers().OutputBlocks(blocks), ExtentOf(inputs[i])});
  }
  return LaunchCollective(
      std::move(work), parts.size(), opts.timeout, [&](size_t i, const auto* options, auto* request) {
        const Part& p = parts[i];
        return tutti_all_gather(comm_, p.send, p.recv, p.extent.count, p.extent.dtype, options, request);
      });
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::allgather_into_tensor_coalesced(Tensors& outputs, Tensors& inputs,
                                                                              const c10d::AllgatherOptions& opts) {
  constexpr const char* kName = "all_gather_into_tensor_coalesced";
  if (outputs.size() != inputs.size()) Refuse(std::string(kName) + ": there must be one output for each input.");
  Operation work = MakeWork(c10d::OpType::ALLGATHER_COALESCED, "tutti:all_gather_base", inputs, {outputs});
  std::vector<Part> parts;
  for (size_t i = 0; i < inputs.size(); ++i) {
    CheckWhole(kName, outputs[i], inputs[i], size_);
    parts.push_back({work->buffers().Input(inputs[i]), work->buffers().Output(outputs[i]), ExtentOf(inputs[i])});
  }
  return LaunchCollective(
      std::move(work), parts.size(), opts.timeout, [&](size_t i, const auto* options, auto* request) {
        const Part& p = parts[i];
        return tutti_all_gather(comm_, p.send, p.recv, p.extent.count, p.extent.dtype, options, request);
      });
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::gather(TensorLists& outputs, Tensors& inputs,
                                                     const c10d::GatherOptions& opts) {
  constexpr const char* kName = "gather";
  const at::Tensor& input = Only(kName, inputs, "input");
  CheckRoot(kName, opts.rootRank, size_);
  const int root = static_cast<int>(opts.rootRank);
  Tensors blocks;
  if (rank_ == root) {
    blocks = OnlyList(kName, outputs, size_, "output");
    CheckBlocks(kName, blocks, size_, input, "output");
  } else if (!outputs.empty()) {
    Refuse(std::string(kName) + ": only the root, rank " + std::to_string(root) + ", has outputs.");
  }
  Operation work = MakeWork(c10d::OpType::GATHER, "tutti:gather", inputs, {blocks});
  const void* send = work->buffers().Input(input);
  void* recv = rank_ == root ? work->buffers().OutputBlocks(blocks) : nullptr;
  const Extent extent = ExtentOf(input);
  return LaunchCollective(std::move(work), 1, opts.timeout, [&](size_t, const auto* options, auto* request) {
    return tutti_gather(comm_, send, recv, extent.count, extent.dtype, root, options, request);
  });
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::scatter(Tensors& outputs, TensorLists& inputs,
                                                      const c10d::ScatterOptions& opts) {
  constexpr const char* kName = "scatter";
  const at::Tensor& output = Only(kName, outputs, "output");
  CheckRoot(kName, opts.rootRank, size_);
  const int root = static_cast<int>(opts.rootRank);
  Tensors blocks;
  if (rank_ == root) {
    blocks = OnlyList(kName, inputs, size_, "input");
    CheckBlocks(kName, blocks, size_, output, "input");
  } else if (!inputs.empty()) {
    Refuse(std::string(kName) + ": only the root, rank " + std::to_string(root) + ", has inputs.");
  }
  Operation work = MakeWork(c10d::OpType::SCATTER, "tutti:scatter", blocks, {outputs});
  const void* send = rank_ == root ? work->buffers().InputBlocks(blocks) : nullptr;
  void* recv = work->buffers().Output(output);
  const Extent extent = ExtentOf(output);
  return LaunchCollective(std::move(work), 1, opts.timeout, [&](size_t, const auto* options, auto* request) {
    return tutti_scatter(comm_, send, recv, extent.count, extent.dtype, root, options, request);
  });
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::barrier(const c10d::BarrierOptions& opts) {
  return LaunchCollective(
      MakeWork(c10d::OpType::BARRIER, "tutti:barrier", {}, {}), 1, opts.timeout,
      [&](size_t, const auto* options, auto* request) { return tutti_barrier(comm_, options, request); });
}

// Every barrier of tutti names the ranks that did not come.
void ProcessGroupTutti::monitoredBarrier(const c10d::BarrierOptions& opts, bool) { barrier(opts)->wait(); }

}  // namespace tutti_torch
