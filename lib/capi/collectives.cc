// SPDX-License-Identifier: Apache-2.0
// The collectives and messages of the C API: arguments are checked, then the communicator starts the operation.
#include "tutti/collectives.h"
#include "lib/capi/arguments.h"
#include "lib/capi/deliver.h"
#include "lib/capi/errors.h"
#include "lib/capi/handles.h"
#include "lib/comm/job.h"

namespace tutti {
namespace {

struct Arguments {
  Collective collective;
  const void* send = nullptr;
  void* recv = nullptr;
  size_t count = 0;
  tutti_dtype_t dtype = TUTTI_INT8;
  tutti_op_t op = TUTTI_SUM;
  int root = 0;
  const tutti_options_t* options = nullptr;
};

// The address of element `index` of a buffer, for comparison only.
uintptr_t AddressOf(const void* buffer, uint64_t bytes) { return reinterpret_cast<uintptr_t>(buffer) + bytes; }

tutti_status_t Run(const char* function, const char* in_place_rule, tutti_comm_t comm, const Arguments& a,
                   tutti_request_t* request) {
  return Fence(function, [&]() -> tutti_status_t {
    if (request != nullptr) *request = nullptr;
    Communicator* communicator = nullptr;
    CheckedOptions options;
    TUTTI_RETURN_IF_ERROR(
        CheckCall(function, comm, a.collective, a.dtype, a.op, a.root, a.options, &communicator, &options));

    Shape shape;
    shape.collective = a.collective;
    shape.num_ranks = communicator->size();
    shape.root = a.root;
    const size_t blocks = HasBlockPerRank(a.collective) ? static_cast<size_t>(communicator->size()) : 1;
    uint64_t total_bytes = 0;
    TUTTI_RETURN_IF_ERROR(CheckExtent(a.count, blocks, a.dtype, function, &total_bytes));
    shape.count = a.count;

    const uint64_t element_bytes = tutti_dtype_size(a.dtype);
    const int rank = communicator->rank();
    const uint64_t send_bytes = InputElements(shape, rank) * element_bytes;
    const uint64_t recv_bytes = OutputElements(shape, rank) * element_bytes;
    TUTTI_RETURN_IF_ERROR(CheckBuffer(a.send, send_bytes, function, "send"));
    TUTTI_RETURN_IF_ERROR(CheckBuffer(a.recv, recv_bytes, function, "recv"));
    bool in_place = false;
    if (send_bytes > 0 && recv_bytes > 0) {
      const uint64_t own_block = static_cast<uint64_t>(rank) * a.count * element_bytes;
      // The shorter buffer lies in the longer one, at this rank's block.
      in_place = AddressOf(a.send, send_bytes > recv_bytes ? own_block : 0) ==
                 AddressOf(a.recv, recv_bytes > send_bytes ? own_block : 0);
    }
    TUTTI_RETURN_IF_ERROR(CheckOverlap(a.send, send_bytes, a.recv, recv_bytes, in_place, function, in_place_rule));

    return Deliver(*communicator,
                   communicator->Make(CollectiveCall{.collective = a.collective,
                                                     .send = a.send,
                                                     .recv = a.recv,
                                                     .count = a.count,
                                                     .type = static_cast<DataType>(a.dtype),
                                                     .op = static_cast<ReduceOp>(a.op),
                                                     .root = a.root,
                                                     .in_place = in_place,
                                                     .algorithm = options.algorithm,
                                                     .timeout_ns = options.timeout_ns,
                                                     .budget_ns = options.budget_ns}),
                   function, request);
  });
}

tutti_status_t RunMessage(const char* function, tutti_comm_t comm, bool is_send, void* buffer, size_t count,
                          tutti_dtype_t dtype, int peer, const tutti_options_t* user_options,
                          tutti_request_t* request) {
  return Fence(function, [&]() -> tutti_status_t {
    if (request != nullptr) *request = nullptr;
    Communicator* communicator = Find(comm, function);
    if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
    TUTTI_RETURN_IF_ERROR(CheckType(dtype, function));
    TUTTI_RETURN_IF_ERROR(CheckRank(peer, communicator->size(), function, "peer"));
    if (peer == communicator->rank()) {
      return Failed(TUTTI_ERR_INVALID_ARGUMENT,
                    absl::StrCat(function, ": peer is ", peer, ", the caller itself; copy the data instead"));
    }
    CheckedOptions options;
    TUTTI_RETURN_IF_ERROR(CheckOptions(user_options, nullptr, function, &options));
    uint64_t bytes = 0;
    TUTTI_RETURN_IF_ERROR(CheckExtent(count, 1, dtype, function, &bytes));
    TUTTI_RETURN_IF_ERROR(CheckBuffer(buffer, bytes, function, "buffer"));
    return Deliver(*communicator,
                   communicator->Make(MessageCall{.is_send = is_send,
                                                  .data = buffer,
                                                  .count = count,
                                                  .type = static_cast<DataType>(dtype),
                                                  .peer = peer,
                                                  .tag = options.tag,
                                                  .timeout_ns = options.timeout_ns,
                                                  .budget_ns = options.budget_ns}),
                   function, request);
  });
}

}  // namespace
}  // namespace tutti

