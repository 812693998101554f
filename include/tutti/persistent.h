/* SPDX-License-Identifier: Apache-2.0
 *
 * Persistent collectives: what is called again and again with the same arguments is bound once, and then only begun.
 *
 *   tutti_all_reduce_init(comm, g, g, n, TUTTI_FLOAT32, TUTTI_SUM, NULL, &sum);
 *   for (...) {
 *     tutti_persistent_start(sum);  ...  tutti_persistent_wait(sum);          or tutti_persistent_run(sum)
 *   }
 *   tutti_persistent_free(sum);
 *
 * The tutti_..._init functions take what the functions without _init take, check it in the same way, and give the same errors.
 * They are local: they choose the algorithm, build its plan, reserve its memory and connect to peers, but send nothing, so ranks
 * may call them in any order and need not all do so. It is the runs that are collective: each counts like a call of the function
 * in the order of the communicator's operations, and ranks may mix runs and calls. options, counts and offsets are read during
 * init (options->scale, too: its value then is used for ever), buffers belong to tutti during a run. Plans of persistent
 * operations are never dropped from the communicator's cache, and a run allocates nothing.
 */
#ifndef TUTTI_PERSISTENT_H_
#define TUTTI_PERSISTENT_H_

#include "tutti/collectives.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tutti_persistent* tutti_persistent_t;

/* By the thread that starts the communicator's operations, not in a group. On failure *persistent is NULL. Errors: those of the
 * function without _init, OUT_OF_MEMORY. Since 0.1. */
TUTTI_API tutti_status_t tutti_all_reduce_init(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                               tutti_dtype_t dtype, tutti_op_t op, const tutti_options_t* options,
                                               tutti_persistent_t* persistent);
TUTTI_API tutti_status_t tutti_broadcast_init(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                              tutti_dtype_t dtype, int root, const tutti_options_t* options,
                                              tutti_persistent_t* persistent);
TUTTI_API tutti_status_t tutti_reduce_init(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                           tutti_dtype_t dtype, tutti_op_t op, int root, const tutti_options_t* options,
                                           tutti_persistent_t* persistent);
TUTTI_API tutti_status_t tutti_all_gather_init(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                               tutti_dtype_t dtype, const tutti_options_t* options,
                                               tutti_persistent_t* persistent);
TUTTI_API tutti_status_t tutti_reduce_scatter_init(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                                   tutti_dtype_t dtype, tutti_op_t op, const tutti_options_t* options,
                                                   tutti_persistent_t* persistent);
TUTTI_API tutti_status_t tutti_all_to_all_init(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                               tutti_dtype_t dtype, const tutti_options_t* options,
                                               tutti_persistent_t* persistent);
TUTTI_API tutti_status_t tutti_gather_init(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                           tutti_dtype_t dtype, int root, const tutti_options_t* options,
                                           tutti_persistent_t* persistent);
TUTTI_API tutti_status_t tutti_scatter_init(tutti_comm_t comm, const void* send, void* recv, size_t count,
                                            tutti_dtype_t dtype, int root, const tutti_options_t* options,
                                            tutti_persistent_t* persistent);
TUTTI_API tutti_status_t tutti_barrier_init(tutti_comm_t comm, const tutti_options_t* options,
                                            tutti_persistent_t* persistent);
TUTTI_API tutti_status_t tutti_all_gather_v_init(tutti_comm_t comm, const void* send, void* recv,
                                                 const size_t* recv_counts, const size_t* recv_offsets,
                                                 tutti_dtype_t dtype, const tutti_options_t* options,
                                                 tutti_persistent_t* persistent);
TUTTI_API tutti_status_t tutti_reduce_scatter_v_init(tutti_comm_t comm, const void* send, const size_t* send_counts,
                                                     const size_t* send_offsets, void* recv, tutti_dtype_t dtype,
                                                     tutti_op_t op, const tutti_options_t* options,
                                                     tutti_persistent_t* persistent);
TUTTI_API tutti_status_t tutti_gather_v_init(tutti_comm_t comm, const void* send, size_t send_count, void* recv,
                                             const size_t* recv_counts, const size_t* recv_offsets, tutti_dtype_t dtype,
                                             int root, const tutti_options_t* options, tutti_persistent_t* persistent);
TUTTI_API tutti_status_t tutti_scatter_v_init(tutti_comm_t comm, const void* send, const size_t* send_counts,
                                              const size_t* send_offsets, void* recv, size_t recv_count,
                                              tutti_dtype_t dtype, int root, const tutti_options_t* options,
                                              tutti_persistent_t* persistent);
TUTTI_API tutti_status_t tutti_all_to_all_v_init(tutti_comm_t comm, const void* send, const size_t* send_counts,
                                                 const size_t* send_offsets, void* recv, const size_t* recv_counts,
                                                 const size_t* recv_offsets, tutti_dtype_t dtype,
                                                 const tutti_options_t* options, tutti_persistent_t* persistent);

/* Begins a run and returns. By the thread that starts the communicator's operations. Errors: INVALID_HANDLE, INVALID_ARGUMENT (it
 * runs already, or in a group), and what made the communicator fail. Since 0.1. */
TUTTI_API tutti_status_t tutti_persistent_start(tutti_persistent_t persistent);

/* Returns when the run has finished, with its status; with TUTTI_OK if none was begun since the last wait. Any thread, but one
 * at a time. Never waits beyond the operation's deadline. Errors: INVALID_HANDLE, those of an operation. Since 0.1. */
TUTTI_API tutti_status_t tutti_persistent_wait(tutti_persistent_t persistent);

/* Advances communication without blocking. IN_PROGRESS while it runs, then as tutti_persistent_wait. Since 0.1. */
TUTTI_API tutti_status_t tutti_persistent_test(tutti_persistent_t persistent);

/* Both in one, a little faster for short operations. Since 0.1. */
TUTTI_API tutti_status_t tutti_persistent_run(tutti_persistent_t persistent);

/* Gives back what was bound. NULL is accepted. Not while it runs (INVALID_ARGUMENT); destroying the communicator frees all of its
 * persistent operations, whose handles are invalid from then on. Errors: INVALID_HANDLE. Since 0.1. */
TUTTI_API tutti_status_t tutti_persistent_free(tutti_persistent_t persistent);

#ifdef __cplusplus
}
#endif

#endif /* TUTTI_PERSISTENT_H_ */
