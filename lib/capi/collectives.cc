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

// The one that the options name must fit the call; the communicator's own is used where it does, and where the call does not
// ask for another algorithm.
tutti_status_t ChooseCodec(const char* function, Communicator& communicator, const CheckedOptions& options,
                           tutti_dtype_t dtype, tutti_op_t op, size_t count, CommCodec** codec) {
  const auto type = static_cast<DataType>(dtype);
  if (options.user_op != nullptr) {
    if (options.codec == nullptr || absl::string_view(options.codec) == "none") return TUTTI_OK;
    return Failed(TUTTI_ERR_UNSUPPORTED,
                  absl::StrCat(function, ": options->codec is \"", options.codec,
                               "\", but codecs know built-in operations only; op is ", options.user_op->traits().name));
  }
  const auto reduce_op = static_cast<ReduceOp>(op);
  const bool asks_gate = options.codec != nullptr && IsAutoCodec(options.codec);
  if (asks_gate && (communicator.gate() == nullptr || communicator.gate()->text() != options.codec)) {
    return Failed(
        TUTTI_ERR_INVALID_ARGUMENT,
        absl::StrCat(function, ": options->codec is \"", options.codec,
                     "\", but what pays was not measured; call tutti_comm_set_codec with it on all ranks first"));
  }
  if (asks_gate || (options.codec == nullptr && communicator.default_is_gated())) {
    if (type == DataType::kFloat32 && options.algorithm == nullptr) {
      *codec = communicator.GateChoice(count * sizeof(float));
    }
    return TUTTI_OK;
  }
  if (options.codec == nullptr) {
    CommCodec* const own = communicator.default_codec();
    if (own != nullptr && options.algorithm == nullptr && own->Fits(type, reduce_op)) *codec = own;
    return TUTTI_OK;
  }
  const absl::StatusOr<CommCodec*> found = communicator.codecs().Find(options.codec);
  if (!found.ok()) {
    return Invalid(function, "options->codec: ", found.status().message());
  }
  *codec = *found;
  if (*codec == nullptr) return TUTTI_OK;
  const absl::Status fits = (*codec)->CheckFits(type, reduce_op);
  return fits.ok() ? TUTTI_OK : Failed(TUTTI_ERR_UNSUPPORTED, absl::StrCat(function, ": ", fits.message()));
}

tutti_status_t Run(const char* function, const char* in_place_rule, tutti_comm_t comm, const Arguments& a,
                   const Recipient& to) {
  return NoteRefusal(
      Fence(function,
            [&]() -> tutti_status_t {
              TUTTI_RETURN_IF_ERROR(Prepare(to, function));
              Communicator* communicator = nullptr;
              CheckedOptions options;
              TUTTI_RETURN_IF_ERROR(
                  CheckCall(function, comm, a.collective, a.dtype, a.op, a.root, a.options, &communicator, &options));

              const int size = communicator->size();
              const size_t blocks = HasBlockPerRank(a.collective) ? static_cast<size_t>(size) : 1;
              uint64_t total_bytes = 0;
              TUTTI_RETURN_IF_ERROR(CheckItems(options.user_op, a.count, function));
              TUTTI_RETURN_IF_ERROR(CheckExtent(a.count, blocks, a.dtype, function, &total_bytes));

              const uint64_t element_bytes = DataTypeBytes(static_cast<DataType>(a.dtype));
              const int rank = communicator->rank();
              const uint64_t send_bytes = EvenInputElements(a.collective, size, a.root, a.count, rank) * element_bytes;
              const uint64_t recv_bytes = EvenOutputElements(a.collective, size, a.root, a.count, rank) * element_bytes;
              TUTTI_RETURN_IF_ERROR(CheckBuffer(a.send, send_bytes, function, "send"));
              TUTTI_RETURN_IF_ERROR(CheckBuffer(a.recv, recv_bytes, function, "recv"));
              bool in_place = false;
              if (send_bytes > 0 && recv_bytes > 0) {
                const uint64_t own_block = static_cast<uint64_t>(rank) * a.count * element_bytes;
                // The shorter buffer lies in the longer one, at this rank's block.
                in_place = AddressOf(a.send, send_bytes > recv_bytes ? own_block : 0) ==
                           AddressOf(a.recv, recv_bytes > send_bytes ? own_block : 0);
              }
              TUTTI_RETURN_IF_ERROR(
                  CheckOverlap(a.send, send_bytes, a.recv, recv_bytes, in_place, function, in_place_rule));

              CommCodec* codec = nullptr;
              if (a.collective == Collective::kAllReduce) {
                TUTTI_RETURN_IF_ERROR(ChooseCodec(function, *communicator, options, a.dtype, a.op, a.count, &codec));
              }
              return Deliver(
                  comm, *communicator,
                  CollectiveCall{.collective = a.collective,
                                 .send = a.send,
                                 .recv = a.recv,
                                 .count = a.count,
                                 .type = static_cast<DataType>(a.dtype),
                                 .op = options.user_op == nullptr ? static_cast<ReduceOp>(a.op) : ReduceOp::kSum,
                                 .user_op = options.user_op,
                                 .user_op_number = static_cast<int>(a.op),
                                 .root = a.root,
                                 .in_place = in_place,
                                 .scale = options.scale,
                                 .algorithm = options.algorithm,
                                 .codec = codec,
                                 .tensor = options.tensor,
                                 .step = options.step,
                                 .timeout_ns = options.timeout_ns,
                                 .budget_ns = options.budget_ns,
                                 .urgent = options.urgent},
                  function, to);
            }),
      to);
}

