// SPDX-License-Identifier: Apache-2.0
// The collectives of the C API whose blocks may differ in length.
#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"

#include "lib/capi/arguments.h"
#include "lib/capi/deliver.h"
#include "lib/capi/errors.h"
#include "lib/capi/handles.h"
#include "tutti/collectives.h"

namespace tutti {
namespace {

struct UnevenBuffer {
  const char* name;  // "send" or "recv"
  const size_t* counts = nullptr;
  const size_t* offsets = nullptr;
};

struct UnevenArguments {
  Collective collective;
  const void* send = nullptr;
  UnevenBuffer send_blocks = {"send"};
  void* recv = nullptr;
  UnevenBuffer recv_blocks = {"recv"};
  size_t own = 0;  // gather: of send; scatter: of recv
  tutti_dtype_t dtype = TUTTI_INT8;
  tutti_op_t op = TUTTI_SUM;
  int root = 0;
  const tutti_options_t* options = nullptr;
  const char* in_place_rule = nullptr;  // nullptr: cannot be in place
};

// In a buffer that is written, no block may lie in another one.
tutti_status_t CheckApart(const BlockList& list, const char* function) {
  bool ascending = true;
  size_t end = 0;
  for (size_t r = 0; r < list.counts.size() && ascending; ++r) {
    if (list.counts[r] == 0) continue;
    ascending = list.offsets[r] >= end;
    end = list.offsets[r] + list.counts[r];
  }
  if (ascending) return TUTTI_OK;
  absl::InlinedVector<size_t, 64> ranks;
  for (size_t r = 0; r < list.counts.size(); ++r) {
    if (list.counts[r] > 0) ranks.push_back(r);
  }
  std::sort(ranks.begin(), ranks.end(), [&](size_t a, size_t b) { return list.offsets[a] < list.offsets[b]; });
  for (size_t i = 1; i < ranks.size(); ++i) {
    const size_t before = ranks[i - 1];
    if (list.offsets[before] + list.counts[before] <= list.offsets[ranks[i]]) continue;
    return Invalid(function, "the recv blocks of ranks ", before, " and ", ranks[i], " overlap");
  }
  return TUTTI_OK;
}

tutti_status_t CheckList(const UnevenBuffer& buffer, int num_ranks, tutti_dtype_t dtype, const char* function,
                         BlockList* list) {
  const size_t n = static_cast<size_t>(num_ranks);
  if (buffer.counts == nullptr) {
    return Invalid(function, buffer.name, "_counts is NULL; it must hold ", n, " counts, one for each rank");
  }
  list->counts = {buffer.counts, n};
  if (buffer.offsets != nullptr) list->offsets = {buffer.offsets, n};
  uint64_t end = 0;
  for (size_t r = 0; r < n; ++r) {
    const uint64_t begin = buffer.offsets != nullptr ? buffer.offsets[r] : end;
    uint64_t bytes = 0;
    if (__builtin_add_overflow(begin, buffer.counts[r], &end) ||
        __builtin_mul_overflow(end, tutti_dtype_size(dtype), &bytes) || bytes > static_cast<uint64_t>(PTRDIFF_MAX)) {
      return Invalid(function, "the ", buffer.name, " block of rank ", r, " (", buffer.counts[r], " of ",
                     tutti_dtype_name(dtype), " from ", begin, " on) ends beyond what memory can hold");
    }
  }
  return TUTTI_OK;
}

// Which lists the rank has, and what is known from them.
tutti_status_t FindBlocks(const UnevenArguments& a, int rank, int num_ranks, const char* function, RankBlocks* blocks) {
  const bool has_blocks = !HasRoot(a.collective) || rank == a.root;
  const bool has_input = has_blocks && InputIsBlocks(a.collective);
  const bool has_output = has_blocks && OutputIsBlocks(a.collective);
  if (has_input) TUTTI_RETURN_IF_ERROR(CheckList(a.send_blocks, num_ranks, a.dtype, function, &blocks->input));
  if (has_output) {
    TUTTI_RETURN_IF_ERROR(CheckList(a.recv_blocks, num_ranks, a.dtype, function, &blocks->output));
    if (a.recv_blocks.offsets != nullptr) TUTTI_RETURN_IF_ERROR(CheckApart(blocks->output, function));
  }
  const absl::Span<const size_t> counts = has_input ? blocks->input.counts : blocks->output.counts;
  const size_t listed = counts.empty() ? a.own : counts[static_cast<size_t>(rank)];
  if (a.collective == Collective::kAllToAll) return TUTTI_OK;
  blocks->own = AllKnowAllBlocks(a.collective) ? listed : a.own;
  if (listed == blocks->own) return TUTTI_OK;
  const bool gathers = a.collective == Collective::kGather;
  return Invalid(function, gathers ? "send_count is " : "recv_count is ", a.own, ", but ",
                 gathers ? "recv_counts" : "send_counts", " gives the root ", listed);
}

bool IsInPlace(const UnevenArguments& a, const RankBlocks& blocks, int rank) {
  const uint64_t element_bytes = tutti_dtype_size(a.dtype);
  const auto at = [](const void* buffer, uint64_t bytes) { return reinterpret_cast<uintptr_t>(buffer) + bytes; };
  if (a.in_place_rule == nullptr) return false;
  if (!blocks.output.counts.empty()) return at(a.send, 0) == at(a.recv, blocks.output.OffsetOf(rank) * element_bytes);
  return at(a.recv, 0) == at(a.send, blocks.input.OffsetOf(rank) * element_bytes);
}

tutti_status_t CheckAlgorithm(const Algorithm* algorithm, const char* function) {
  if (algorithm == nullptr || algorithm->takes_uneven_blocks) return TUTTI_OK;
  std::string names;
  for (const Algorithm& other : Algorithms(algorithm->collective)) {
    if (other.takes_uneven_blocks) absl::StrAppend(&names, names.empty() ? "" : ", ", other.name);
  }
  return Invalid(function, "options->algorithm \"", algorithm->name,
                 "\" cannot have blocks of different lengths; these can: ", names);
}

tutti_status_t RunUneven(const char* function, tutti_comm_t comm, const UnevenArguments& a, const Recipient& to) {
  return NoteRefusal(
      Fence(function,
            [&]() -> tutti_status_t {
              TUTTI_RETURN_IF_ERROR(Prepare(to, function));
              Communicator* communicator = nullptr;
              CheckedOptions options;
              TUTTI_RETURN_IF_ERROR(
                  CheckCall(function, comm, a.collective, a.dtype, a.op, a.root, a.options, &communicator, &options));
              TUTTI_RETURN_IF_ERROR(CheckAlgorithm(options.algorithm, function));
              if (options.scale != nullptr) {
                return Invalid(function, "options->scale is not for blocks of different lengths");
              }

              if (options.user_op != nullptr && options.user_op->traits().item_elements > 1) {
                return Failed(
                    TUTTI_ERR_UNSUPPORTED,
                    absl::StrCat(function, ": op ", options.user_op->traits().name,
                                 " has items of several elements, which is not for blocks of different lengths"));
              }

              const int rank = communicator->rank();
              RankBlocks blocks;
              TUTTI_RETURN_IF_ERROR(FindBlocks(a, rank, communicator->size(), function, &blocks));
              uint64_t own_bytes = 0;
              TUTTI_RETURN_IF_ERROR(CheckExtent(blocks.own, 1, a.dtype, function, &own_bytes));
              Shape shape;
              shape.collective = a.collective;
              shape.num_ranks = communicator->size();
              shape.root = a.root;
              shape.blocks = absl::MakeConstSpan(&blocks, 1);
              const uint64_t send_bytes = InputElements(shape, rank) * tutti_dtype_size(a.dtype);
              const uint64_t recv_bytes = OutputElements(shape, rank) * tutti_dtype_size(a.dtype);
              TUTTI_RETURN_IF_ERROR(CheckBuffer(a.send, send_bytes, function, "send"));
              TUTTI_RETURN_IF_ERROR(CheckBuffer(a.recv, recv_bytes, function, "recv"));
              const bool in_place = send_bytes > 0 && recv_bytes > 0 && IsInPlace(a, blocks, rank);
              TUTTI_RETURN_IF_ERROR(
                  CheckOverlap(a.send, send_bytes, a.recv, recv_bytes, in_place, function,
                               a.in_place_rule != nullptr ? a.in_place_rule : "not for this operation"));
              if (AllKnowAllBlocks(a.collective)) {
                for (size_t count : blocks.input.counts.empty() ? blocks.output.counts : blocks.input.counts) {
                  shape.count += count;
                }
              }
              return Deliver(
                  comm, *communicator,
                  CollectiveCall{.collective = a.collective,
                                 .send = a.send,
                                 .recv = a.recv,
                                 .count = shape.count,
                                 .type = static_cast<DataType>(a.dtype),
                                 .op = options.user_op == nullptr ? static_cast<ReduceOp>(a.op) : ReduceOp::kSum,
                                 .user_op = options.user_op,
                                 .user_op_number = static_cast<int>(a.op),
                                 .root = a.root,
                                 .in_place = in_place,
                                 .blocks = &blocks,
                                 .algorithm = options.algorithm,
                                 .timeout_ns = options.timeout_ns,
                                 .budget_ns = options.budget_ns,
                                 .urgent = options.urgent},
                  function, to);
            }),
      to);
}

// Each collective once, for the call and for what is bound to be run often.

tutti_status_t AllGatherV(const char* function, tutti_comm_t comm, const void* send, void* recv,
                          const size_t* recv_counts, const size_t* recv_offsets, tutti_dtype_t dtype,
                          const tutti_options_t* options, const Recipient& to) {
  return RunUneven(function, comm,
                   {.collective = Collective::kAllGather,
                    .send = send,
                    .recv = recv,
                    .recv_blocks = {"recv", recv_counts, recv_offsets},
                    .dtype = dtype,
                    .options = options,
                    .in_place_rule = "send == recv + the offset of rank's block"},
                   to);
}

tutti_status_t ReduceScatterV(const char* function, tutti_comm_t comm, const void* send, const size_t* send_counts,
                              const size_t* send_offsets, void* recv, tutti_dtype_t dtype, tutti_op_t op,
                              const tutti_options_t* options, const Recipient& to) {
  return RunUneven(function, comm,
                   {.collective = Collective::kReduceScatter,
                    .send = send,
                    .send_blocks = {"send", send_counts, send_offsets},
                    .recv = recv,
                    .dtype = dtype,
                    .op = op,
                    .options = options,
                    .in_place_rule = "recv == send + the offset of rank's block"},
                   to);
}

tutti_status_t GatherV(const char* function, tutti_comm_t comm, const void* send, size_t send_count, void* recv,
                       const size_t* recv_counts, const size_t* recv_offsets, tutti_dtype_t dtype, int root,
                       const tutti_options_t* options, const Recipient& to) {
  return RunUneven(function, comm,
                   {.collective = Collective::kGather,
                    .send = send,
                    .recv = recv,
                    .recv_blocks = {"recv", recv_counts, recv_offsets},
                    .own = send_count,
                    .dtype = dtype,
                    .root = root,
                    .options = options,
                    .in_place_rule = "send == recv + the offset of root's block"},
                   to);
}

tutti_status_t ScatterV(const char* function, tutti_comm_t comm, const void* send, const size_t* send_counts,
                        const size_t* send_offsets, void* recv, size_t recv_count, tutti_dtype_t dtype, int root,
                        const tutti_options_t* options, const Recipient& to) {
  return RunUneven(function, comm,
                   {.collective = Collective::kScatter,
                    .send = send,
                    .send_blocks = {"send", send_counts, send_offsets},
                    .recv = recv,
                    .own = recv_count,
                    .dtype = dtype,
                    .root = root,
                    .options = options,
                    .in_place_rule = "recv == send + the offset of root's block"},
                   to);
}

tutti_status_t AllToAllV(const char* function, tutti_comm_t comm, const void* send, const size_t* send_counts,
                         const size_t* send_offsets, void* recv, const size_t* recv_counts, const size_t* recv_offsets,
                         tutti_dtype_t dtype, const tutti_options_t* options, const Recipient& to) {
  return RunUneven(function, comm,
                   {.collective = Collective::kAllToAll,
                    .send = send,
                    .send_blocks = {"send", send_counts, send_offsets},
                    .recv = recv,
                    .recv_blocks = {"recv", recv_counts, recv_offsets},
                    .dtype = dtype,
                    .options = options},
                   to);
}

}  // namespace
}  // namespace tutti

