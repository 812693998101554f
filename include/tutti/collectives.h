/* SPDX-License-Identifier: Apache-2.0
 *
 * Collectives and point-to-point messages.
 *
 * Rules for all of them:
 * - Every rank of the communicator calls the same operations in the same order, with the same count, dtype, op and root;
 *   a rank that differs is named on both sides (TUTTI_ERR_MISMATCH), it does not hang and does not corrupt.
 * - Counts are in elements, of any 64-bit size; 0 is valid (and still synchronises what the operation synchronises).
 * - request == NULL: the call returns when the operation has finished on this rank. Otherwise *request is set and the call
 *   returns at once; the buffers belong to tutti until the request has finished.
 * - options == NULL: defaults.
 * - Buffers may be NULL only where no element of them is used. Input and output must be the same buffer as the operation's
 *   "in place" says, or not overlap at all (else INVALID_ARGUMENT).
 * - Operations of one communicator may be started from one thread at a time; different communicators are independent.
 * - After a failure the contents of output buffers are unspecified.
 */
#ifndef TUTTI_COLLECTIVES_H_
#define TUTTI_COLLECTIVES_H_

#include "tutti/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tutti_options {
  size_t struct_size;
  int64_t timeout_ns;    /* 0: the communicator's */
  const char* algorithm; /* NULL: tutti's choice; else a name from the registry, the same on all ranks */
  int32_t tag;           /* send, recv: messages match by (peer, tag) in order; 0 or more */
  int64_t budget_ns;     /* 0: the communicator's; see tutti_telemetry_budget */
  const double* scale;   /* NULL: none; else see SCALED INPUTS below. Read during the call */
  const char* codec;     /* all_reduce: NULL: the communicator's; "none"; or e.g. "int8:block=128"; see compression.h */
  uint64_t tensor;       /* with a codec: key of the tensor, the same in every step and on every rank */
  uint64_t step; /* with a codec: grows with each use of the tensor; 0: how many collectives have begun, likewise */
  int32_t
      priority; /* 0: usual; 1: urgent, see PRIORITIES below. Of this rank alone, but gains most if all give the same */
} tutti_options_t;