tutti_status_t RunMessage(const char* function, tutti_comm_t comm, bool is_send, void* buffer, size_t count,
                          tutti_dtype_t dtype, int peer, const tutti_options_t* user_options, const Recipient& to) {
  return NoteRefusal(Fence(function,
                           [&]() -> tutti_status_t {
                             TUTTI_RETURN_IF_ERROR(Prepare(to, function));
                             Communicator* communicator = Find(comm, function);
                             if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
                             TUTTI_RETURN_IF_ERROR(CheckType(dtype, function));
                             TUTTI_RETURN_IF_ERROR(CheckRank(peer, communicator->size(), function, "peer"));
                             if (peer == communicator->rank()) {
                               return Invalid(function, "peer is ", peer, ", the caller itself; copy the data instead");
                             }
                             CheckedOptions options;
                             TUTTI_RETURN_IF_ERROR(CheckOptions(user_options, nullptr, function, &options));
                             uint64_t bytes = 0;
                             TUTTI_RETURN_IF_ERROR(CheckExtent(count, 1, dtype, function, &bytes));
                             TUTTI_RETURN_IF_ERROR(CheckBuffer(buffer, bytes, function, "buffer"));
                             return Deliver(comm, *communicator,
                                            MessageCall{.is_send = is_send,
                                                        .data = buffer,
                                                        .count = count,
                                                        .type = static_cast<DataType>(dtype),
                                                        .peer = peer,
                                                        .tag = options.tag,
                                                        .timeout_ns = options.timeout_ns,
                                                        .budget_ns = options.budget_ns,
                                                        .urgent = options.urgent},
                                            function, to);
                           }),
                     to);
}

// Each collective once, for the call and for what is bound to be run often.

tutti_status_t AllReduce(const char* function, tutti_comm_t comm, const void* send, void* recv, size_t count,
                         tutti_dtype_t dtype, tutti_op_t op, const tutti_options_t* options, const Recipient& to) {
  return Run(function, "send == recv", comm,
             {.collective = Collective::kAllReduce,
              .send = send,
              .recv = recv,
              .count = count,
              .dtype = dtype,
              .op = op,
              .options = options},
             to);
}

tutti_status_t Broadcast(const char* function, tutti_comm_t comm, const void* send, void* recv, size_t count,
                         tutti_dtype_t dtype, int root, const tutti_options_t* options, const Recipient& to) {
  return Run(function, "send == recv", comm,
             {.collective = Collective::kBroadcast,
              .send = send,
              .recv = recv,
              .count = count,
              .dtype = dtype,
              .root = root,
              .options = options},
             to);
}

