// SPDX-License-Identifier: Apache-2.0
// The collectives that compute.
#include <utility>

#include "checks.h"
#include "element_type.h"
#include "errors.h"
#include "process_group.h"

namespace tutti_torch {
namespace {

size_t CountOf(const at::Tensor& tensor, const ElementType& type) {
  return static_cast<size_t>(tensor.numel()) * type.per_element;
}

// What one part of a coalesced operation is called with.
struct Part {
  const void* send = nullptr;
  void* recv = nullptr;
  size_t count = 0;
  Reduction reduction;
};

// All parts have the same operation.
const double* ScaleOf(const std::vector<Part>& parts) { return parts.empty() ? nullptr : parts[0].reduction.scale(); }

}  // namespace

ProcessGroupTutti::WorkPtr ProcessGroupTutti::allreduce(Tensors& tensors, const c10d::AllreduceOptions& opts) {
  constexpr const char* kName = "all_reduce";
  if (!tensors.empty() && tensors[0].defined() && tensors[0].is_sparse()) return allreduce_sparse(tensors, opts);
  const at::Tensor& tensor = Only(kName, tensors, "input");
  const Reduction reduction = ReductionOf(tensor.scalar_type(), opts.reduceOp, kName);
  Operation work = MakeWork(c10d::OpType::ALLREDUCE, "tutti:all_reduce", tensors, {tensors});
  void* memory = work->buffers().InPlace(tensor);
  const size_t count = CountOf(tensor, reduction.type);
  return LaunchCollective(
      std::move(work), 1, opts.timeout,
      [&](size_t, const auto* options, auto* request) {
        return tutti_all_reduce(comm_, memory, memory, count, reduction.type.dtype, reduction.op, options, request);
      },
      reduction.scale());
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::AverageCompressed(const Tensors& coded, const std::vector<uint64_t>& keys,
                                                                const std::string& codec, const Tensors& plain) {
  constexpr const char* kName = "all_reduce";
  if (keys.size() != coded.size()) Refuse(std::string(kName) + ": there must be one key for each compressed tensor.");
  Tensors all = coded;
  all.insert(all.end(), plain.begin(), plain.end());
  Operation work = MakeWork(c10d::OpType::ALLREDUCE, "tutti:all_reduce", all, {all});
  std::vector<Part> parts;
  for (const at::Tensor& tensor : coded) {
    CheckTensor(kName, tensor);
    const Reduction reduction = ReductionOf(tensor.scalar_type(), c10d::ReduceOp::AVG, kName);
    void* memory = work->buffers().InPlace(tensor);
    parts.push_back({memory, memory, CountOf(tensor, reduction.type), reduction});
  }
  if (!plain.empty()) {
    Part together;
    for (const at::Tensor& tensor : plain) {
      CheckTensor(kName, tensor);
      CheckSameType(kName, tensor, plain[0]);
      together.reduction = ReductionOf(tensor.scalar_type(), c10d::ReduceOp::AVG, kName);
      together.count += CountOf(tensor, together.reduction.type);
    }
    together.send = work->buffers().InputBlocks(plain);
    together.recv = work->buffers().OutputBlocks(plain);
    parts.push_back(together);
  }
  return LaunchCollective(
      std::move(work), parts.size(), c10d::kUnsetTimeout, [&](size_t i, const auto* options, auto* request) {
        const Part& p = parts[i];
        tutti_options_t own = *options;
        own.codec = i < keys.size() ? codec.c_str() : "none";
        own.tensor = i < keys.size() ? keys[i] : 0;
        return tutti_all_reduce(comm_, p.send, p.recv, p.count, p.reduction.type.dtype, p.reduction.op, &own, request);
      });
}

// One all_reduce for each tensor, all at once, so that none has to be copied.
ProcessGroupTutti::WorkPtr ProcessGroupTutti::allreduce_coalesced(Tensors& tensors,
                                                                  const c10d::AllreduceCoalescedOptions& opts) {
  constexpr const char* kName = "all_reduce_coalesced";
  Operation work = MakeWork(c10d::OpType::ALLREDUCE_COALESCED, "tutti:all_reduce", tensors, {tensors});
  std::vector<Part> parts;
  for (const at::Tensor& tensor : tensors) {
    CheckTensor(kName, tensor);
    const Reduction reduction = ReductionOf(tensor.scalar_type(), opts.reduceOp, kName);
    void* memory = work->buffers().InPlace(tensor);
    parts.push_back({memory, memory, CountOf(tensor, reduction.type), reduction});
  }
  return LaunchCollective(
      std::move(work), parts.size(), opts.timeout,
      [&](size_t i, const auto* options, auto* request) {
        const Part& p = parts[i];
        return tutti_all_reduce(comm_, p.send, p.recv, p.count, p.reduction.type.dtype, p.reduction.op, options,
                                request);
      },
      ScaleOf(parts));
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::reduce(Tensors& tensors, const c10d::ReduceOptions& opts) {
  constexpr const char* kName = "reduce";
  const at::Tensor& tensor = Only(kName, tensors, "input");
  CheckRoot(kName, opts.rootRank, size_);
  const Reduction reduction = ReductionOf(tensor.scalar_type(), opts.reduceOp, kName);
  Operation work = MakeWork(c10d::OpType::REDUCE, "tutti:reduce", tensors, {tensors});
  const int root = static_cast<int>(opts.rootRank);
  void* recv = rank_ == root ? work->buffers().InPlace(tensor) : nullptr;
  const void* send = rank_ == root ? recv : work->buffers().Input(tensor);
  const size_t count = CountOf(tensor, reduction.type);
  return LaunchCollective(
      std::move(work), 1, opts.timeout,
      [&](size_t, const auto* options, auto* request) {
        return tutti_reduce(comm_, send, recv, count, reduction.type.dtype, reduction.op, root, options, request);
      },
      reduction.scale());
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::reduce_scatter(Tensors& outputs, TensorLists& inputs,
                                                             const c10d::ReduceScatterOptions& opts) {
  constexpr const char* kName = "reduce_scatter";
  const at::Tensor& output = Only(kName, outputs, "output");
  const Tensors& blocks = OnlyList(kName, inputs, size_, "input");
  CheckUnevenBlocks(kName, blocks, rank_, output, "input");
  const Reduction reduction = ReductionOf(output.scalar_type(), opts.reduceOp, kName);
  // All ranks have the same lengths, and so take the same way.
  const std::vector<size_t> counts = CountsOf(blocks, reduction.type.per_element);
  const bool equal = AreEqual(counts);
  if (!equal && reduction.factor) {
    Refuse(
        std::string(kName) +
        ": PREMUL_SUM of tensors of different lengths: tutti multiplies only where all are equally long. Multiply the "
        "tensors yourself and use SUM.");
  }
  Operation work = MakeWork(c10d::OpType::REDUCE_SCATTER, "tutti:reduce_scatter", blocks, {outputs});
  const void* send = work->buffers().InputBlocks(blocks);
  void* recv = work->buffers().Output(output);
  return LaunchCollective(
      std::move(work), 1, opts.timeout,
      [&](size_t, const auto* options, auto* request) {
        return equal ? tutti_reduce_scatter(comm_, send, recv, counts[0], reduction.type.dtype, reduction.op, options,
                                            request)
                     : tutti_reduce_scatter_v(comm_, send, counts.data(), nullptr, recv, reduction.type.dtype,
                                              reduction.op, options, request);
      },
      reduction.scale());
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::_reduce_scatter_base(at::Tensor& output, at::Tensor& input,
                                                                   const c10d::ReduceScatterOptions& opts) {
  constexpr const char* kName = "reduce_scatter_base";
  CheckWhole(kName, input, output, size_);
  const Reduction reduction = ReductionOf(output.scalar_type(), opts.reduceOp, kName);
  Operation work = MakeWork(c10d::OpType::_REDUCE_SCATTER_BASE, "tutti:reduce_scatter_base", {input}, {{output}});
  const void* send = work->buffers().Input(input);
  void* recv = work->buffers().Output(output);
  const size_t count = CountOf(output, reduction.type);
  return LaunchCollective(
      std::move(work), 1, opts.timeout,
      [&](size_t, const auto* options, auto* request) {
        return tutti_reduce_scatter(comm_, send, recv, count, reduction.type.dtype, reduction.op, options, request);
      },
      reduction.scale());
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::reduce_scatter_tensor_coalesced(Tensors& outputs, Tensors& inputs,
                                                                              const c10d::ReduceScatterOptions& opts) {
  constexpr const char* kName = "reduce_scatter_tensor_coalesced";
  if (outputs.size() != inputs.size()) Refuse(std::string(kName) + ": there must be one output for each input.");
  Operation work = MakeWork(c10d::OpType::REDUCE_SCATTER, "tutti:reduce_scatter_base", inputs, {outputs});
  std::vector<Part> parts;
  for (size_t i = 0; i < inputs.size(); ++i) {
    CheckWhole(kName, inputs[i], outputs[i], size_);
    const Reduction reduction = ReductionOf(outputs[i].scalar_type(), opts.reduceOp, kName);
    parts.push_back({work->buffers().Input(inputs[i]), work->buffers().Output(outputs[i]),
                     CountOf(outputs[i], reduction.type), reduction});
  }
  return LaunchCollective(
      std::move(work), parts.size(), opts.timeout,
      [&](size_t i, const auto* options, auto* request) {
        const Part& p = parts[i];
        return tutti_reduce_scatter(comm_, p.send, p.recv, p.count, p.reduction.type.dtype, p.reduction.op, options,
                                    request);
      },
      ScaleOf(parts));
}

}  // namespace tutti_torch