#define TUTTI_OPTIONS_INIT \
  { sizeof(tutti_options_t), 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/* SCALED INPUTS
 *
 * With options->scale a rank's input is multiplied by *scale before it is reduced; each rank may have its own. For all_reduce,
 * reduce and reduce_scatter with SUM or AVG of floating-point types. The factor is rounded to the type (for half types to
 * float); send is not changed unless in place. It costs a pass over the input and, except for all_reduce, memory of its length
 * that is kept for the next call of the same shape. */

/* PRIORITIES
 *
 * An urgent operation overtakes others that are under way, between their segments: its messages are posted and its reductions
 * done first, and as long as it runs, others do no more than 256 KiB of local work at a time before the network is looked
 * after. What a transport or the kernel has already taken is not overtaken. It changes no result, and nothing about which
 * operations must be called in which order. Where all ranks share memory, short operations (vectors of up to 4 KiB) overtake long
 * ones without being urgent, and those of a kind run in the order of their calls. */

/* recv[i] = op over all ranks of send[i], on every rank. In place: send == recv. */
TUTTI_API tutti_status_t tutti_all_reduce(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                          tutti_dtype_t dtype, tutti_op_t op, const tutti_options_t* options,
                                          tutti_request_t* request);

/* recv on every rank = send of root. send is used on root only. In place: send == recv. */
TUTTI_API tutti_status_t tutti_broadcast(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                         tutti_dtype_t dtype, int root, const tutti_options_t* options,
                                         tutti_request_t* request);

/* recv on root = op over all ranks of send. recv is used on root only. In place (at root): send == recv. */
TUTTI_API tutti_status_t tutti_reduce(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                      tutti_dtype_t dtype, tutti_op_t op, int root, const tutti_options_t* options,
                                      tutti_request_t* request);

/* recv[r * count .. (r + 1) * count) = send[0 .. count) of rank r, on every rank; recv holds size * count elements.
 * In place: send == recv + rank * count. */
TUTTI_API tutti_status_t tutti_all_gather(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                          tutti_dtype_t dtype, const tutti_options_t* options,
                                          tutti_request_t* request);

/* recv[r * count .. (r + 1) * count) on root = send[0 .. count) of rank r; recv is used on root only and holds size * count
 * elements. In place (at root): send == recv + root * count. */
TUTTI_API tutti_status_t tutti_gather(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                      tutti_dtype_t dtype, int root, const tutti_options_t* options,
                                      tutti_request_t* request);

/* recv[0 .. count) on rank r = send[r * count .. (r + 1) * count) of root; send is used on root only and holds size * count
 * elements. In place (at root): recv == send + root * count. */
TUTTI_API tutti_status_t tutti_scatter(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                       tutti_dtype_t dtype, int root, const tutti_options_t* options,
                                       tutti_request_t* request);

/* recv[0 .. count) on rank r = op over all ranks of send[r * count .. (r + 1) * count); send holds size * count elements
 * and is not changed, except for what recv covers. In place: recv == send + rank * count. */
TUTTI_API tutti_status_t tutti_reduce_scatter(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                              tutti_dtype_t dtype, tutti_op_t op, const tutti_options_t* options,
                                              tutti_request_t* request);

/* recv[r * count .. (r + 1) * count) on rank q = send[q * count .. (q + 1) * count) of rank r; both hold size * count
 * elements. In place: send == recv. */
TUTTI_API tutti_status_t tutti_all_to_all(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                          tutti_dtype_t dtype, const tutti_options_t* options,
                                          tutti_request_t* request);

/* BLOCKS OF DIFFERENT LENGTHS
 *
 * Counts and offsets are arrays with an entry for each rank, in elements; offsets are from the beginning of the buffer, NULL
 * stands for blocks one after the other without gaps. What lies between blocks is neither read nor written. Receive blocks
 * must not overlap; send blocks may. The arrays are used until the call returns, also with a request. Ranks whose counts for
 * the same block differ get MISMATCH. A repeated call with the same counts and offsets costs no set-up; another one does. */

/* Rank r's block, of recv_counts[r] elements, comes to recv + recv_offsets[r] on every rank; every rank has the same counts,
 * offsets may differ. send holds recv_counts[rank] elements. In place: send == recv + recv_offsets[rank]. Since 0.1. */
TUTTI_API tutti_status_t tutti_all_gather_v(tutti_comm_t comm, const void* send, void* recv, const size_t* recv_counts,
                                            const size_t* recv_offsets, tutti_dtype_t dtype,
                                            const tutti_options_t* options, tutti_request_t* request);

/* recv[0 .. send_counts[r]) on rank r = op over all ranks of their blocks for r, at send + send_offsets[r]; every rank has the
 * same counts, offsets may differ. In place: recv == send + send_offsets[rank]. Since 0.1. */
TUTTI_API tutti_status_t tutti_reduce_scatter_v(tutti_comm_t comm, const void* send, const size_t* send_counts,
                                                const size_t* send_offsets, void* recv, tutti_dtype_t dtype,
                                                tutti_op_t op, const tutti_options_t* options,
                                                tutti_request_t* request);

/* Rank r's send, of send_count elements, comes to recv + recv_offsets[r] on root, whose recv_counts[r] is the same number.
 * recv, recv_counts and recv_offsets are used on root only. In place (at root): send == recv + recv_offsets[root]. Since 0.1. */
TUTTI_API tutti_status_t tutti_gather_v(tutti_comm_t comm, const void* send, size_t send_count, void* recv,
                                        const size_t* recv_counts, const size_t* recv_offsets, tutti_dtype_t dtype,
                                        int root, const tutti_options_t* options, tutti_request_t* request);

/* Root's block at send + send_offsets[r], of send_counts[r] elements, comes to recv on rank r, whose recv_count is the same
 * number. send, send_counts and send_offsets are used on root only. In place (at root): recv == send + send_offsets[root].
 * Since 0.1. */
TUTTI_API tutti_status_t tutti_scatter_v(tutti_comm_t comm, const void* send, const size_t* send_counts,
                                         const size_t* send_offsets, void* recv, size_t recv_count, tutti_dtype_t dtype,
                                         int root, const tutti_options_t* options, tutti_request_t* request);

/* The block at send + send_offsets[q] of rank r, of send_counts[q] elements, comes to recv + recv_offsets[r] on rank q, whose
 * recv_counts[r] is the same number. Not in place. Since 0.1. */
TUTTI_API tutti_status_t tutti_all_to_all_v(tutti_comm_t comm, const void* send, const size_t* send_counts,
                                            const size_t* send_offsets, void* recv, const size_t* recv_counts,
                                            const size_t* recv_offsets, tutti_dtype_t dtype,
                                            const tutti_options_t* options, tutti_request_t* request);

/* Returns (or finishes) on no rank before every rank has called it. */
TUTTI_API tutti_status_t tutti_barrier(tutti_comm_t comm, const tutti_options_t* options, tutti_request_t* request);

/* Sends count elements to peer (a rank of comm, not the caller itself). Finishes when the buffer may be reused; the
 * message may then still be on its way. Not a collective: does not count in the order of collectives. */
TUTTI_API tutti_status_t tutti_send(tutti_comm_t comm, const void* buffer, size_t count, tutti_dtype_t dtype, int peer,
                                    const tutti_options_t* options, tutti_request_t* request);

/* Receives exactly count elements from peer; a message of another length or type gives MISMATCH on both ends. */
TUTTI_API tutti_status_t tutti_recv(tutti_comm_t comm, void* buffer, size_t count, tutti_dtype_t dtype, int peer,
                                    const tutti_options_t* options, tutti_request_t* request);

/* Waits until a message with options->tag has come, or been announced, from any rank, and sets *peer to that rank: the next
 * tutti_recv of this tag from it takes the message. Of several senders it names them in turn. Returns IN_PROGRESS, with *peer
 * -1, when options->timeout_ns have passed without one (1: looks once); nothing is lost by that. Connects this rank to all
 * others when first called. Costs more than a receive whose sender is known: it looks, and then sleeps up to a
 * millisecond at a time. As for operations, by one thread of a communicator at a time; operations that run make progress.
 * Errors: INVALID_ARGUMENT (peer is NULL, options are wrong or name an algorithm), INVALID_HANDLE, and what made the communicator
 * fail. Since 0.1. */
TUTTI_API tutti_status_t tutti_probe(tutti_comm_t comm, const tutti_options_t* options, int* peer);

#ifdef __cplusplus
}
#endif

#endif /* TUTTI_COLLECTIVES_H_ */