extern "C" {

tutti_status_t tutti_all_gather_v(tutti_comm_t comm, const void* send, void* recv, const size_t* recv_counts,
                                  const size_t* recv_offsets, tutti_dtype_t dtype, const tutti_options_t* options,
                                  tutti_request_t* request) {
  return tutti::AllGatherV(__func__, comm, send, recv, recv_counts, recv_offsets, dtype, options, {.request = request});
}

tutti_status_t tutti_reduce_scatter_v(tutti_comm_t comm, const void* send, const size_t* send_counts,
                                      const size_t* send_offsets, void* recv, tutti_dtype_t dtype, tutti_op_t op,
                                      const tutti_options_t* options, tutti_request_t* request) {
  return tutti::ReduceScatterV(__func__, comm, send, send_counts, send_offsets, recv, dtype, op, options,
                               {.request = request});
}

tutti_status_t tutti_gather_v(tutti_comm_t comm, const void* send, size_t send_count, void* recv,
                              const size_t* recv_counts, const size_t* recv_offsets, tutti_dtype_t dtype, int root,
                              const tutti_options_t* options, tutti_request_t* request) {
  return tutti::GatherV(__func__, comm, send, send_count, recv, recv_counts, recv_offsets, dtype, root, options,
                        {.request = request});
}

tutti_status_t tutti_scatter_v(tutti_comm_t comm, const void* send, const size_t* send_counts,
                               const size_t* send_offsets, void* recv, size_t recv_count, tutti_dtype_t dtype, int root,
                               const tutti_options_t* options, tutti_request_t* request) {
  return tutti::ScatterV(__func__, comm, send, send_counts, send_offsets, recv, recv_count, dtype, root, options,
                         {.request = request});
}

tutti_status_t tutti_all_to_all_v(tutti_comm_t comm, const void* send, const size_t* send_counts,
                                  const size_t* send_offsets, void* recv, const size_t* recv_counts,
                                  const size_t* recv_offsets, tutti_dtype_t dtype, const tutti_options_t* options,
                                  tutti_request_t* request) {
  return tutti::AllToAllV(__func__, comm, send, send_counts, send_offsets, recv, recv_counts, recv_offsets, dtype,
                          options, {.request = request});
}

tutti_status_t tutti_all_gather_v_init(tutti_comm_t comm, const void* send, void* recv, const size_t* recv_counts,
                                       const size_t* recv_offsets, tutti_dtype_t dtype, const tutti_options_t* options,
                                       tutti_persistent_t* persistent) {
  return tutti::AllGatherV(__func__, comm, send, recv, recv_counts, recv_offsets, dtype, options,
                           {.is_persistent = true, .persistent = persistent});
}

tutti_status_t tutti_reduce_scatter_v_init(tutti_comm_t comm, const void* send, const size_t* send_counts,
                                           const size_t* send_offsets, void* recv, tutti_dtype_t dtype, tutti_op_t op,
                                           const tutti_options_t* options, tutti_persistent_t* persistent) {
  return tutti::ReduceScatterV(__func__, comm, send, send_counts, send_offsets, recv, dtype, op, options,
                               {.is_persistent = true, .persistent = persistent});
}

tutti_status_t tutti_all_to_all_v_init(tutti_comm_t comm, const void* send, const size_t* send_counts,
                                       const size_t* send_offsets, void* recv, const size_t* recv_counts,
                                       const size_t* recv_offsets, tutti_dtype_t dtype, const tutti_options_t* options,
                                       tutti_persistent_t* persistent) {
  return tutti::AllToAllV(__func__, comm, send, send_counts, send_offsets, recv, recv_counts, recv_offsets, dtype,
                          options, {.is_persistent = true, .persistent = persistent});
}

tutti_status_t tutti_gather_v_init(tutti_comm_t comm, const void* send, size_t send_count, void* recv,
                                   const size_t* recv_counts, const size_t* recv_offsets, tutti_dtype_t dtype, int root,
                                   const tutti_options_t* options, tutti_persistent_t* persistent) {
  return tutti::GatherV(__func__, comm, send, send_count, recv, recv_counts, recv_offsets, dtype, root, options,
                        {.is_persistent = true, .persistent = persistent});
}

tutti_status_t tutti_scatter_v_init(tutti_comm_t comm, const void* send, const size_t* send_counts,
                                    const size_t* send_offsets, void* recv, size_t recv_count, tutti_dtype_t dtype,
                                    int root, const tutti_options_t* options, tutti_persistent_t* persistent) {
  return tutti::ScatterV(__func__, comm, send, send_counts, send_offsets, recv, recv_count, dtype, root, options,
                         {.is_persistent = true, .persistent = persistent});
}

}  // extern "C"