tutti_status_t Reduce(const char* function, tutti_comm_t comm, const void* send, void* recv, size_t count,
                      tutti_dtype_t dtype, tutti_op_t op, int root, const tutti_options_t* options,
                      const Recipient& to) {
  return Run(function, "send == recv", comm,
             {.collective = Collective::kReduce,
              .send = send,
              .recv = recv,
              .count = count,
              .dtype = dtype,
              .op = op,
              .root = root,
              .options = options},
             to);
}

tutti_status_t AllGather(const char* function, tutti_comm_t comm, const void* send, void* recv, size_t count,
                         tutti_dtype_t dtype, const tutti_options_t* options, const Recipient& to) {
  return Run(function, "send == recv + rank * count", comm,
             {.collective = Collective::kAllGather,
              .send = send,
              .recv = recv,
              .count = count,
              .dtype = dtype,
              .options = options},
             to);
}

tutti_status_t ReduceScatter(const char* function, tutti_comm_t comm, const void* send, void* recv, size_t count,
                             tutti_dtype_t dtype, tutti_op_t op, const tutti_options_t* options, const Recipient& to) {
  return Run(function, "recv == send + rank * count", comm,
             {.collective = Collective::kReduceScatter,
              .send = send,
              .recv = recv,
              .count = count,
              .dtype = dtype,
              .op = op,
              .options = options},
             to);
}

tutti_status_t AllToAll(const char* function, tutti_comm_t comm, const void* send, void* recv, size_t count,
                        tutti_dtype_t dtype, const tutti_options_t* options, const Recipient& to) {
  return Run(function, "send == recv", comm,
             {.collective = Collective::kAllToAll,
              .send = send,
              .recv = recv,
              .count = count,
              .dtype = dtype,
              .options = options},
             to);
}

tutti_status_t Gather(const char* function, tutti_comm_t comm, const void* send, void* recv, size_t count,
                      tutti_dtype_t dtype, int root, const tutti_options_t* options, const Recipient& to) {
  return Run(function, "send == recv + root * count", comm,
             {.collective = Collective::kGather,
              .send = send,
              .recv = recv,
              .count = count,
              .dtype = dtype,
              .root = root,
              .options = options},
             to);
}

tutti_status_t Scatter(const char* function, tutti_comm_t comm, const void* send, void* recv, size_t count,
                       tutti_dtype_t dtype, int root, const tutti_options_t* options, const Recipient& to) {
  return Run(function, "recv == send + root * count", comm,
             {.collective = Collective::kScatter,
              .send = send,
              .recv = recv,
              .count = count,
              .dtype = dtype,
              .root = root,
              .options = options},
             to);
}

tutti_status_t Barrier(const char* function, tutti_comm_t comm, const tutti_options_t* options, const Recipient& to) {
  return Run(function, "", comm, {.collective = Collective::kBarrier, .options = options}, to);
}

}  // namespace
}  // namespace tutti