extern "C" {

tutti_status_t tutti_all_reduce(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                tutti_op_t op, const tutti_options_t* options, tutti_request_t* request) {
  return tutti::Run(__func__, "send == recv", comm,
                    {.collective = tutti::Collective::kAllReduce,
                     .send = send,
                     .recv = recv,
                     .count = count,
                     .dtype = dtype,
                     .op = op,
                     .options = options},
                    request);
}

tutti_status_t tutti_broadcast(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                               int root, const tutti_options_t* options, tutti_request_t* request) {
  return tutti::Run(__func__, "send == recv", comm,
                    {.collective = tutti::Collective::kBroadcast,
                     .send = send,
                     .recv = recv,
                     .count = count,
                     .dtype = dtype,
                     .root = root,
                     .options = options},
                    request);
}

tutti_status_t tutti_reduce(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                            tutti_op_t op, int root, const tutti_options_t* options, tutti_request_t* request) {
  return tutti::Run(__func__, "send == recv", comm,
                    {.collective = tutti::Collective::kReduce,
                     .send = send,
                     .recv = recv,
                     .count = count,
                     .dtype = dtype,
                     .op = op,
                     .root = root,
                     .options = options},
                    request);
}

tutti_status_t tutti_all_gather(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                const tutti_options_t* options, tutti_request_t* request) {
  return tutti::Run(__func__, "send == recv + rank * count", comm,
                    {.collective = tutti::Collective::kAllGather,
                     .send = send,
                     .recv = recv,
                     .count = count,
                     .dtype = dtype,
                     .options = options},
                    request);
}

tutti_status_t tutti_reduce_scatter(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                    tutti_op_t op, const tutti_options_t* options, tutti_request_t* request) {
  return tutti::Run(__func__, "recv == send + rank * count", comm,
                    {.collective = tutti::Collective::kReduceScatter,
                     .send = send,
                     .recv = recv,
                     .count = count,
                     .dtype = dtype,
                     .op = op,
                     .options = options},
                    request);
}

tutti_status_t tutti_all_to_all(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                const tutti_options_t* options, tutti_request_t* request) {
  return tutti::Run(__func__, "send == recv", comm,
                    {.collective = tutti::Collective::kAllToAll,
                     .send = send,
                     .recv = recv,
                     .count = count,
                     .dtype = dtype,
                     .options = options},
                    request);
}

tutti_status_t tutti_gather(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                            int root, const tutti_options_t* options, tutti_request_t* request) {
  return tutti::Run(__func__, "send == recv + root * count", comm,
                    {.collective = tutti::Collective::kGather,
                     .send = send,
                     .recv = recv,
                     .count = count,
                     .dtype = dtype,
                     .root = root,
                     .options = options},
                    request);
}

tutti_status_t tutti_scatter(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                             int root, const tutti_options_t* options, tutti_request_t* request) {
  return tutti::Run(__func__, "recv == send + root * count", comm,
                    {.collective = tutti::Collective::kScatter,
                     .send = send,
                     .recv = recv,
                     .count = count,
                     .dtype = dtype,
                     .root = root,
                     .options = options},
                    request);
}

tutti_status_t tutti_barrier(tutti_comm_t comm, const tutti_options_t* options, tutti_request_t* request) {
  return tutti::Run(__func__, "", comm, {.collective = tutti::Collective::kBarrier, .options = options}, request);
}

tutti_status_t tutti_send(tutti_comm_t comm, const void* buffer, size_t count, tutti_dtype_t dtype, int peer,
                          const tutti_options_t* options, tutti_request_t* request) {
  return tutti::RunMessage(__func__, comm, true, const_cast<void*>(buffer), count, dtype, peer, options, request);
}

tutti_status_t tutti_recv(tutti_comm_t comm, void* buffer, size_t count, tutti_dtype_t dtype, int peer,
                          const tutti_options_t* options, tutti_request_t* request) {
  return tutti::RunMessage(__func__, comm, false, buffer, count, dtype, peer, options, request);
}

}  // extern "C"
