/* SPDX-License-Identifier: Apache-2.0
 *
 * Reductions of your own: a function that tutti calls where it would add. The value that tutti_op_create gives is used like
 * TUTTI_SUM, in tutti_all_reduce, tutti_reduce, tutti_reduce_scatter and tutti_reduce_scatter_v.
 *
 * What the function computes must be associative: (a op b) op c is a op (b op c), as far as you care; tutti groups operands
 * as an algorithm likes, always in the same way for the same call, so all ranks end with the same bits. If it is not
 * commutative, only algorithms that keep the order of ranks are used, and the result is r0 op r1 op r2 ...: one_shot,
 * recursive_doubling, direct, shared_one_shot and shared_slices for all_reduce, ordered_binomial and shared for reduce, pairwise
 * and shared for reduce_scatter. They move more bytes, or more messages, than the best of the others.
 *
 * All ranks must use an operation of the same name, commutativity and items in the same call; the first message tells those
 * that do not (MISMATCH, with a sentence that names what each called). That it computes the same is up to you.
 */
#ifndef TUTTI_OP_H_
#define TUTTI_OP_H_

#include "tutti/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* inout[i] = in[i] op inout[i], for i in [0, count): `in` holds the values of lower ranks. count is in elements of dtype, and
 * always of whole items (below). Both are aligned to the size of an item, to 16 bytes at most, and do not overlap. Called
 * several times for each operation, with parts of the vector and in any order, by whichever thread drives communication: the
 * one that waits, or the progress thread; for a job (all communicators that come from one tutti_comm_create) by one thread at
 * a time. Must not throw, call tutti, or wait for other ranks: while it runs, nothing else moves. */
typedef void (*tutti_reduce_fn)(void* context, const void* in, void* inout, size_t count, tutti_dtype_t dtype);

/* Initialise with TUTTI_OP_CONFIG_INIT. */
typedef struct tutti_op_config {
  size_t struct_size;
  const char* name; /* letters, digits, "_", "-", "."; at most 63; copied. What ranks compare, and sentences say */
  tutti_reduce_fn reduce; /* not NULL */
  void* context;          /* handed to reduce; yours. Must stay until the last operation that uses it has finished */
  int commutative;        /* 1: a op b is b op a; 0: it is not, and the order of ranks is kept. There is no default */
  size_t
      item_elements; /* elements that belong together and are never cut apart, e.g. 2 for (value, index): 1, 2, 4, ..., at
                            * most 64 bytes. 0 is 1. Counts stay in elements, and are multiples of this */
} tutti_op_config_t;

#define TUTTI_OP_CONFIG_INIT \
  { sizeof(tutti_op_config_t), 0, 0, 0, -1, 0 }

/* Makes an operation known to this process; local, and the values that ranks get may differ. *op is 1000 or more, and never given
 * twice. On failure it is TUTTI_SUM. Any thread. Errors: INVALID_ARGUMENT (NULL, or a field is missing or malformed; the
 * sentence says which), OUT_OF_MEMORY (1024 exist). Since 0.1. */
TUTTI_API tutti_status_t tutti_op_create(const tutti_op_config_t* config, tutti_op_t* op);

/* Forgets it: later calls with it are refused (INVALID_ARGUMENT). Operations that run, and persistent ones, keep what they
 * need of it, and need `context` still. Not while another thread is in a call that it is given to. Errors: INVALID_ARGUMENT (a
 * built-in operation), INVALID_HANDLE (never created, or already destroyed). Since 0.1. */
TUTTI_API tutti_status_t tutti_op_destroy(tutti_op_t op);

#ifdef __cplusplus
}
#endif

#endif /* TUTTI_OP_H_ */