extern "C" {

tutti_status_t tutti_all_reduce(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                tutti_op_t op, const tutti_options_t* options, tutti_request_t* request) {
  return tutti::AllReduce(__func__, comm, send, recv, count, dtype, op, options, {.request = request});
}

tutti_status_t tutti_broadcast(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                               int root, const tutti_options_t* options, tutti_request_t* request) {
  return tutti::Broadcast(__func__, comm, send, recv, count, dtype, root, options, {.request = request});
}

tutti_status_t tutti_reduce(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                            tutti_op_t op, int root, const tutti_options_t* options, tutti_request_t* request) {
  return tutti::Reduce(__func__, comm, send, recv, count, dtype, op, root, options, {.request = request});
}

tutti_status_t tutti_all_gather(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                const tutti_options_t* options, tutti_request_t* request) {
  return tutti::AllGather(__func__, comm, send, recv, count, dtype, options, {.request = request});
}

tutti_status_t tutti_reduce_scatter(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                    tutti_op_t op, const tutti_options_t* options, tutti_request_t* request) {
  return tutti::ReduceScatter(__func__, comm, send, recv, count, dtype, op, options, {.request = request});
}

tutti_status_t tutti_all_to_all(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                const tutti_options_t* options, tutti_request_t* request) {
  return tutti::AllToAll(__func__, comm, send, recv, count, dtype, options, {.request = request});
}

tutti_status_t tutti_gather(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                            int root, const tutti_options_t* options, tutti_request_t* request) {
  return tutti::Gather(__func__, comm, send, recv, count, dtype, root, options, {.request = request});
}

tutti_status_t tutti_scatter(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                             int root, const tutti_options_t* options, tutti_request_t* request) {
  return tutti::Scatter(__func__, comm, send, recv, count, dtype, root, options, {.request = request});
}

tutti_status_t tutti_barrier(tutti_comm_t comm, const tutti_options_t* options, tutti_request_t* request) {
  return tutti::Barrier(__func__, comm, options, {.request = request});
}

tutti_status_t tutti_send(tutti_comm_t comm, const void* buffer, size_t count, tutti_dtype_t dtype, int peer,
                          const tutti_options_t* options, tutti_request_t* request) {
  return tutti::RunMessage(__func__, comm, true, const_cast<void*>(buffer), count, dtype, peer, options,
                           {.request = request});
}

tutti_status_t tutti_recv(tutti_comm_t comm, void* buffer, size_t count, tutti_dtype_t dtype, int peer,
                          const tutti_options_t* options, tutti_request_t* request) {
  return tutti::RunMessage(__func__, comm, false, buffer, count, dtype, peer, options, {.request = request});
}

tutti_status_t tutti_all_reduce_init(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                     tutti_op_t op, const tutti_options_t* options, tutti_persistent_t* persistent) {
  return tutti::AllReduce(__func__, comm, send, recv, count, dtype, op, options,
                          {.is_persistent = true, .persistent = persistent});
}

tutti_status_t tutti_broadcast_init(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                    int root, const tutti_options_t* options, tutti_persistent_t* persistent) {
  return tutti::Broadcast(__func__, comm, send, recv, count, dtype, root, options,
                          {.is_persistent = true, .persistent = persistent});
}

tutti_status_t tutti_reduce_init(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                 tutti_op_t op, int root, const tutti_options_t* options,
                                 tutti_persistent_t* persistent) {
  return tutti::Reduce(__func__, comm, send, recv, count, dtype, op, root, options,
                       {.is_persistent = true, .persistent = persistent});
}

tutti_status_t tutti_all_gather_init(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                     const tutti_options_t* options, tutti_persistent_t* persistent) {
  return tutti::AllGather(__func__, comm, send, recv, count, dtype, options,
                          {.is_persistent = true, .persistent = persistent});
}

tutti_status_t tutti_reduce_scatter_init(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                         tutti_dtype_t dtype, tutti_op_t op, const tutti_options_t* options,
                                         tutti_persistent_t* persistent) {
  return tutti::ReduceScatter(__func__, comm, send, recv, count, dtype, op, options,
                              {.is_persistent = true, .persistent = persistent});
}

tutti_status_t tutti_all_to_all_init(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                     const tutti_options_t* options, tutti_persistent_t* persistent) {
  return tutti::AllToAll(__func__, comm, send, recv, count, dtype, options,
                         {.is_persistent = true, .persistent = persistent});
}

tutti_status_t tutti_gather_init(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                 int root, const tutti_options_t* options, tutti_persistent_t* persistent) {
  return tutti::Gather(__func__, comm, send, recv, count, dtype, root, options,
                       {.is_persistent = true, .persistent = persistent});
}

tutti_status_t tutti_scatter_init(tutti_comm_t comm, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                  int root, const tutti_options_t* options, tutti_persistent_t* persistent) {
  return tutti::Scatter(__func__, comm, send, recv, count, dtype, root, options,
                        {.is_persistent = true, .persistent = persistent});
}

tutti_status_t tutti_barrier_init(tutti_comm_t comm, const tutti_options_t* options, tutti_persistent_t* persistent) {
  return tutti::Barrier(__func__, comm, options, {.is_persistent = true, .persistent = persistent});
}

}  // extern "C"
