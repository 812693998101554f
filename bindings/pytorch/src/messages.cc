// SPDX-License-Identifier: Apache-2.0
// What goes from one rank to another: send and recv, and all-to-all where the parts differ in length.
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "checks.h"
#include "element_type.h"
#include "errors.h"
#include "process_group.h"

namespace tutti_torch {
namespace {

// Messages of an all-to-all. Users' tags are smaller.
constexpr int32_t kExchangeTag = std::numeric_limits<int32_t>::max();

// A part of a flat tensor for each rank; without split sizes they are equal.
Tensors SplitsOf(const char* name, const at::Tensor& tensor, const std::vector<int64_t>& splits, int size) {
  CheckTensor(name, tensor);
  if (!tensor.is_contiguous()) {
    Refuse(std::string(name) + ": the tensor must be contiguous, so that parts of it can be sent as they are.");
  }
  if (tensor.dim() == 0) Refuse(std::string(name) + ": a tensor without dimensions cannot be split.");
  const int64_t rows = tensor.size(0);
  const bool equal = splits.empty();
  if (!equal && splits.size() != static_cast<size_t>(size)) {
    Refuse(std::string(name) + ": " + std::to_string(splits.size()) + " split sizes for " + std::to_string(size) +
           " ranks.");
  }
  const int64_t sum = equal ? rows / size * size : std::accumulate(splits.begin(), splits.end(), int64_t{0});
  if (sum != rows) {
    Refuse(std::string(name) + ": a first dimension of " + std::to_string(rows) +
           (equal ? " cannot be shared equally among " + std::to_string(size) + " ranks."
                  : " is not the sum of the split sizes, " + std::to_string(sum) + "."));
  }
  Tensors parts;
  int64_t begin = 0;
  for (int r = 0; r < size; ++r) {
    const int64_t length = equal ? rows / size : splits[static_cast<size_t>(r)];
    if (length < 0) Refuse(std::string(name) + ": a split size is negative.");
    parts.push_back(tensor.narrow(0, begin, length));
    begin += length;
  }
  return parts;
}

}  // namespace

ProcessGroupTutti::WorkPtr ProcessGroupTutti::Message(c10d::OpType type, const char* title, Tensors& tensors, int peer,
                                                      int tag) {
  const bool is_send = type == c10d::OpType::SEND;
  const char* name = is_send ? "send" : "recv";
  const at::Tensor& tensor = Only(name, tensors, is_send ? "input" : "output");
  if (tag < 0 || tag == kExchangeTag) {
    Refuse(std::string(name) + ": the tag is " + std::to_string(tag) + ", but it must be at least 0 and below " +
           std::to_string(kExchangeTag) + ".");
  }
  Operation work = MakeWork(type, title, tensors, {tensors});
  const void* input = is_send ? work->buffers().Input(tensor) : nullptr;
  void* output = is_send ? nullptr : work->buffers().Output(tensor);
  const ElementType element = TypeToMove(tensor.scalar_type());
  const size_t count = static_cast<size_t>(tensor.numel()) * element.per_element;
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.tag = tag;
  return Launch(std::move(work), 1, options, [&](size_t, const auto* with_tag, auto* request) {
    return is_send ? tutti_send(comm_, input, count, element.dtype, peer, with_tag, request)
                   : tutti_recv(comm_, output, count, element.dtype, peer, with_tag, request);
  });
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::send(Tensors& tensors, int peer, int tag) {
  return Message(c10d::OpType::SEND, "tutti:send", tensors, peer, tag);
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::recv(Tensors& tensors, int peer, int tag) {
  return Message(c10d::OpType::RECV, "tutti:recv", tensors, peer, tag);
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::recvAnysource(Tensors&, int) {
  Refuse(
      "recv: a message of any sender cannot be received, because tutti matches messages by their sender: "
      "give src, the sender's rank.");
}

// A message from every rank to every other one, straight from and to the tensors.
ProcessGroupTutti::WorkPtr ProcessGroupTutti::ExchangeAll(Operation work, std::chrono::milliseconds timeout,
                                                          const Tensors& outputs, const Tensors& inputs) {
  struct Transfer {
    bool is_send;
    int peer;
    const void* input;
    void* output;
    size_t count;
    tutti_dtype_t dtype;
  };
  std::vector<Transfer> transfers;
  const auto add = [&](int peer, const at::Tensor& tensor, bool is_send) {
    const ElementType type = TypeToMove(tensor.scalar_type());
    transfers.push_back({is_send, peer, is_send ? work->buffers().Input(tensor) : nullptr,
                         is_send ? nullptr : work->buffers().Output(tensor),
                         static_cast<size_t>(tensor.numel()) * type.per_element, type.dtype});
  };
  // In another order on each rank, so that not all send to the same one at the same time.
  for (int step = 1; step < size_; ++step) {
    const int from = (rank_ - step + size_) % size_;
    const int to = (rank_ + step) % size_;
    add(from, outputs[static_cast<size_t>(from)], false);
    add(to, inputs[static_cast<size_t>(to)], true);
  }
  {
    const at::NoGradGuard no_grad;
    const at::Tensor own = outputs[static_cast<size_t>(rank_)];
    own.copy_(inputs[static_cast<size_t>(rank_)].view(own.sizes()));
  }
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.tag = kExchangeTag;
  if (timeout > std::chrono::milliseconds(0)) {
    options.timeout_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(timeout).count();
  }
  return Launch(std::move(work), transfers.size(), options, [&](size_t i, const auto* with_tag, auto* request) {
    const Transfer& t = transfers[i];
    return t.is_send ? tutti_send(comm_, t.input, t.count, t.dtype, t.peer, with_tag, request)
                     : tutti_recv(comm_, t.output, t.count, t.dtype, t.peer, with_tag, request);
  });
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::alltoall(Tensors& outputs, Tensors& inputs,
                                                       const c10d::AllToAllOptions& opts) {
  constexpr const char* kName = "all_to_all";
  for (const Tensors* list : {&outputs, &inputs}) {
    if (list->size() != static_cast<size_t>(size_)) {
      Refuse(std::string(kName) + ": expected one tensor for each of " + std::to_string(size_) + " ranks, but got " +
             std::to_string(list->size()) + ".");
    }
    for (const at::Tensor& tensor : *list) {
      CheckTensor(kName, tensor);
      CheckSameType(kName, tensor, outputs[0]);
    }
  }
  const auto own = static_cast<size_t>(rank_);
  if (outputs[own].numel() != inputs[own].numel()) {
    Refuse(std::string(kName) + ": what rank " + std::to_string(rank_) + " sends to itself has " +
           std::to_string(inputs[own].numel()) + " elements, but what it receives from itself has " +
           std::to_string(outputs[own].numel()) + ".");
  }
  return ExchangeAll(MakeWork(c10d::OpType::ALLTOALL, "tutti:all_to_all", inputs, {outputs}), opts.timeout, outputs,
                     inputs);
}

ProcessGroupTutti::WorkPtr ProcessGroupTutti::alltoall_base(at::Tensor& output, at::Tensor& input,
                                                            std::vector<int64_t>& output_splits,
                                                            std::vector<int64_t>& input_splits,
                                                            const c10d::AllToAllOptions& opts) {
  constexpr const char* kName = "all_to_all_single";
  const Tensors outputs = SplitsOf(kName, output, output_splits, size_);
  const Tensors inputs = SplitsOf(kName, input, input_splits, size_);
  CheckSameType(kName, output, input);
  const auto own = static_cast<size_t>(rank_);
  if (outputs[own].numel() != inputs[own].numel()) {
    Refuse(std::string(kName) + ": what rank " + std::to_string(rank_) + " sends to itself has " +
           std::to_string(inputs[own].numel()) + " elements, but what it receives from itself has " +
           std::to_string(outputs[own].numel()) + ".");
  }
  Operation work = MakeWork(c10d::OpType::ALLTOALL_BASE, "tutti:all_to_all_single", {input}, {{output}});
  if (!output_splits.empty() || !input_splits.empty()) {
    return ExchangeAll(std::move(work), opts.timeout, outputs, inputs);
  }
  const void* send = work->buffers().Input(input);
  void* recv = work->buffers().Output(output);
  const ElementType type = TypeToMove(input.scalar_type());
  const size_t count = static_cast<size_t>(input.numel()) / static_cast<size_t>(size_) * type.per_element;
  return LaunchCollective(std::move(work), 1, opts.timeout, [&](size_t, const auto* options, auto* request) {
    return tutti_all_to_all(comm_, send, recv, count, type.dtype, options, request);
  });
}

}  // namespace tutti_torch
