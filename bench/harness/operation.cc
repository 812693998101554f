// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/operation.h"

#include <algorithm>

namespace tutti::bench {

const std::vector<Operation>& AllOperations() {
  static const std::vector<Operation> operations = {
      // kind, name, reduces, rooted, moves data, in place, algorithms
      {Kind::kAllReduce, "all_reduce", true, false, true, true, true},
      {Kind::kBroadcast, "broadcast", false, true, true, true, true},
      {Kind::kReduce, "reduce", true, true, true, true, true},
      {Kind::kAllGather, "all_gather", false, false, true, true, true},
      {Kind::kReduceScatter, "reduce_scatter", true, false, true, true, true},
      {Kind::kAllToAll, "all_to_all", false, false, true, true, true},
      {Kind::kGather, "gather", false, true, true, true, true},
      {Kind::kScatter, "scatter", false, true, true, true, true},
      {Kind::kBarrier, "barrier", false, false, false, false, true},
      {Kind::kSendRecv, "send_recv", false, false, true, false, false},
  };
  return operations;
}

const Operation* FindOperation(const std::string& name) {
  for (const Operation& operation : AllOperations()) {
    if (name == operation.name) return &operation;
  }
  return nullptr;
}

size_t Operation::SendElements(size_t count, int ranks) const {
  const bool in_parts = kind == Kind::kReduceScatter || kind == Kind::kAllToAll || kind == Kind::kScatter;
  return in_parts ? count * static_cast<size_t>(ranks) : count;
}

size_t Operation::RecvElements(size_t count, int ranks) const {
  const bool in_parts = kind == Kind::kAllGather || kind == Kind::kAllToAll || kind == Kind::kGather;
  return in_parts ? count * static_cast<size_t>(ranks) : count;
}

size_t Operation::CountFor(uint64_t bytes, size_t element_bytes, int ranks) const {
  if (bytes == 0 || !moves_data) return 0;
  // In parts, one of both buffers is `ranks` times as long as the count says.
  const size_t unit = element_bytes * std::max(SendElements(1, ranks), RecvElements(1, ranks));
  return std::max<size_t>(bytes / unit, 1);
}

double Operation::BusFactor(int ranks) const {
  const double n = ranks;
  switch (kind) {
    case Kind::kAllReduce:
      return 2 * (n - 1) / n;
    case Kind::kAllGather:
    case Kind::kReduceScatter:
    case Kind::kAllToAll:
    case Kind::kGather:
    case Kind::kScatter:
      return (n - 1) / n;
    case Kind::kBroadcast:
    case Kind::kReduce:
    case Kind::kBarrier:
    case Kind::kSendRecv:
      break;
  }
  return 1;
}

tutti_status_t Execute(tutti_comm_t comm, const Call& call, int rank, int ranks, const void* send, void* recv) {
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.algorithm = call.algorithm;
  options.timeout_ns = call.timeout_ns;
  options.codec = call.codec;
  switch (call.operation->kind) {
    case Kind::kAllReduce:
      return tutti_all_reduce(comm, send, recv, call.count, call.dtype, call.op, &options, nullptr);
    case Kind::kBroadcast:
      return tutti_broadcast(comm, send, recv, call.count, call.dtype, call.root, &options, nullptr);
    case Kind::kReduce:
      return tutti_reduce(comm, send, recv, call.count, call.dtype, call.op, call.root, &options, nullptr);
    case Kind::kAllGather:
      return tutti_all_gather(comm, send, recv, call.count, call.dtype, &options, nullptr);
    case Kind::kReduceScatter:
      return tutti_reduce_scatter(comm, send, recv, call.count, call.dtype, call.op, &options, nullptr);
    case Kind::kAllToAll:
      return tutti_all_to_all(comm, send, recv, call.count, call.dtype, &options, nullptr);
    case Kind::kGather:
      return tutti_gather(comm, send, recv, call.count, call.dtype, call.root, &options, nullptr);
    case Kind::kScatter:
      return tutti_scatter(comm, send, recv, call.count, call.dtype, call.root, &options, nullptr);
    case Kind::kBarrier:
      return tutti_barrier(comm, &options, nullptr);
    case Kind::kSendRecv:
      break;
  }
  tutti_request_t requests[2] = {nullptr, nullptr};
  const int from = (rank + ranks - 1) % ranks;
  const int to = (rank + 1) % ranks;
  tutti_status_t status = tutti_recv(comm, recv, call.count, call.dtype, from, &options, &requests[0]);
  if (status == TUTTI_OK) status = tutti_send(comm, send, call.count, call.dtype, to, &options, &requests[1]);
  // Not the other way round: what has been started must end before its buffer may go.
  const tutti_status_t waited = tutti_request_wait_all(2, requests);
  return status == TUTTI_OK ? waited : status;
}

std::vector<std::string> AlgorithmsOf(tutti_comm_t comm, const Operation& operation) {
  std::vector<std::string> names;
  if (!operation.has_algorithms) return names;
  // No such name can exist; the call is refused with a sentence that ends with the names that do.
  const Call call = {&operation, 0, TUTTI_INT8, TUTTI_SUM, 0, "?", 0};
  char nothing = 0;
  if (Execute(comm, call, 0, 1, &nothing, &nothing) != TUTTI_ERR_INVALID_ARGUMENT) return names;
  const std::string sentence = tutti_last_error();
  const std::string before = "is not one of ";
  const size_t start = sentence.find(before);
  if (start == std::string::npos) return names;
  size_t at = start + before.size();
  while (at < sentence.size()) {
    const size_t end = std::min(sentence.find_first_of(",;. ", at), sentence.size());
    if (end > at) names.push_back(sentence.substr(at, end - at));
    at = end + 1;
  }
  return names;
}

}  // namespace tutti::bench
