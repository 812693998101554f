// SPDX-License-Identifier: Apache-2.0
// The sum of sparse tensors. How many elements a rank has is not known to the others, so there are two stages: all ranks tell
// their numbers; then each sends its indices and values to every other one, as messages, which need no common order.
// Every rank adds up what it then has, in rank order, and so all end with the same bits.
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

#include "errors.h"
#include "process_group.h"
#include "tags.h"

namespace tutti_torch {
namespace {

// What a rank tells in the first stage.
struct Header {
  int64_t elements = 0;
  int64_t kind = 0;  // equal for tensors of the same shape and type
};
constexpr size_t kHeaderNumbers = sizeof(Header) / sizeof(int64_t);

int64_t KindOf(const at::Tensor& tensor) {
  std::string text = std::to_string(tensor.sparse_dim()) + c10::toString(tensor.scalar_type());
  for (const int64_t size : tensor.sizes()) text += "x" + std::to_string(size);
  return static_cast<int64_t>(std::hash<std::string>()(text));
}

struct Transfer {
  bool is_send = false;
  int peer = 0;
  at::Tensor part;
};

tutti_status_t StartTransfer(tutti_comm_t comm, const Transfer& transfer, const tutti_options_t* options,
                             tutti_request_t* request) {
  const size_t bytes = transfer.part.nbytes();
  return transfer.is_send
             ? tutti_send(comm, transfer.part.data_ptr(), bytes, TUTTI_UINT8, transfer.peer, options, request)
             : tutti_recv(comm, transfer.part.data_ptr(), bytes, TUTTI_UINT8, transfer.peer, options, request);
}

// All that lives as long as the operation.
struct SparseSum {
  at::Tensor target;
  std::vector<Header> headers;  // of all ranks
  std::vector<at::Tensor> indices;
  std::vector<at::Tensor> values;

  std::vector<Transfer> MakeTransfers(int rank);
  void AddUp();
};

std::vector<Transfer> SparseSum::MakeTransfers(int rank) {
  const int size = static_cast<int>(headers.size());
  const at::Tensor my_indices = indices[static_cast<size_t>(rank)];
  const at::Tensor my_values = values[static_cast<size_t>(rank)];
  std::vector<Transfer> transfers;
  for (int step = 1; step < size; ++step) {
    const int from = (rank - step + size) % size;
    const int to = (rank + step) % size;
    const auto r = static_cast<size_t>(from);
    std::vector<int64_t> shape = my_values.sizes().vec();
    shape[0] = headers[r].elements;
    indices[r] = at::empty({my_indices.size(0), headers[r].elements}, my_indices.options());
    values[r] = at::empty(shape, my_values.options());
    transfers.push_back({false, from, indices[r]});
    transfers.push_back({false, from, values[r]});
    transfers.push_back({true, to, my_indices});
    transfers.push_back({true, to, my_values});
  }
  return transfers;
}

void SparseSum::AddUp() {
  const at::NoGradGuard no_grad;
  const at::Tensor sum = at::sparse_coo_tensor(at::cat(indices, 1), at::cat(values, 0), target.sizes());
  target.copy_(sum.coalesce());
}

}  // namespace

ProcessGroupTutti::WorkPtr ProcessGroupTutti::allreduce_sparse(Tensors& tensors, const c10d::AllreduceOptions& opts) {
  constexpr const char* kName = "all_reduce";
  if (tensors.size() != 1) Refuse(std::string(kName) + ": expected one sparse tensor; a process has one device.");
  const at::Tensor& tensor = tensors[0];
  if (tensor.layout() != at::kSparse || !tensor.device().is_cpu()) {
    Refuse(std::string(kName) + ": sparse tensors must be in host memory, and of coordinates (COO).");
  }
  if (opts.reduceOp.op_ != c10d::ReduceOp::SUM || tensor.scalar_type() == at::kBool) {
    Refuse(std::string(kName) + ": of sparse tensors tutti computes the SUM of numbers only.");
  }
  const auto sum = std::make_shared<SparseSum>();
  const auto own = static_cast<size_t>(rank_);
  {
    const at::NoGradGuard no_grad;
    const at::Tensor mine = tensor.detach().coalesce();
    sum->target = tensor;
    sum->headers.resize(static_cast<size_t>(size_));
    sum->indices.resize(static_cast<size_t>(size_));
    sum->values.resize(static_cast<size_t>(size_));
    sum->headers[own] = {mine._nnz(), KindOf(mine)};
    sum->indices[own] = mine.indices().contiguous();
    sum->values[own] = mine.values().contiguous();
  }

  tutti_options_t second = TUTTI_OPTIONS_INIT;
  second.tag = kFirstSparseTag + static_cast<int32_t>(sparse_sums_.fetch_add(1) % kNumSparseTags);
  second.timeout_ns = TimeoutNs(opts.timeout);
  Operation work = MakeWork(c10d::OpType::ALLREDUCE, "tutti:sparse_all_reduce", {}, {tensors});
  work->Then([this, sum, second](OperationWork& self) {
    for (size_t r = 0; r < sum->headers.size(); ++r) {
      if (sum->headers[r].kind == sum->headers[static_cast<size_t>(rank_)].kind) continue;
      Fail(self.name(), "rank " + std::to_string(rank_) + " and rank " + std::to_string(r) +
                            " have sparse tensors of different shapes or types. They must be alike on all ranks.");
    }
    const std::vector<Transfer> transfers = sum->MakeTransfers(rank_);
    const std::lock_guard<std::mutex> lock(start_mutex_);
    StartParts(self, transfers.size(), second, [&](size_t i, const auto* options, auto* request) {
      return StartTransfer(comm_, transfers[i], options, request);
    });
  });
  work->AtEnd([sum] { sum->AddUp(); });
  Header* headers = sum->headers.data();
  return LaunchCollective(std::move(work), 1, opts.timeout, [&](size_t, const auto* options, auto* request) {
    return tutti_all_gather(comm_, headers + rank_, headers, kHeaderNumbers, TUTTI_INT64, options, request);
  });
}

}  // namespace tutti_torch
