// SPDX-License-Identifier: Apache-2.0
// all_to_all: of one tensor that is cut into parts, and of lists of tensors.
#include <numeric>
#include <utility>

#include "checks.h"
#include "element_type.h"
#include "errors.h"
#include "process_group.h"
#include "tags.h"

namespace tutti_torch {
namespace {

// How many of tutti's elements go to, or come from, each rank. Without split sizes the parts are equal.
std::vector<size_t> PartsOf(const char* name, const at::Tensor& tensor, const std::vector<int64_t>& splits, int size,
                            size_t per_element) {
  CheckTensor(name, tensor);
  if (tensor.dim() == 0) Refuse(std::string(name) + ": a tensor without dimensions cannot be split.");
  const int64_t rows = tensor.size(0);
  if (!splits.empty() && splits.size() != static_cast<size_t>(size)) {
    Refuse(std::string(name) + ": there are " + std::to_string(splits.size()) + " split sizes for " +
           std::to_string(size) + " ranks.");
  }
  if (splits.empty() && rows % size != 0) {
    Refuse(std::string(name) + ": a first dimension of " + std::to_string(rows) + " cannot be shared equally among " +
           std::to_string(size) + " ranks.");
  }
  const std::vector<int64_t> lengths =
      splits.empty() ? std::vector<int64_t>(static_cast<size_t>(size), rows / size) : splits;
  const int64_t row_elements = rows == 0 ? 0 : tensor.numel() / rows;
  std::vector<size_t> counts;
  int64_t sum = 0;
  for (const int64_t length : lengths) {
    if (length < 0 || length > rows) {
      Refuse(std::string(name) + ": a split size is " + std::to_string(length) + ", but the first dimension is " +
             std::to_string(rows) + ".");
    }
    counts.push_back(static_cast<size_t>(length * row_elements) * per_element);
    sum += length;
  }
  if (sum != rows) {
    Refuse(std::string(name) + ": the split sizes add up to " + std::to_string(sum) + ", but the first dimension is " +
           std::to_string(rows) + ".");
  }
  return counts;
}

void CheckOwnPart(const char* name, int rank, size_t sent, size_t received) {
  if (sent == received) return;
  Refuse(std::string(name) + ": what rank " + std::to_string(rank) + " sends to itself has " + std::to_string(sent) +
         " elements, but what it receives from itself has " + std::to_string(received) + ".");
}

}  // namespace

ProcessGroupTutti::WorkPtr ProcessGroupTutti::alltoall_base(at::Tensor& output, at::Tensor& input,
                                                            std::vector<int64_t>& output_splits,
                                                            std::vector<int64_t>& input_splits,
                                                            const c10d::AllToAllOptions& opts) {
  constexpr const char* kName = "all_to_all_single";
  CheckSameType(kName, output, input);
  const ElementType type = TypeToMove(input.scalar_type());
  const std::vector<size_t> received = PartsOf(kName, output, output_splits, size_, type.per_element);
  const std::vector<size_t> sent = PartsOf(kName, input, input_splits, size_, type.per_element);
  CheckOwnPart(kName, rank_, sent[static_cast<size_t>(rank_)], received[static_cast<size_t>(rank_)]);
  // Lengths may be equal on some ranks and differ on others: whether split sizes were given is the same on all.
  const bool equal = output_splits.empty() && input_splits.empty();
  Operation work = MakeWork(c10d::OpType::ALLTOALL_BASE, "tutti:all_to_all", {input}, {{output}});
  const void* send = work->buffers().Input(input);
  void* recv = work->buffers().Output(output);
  return LaunchCollective(std::move(work), 1, opts.timeout, [&](size_t, const auto* options, auto* request) {
    return equal ? tutti_all_to_all(comm_, send, recv, sent[0], type.dtype, options, request)
                 : tutti_all_to_all_v(comm_, send, sent.data(), nullptr, recv, received.data(), nullptr, type.dtype,
                                      options, request);
  });
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
    own.copy_(inputs[static_cast<size_t>(rank_)].reshape(own.sizes()));
  }
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.tag = kAllToAllTag;
  options.timeout_ns = TimeoutNs(timeout);
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
  CheckOwnPart(kName, rank_, static_cast<size_t>(inputs[own].numel()), static_cast<size_t>(outputs[own].numel()));
  return ExchangeAll(MakeWork(c10d::OpType::ALLTOALL, "tutti:all_to_all", inputs, {outputs}), opts.timeout, outputs,
                     inputs);
}

}  // namespace tutti_torch
