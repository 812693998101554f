/* SPDX-License-Identifier: Apache-2.0
 *
 * All-reduce of matrices by way of two thin ones (PowerSGD; Vogels, Karimireddy, Jaggi 2019). For gradients, whose sum is
 * close to a matrix of low rank: of rows x cols values only rank * (rows + cols) travel. What is lost is remembered and
 * added to the next call's matrix (error feedback), so that nothing is lost for good.
 *
 * One object for each matrix of the model, used in every step. It belongs to no communicator. One thread at a time.
 */
#ifndef TUTTI_POWERSGD_H_
#define TUTTI_POWERSGD_H_

#include "tutti/collectives.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tutti_powersgd* tutti_powersgd_t;

/* rows, cols, rank and seed must be the same on all ranks: other shapes are told as MISMATCH; another seed is not, and makes
 * results worse (they are still the same everywhere). Since 0.1. */
typedef struct tutti_powersgd_config {
  size_t struct_size;
  size_t rows, cols; /* of the matrix: 1 or more */
  size_t rank; /* columns of the factors: 1 or more. Where they would hold as many values as the matrix, it travels
                           * as it is, and nothing is lost */
  int32_t error_feedback; /* 1, or 0: what is lost is lost */
  int32_t warm_start;     /* 1: begin with the last call's factor, or 0: with a random one each time, which is worse */
  uint64_t seed;          /* of the first factor */
} tutti_powersgd_config_t;

#define TUTTI_POWERSGD_CONFIG_INIT \
  { sizeof(tutti_powersgd_config_t), 0, 0, 4, 1, 1, 0 }

/* Allocates what all calls need: rows * cols values with error feedback, and 2 * rank * (rows + cols). On failure *powersgd is
 * NULL. Errors: INVALID_ARGUMENT; OUT_OF_MEMORY. Any thread. Since 0.1. */
TUTTI_API tutti_status_t tutti_powersgd_create(const tutti_powersgd_config_t* config, tutti_powersgd_t* powersgd);

/* NULL is accepted. Not while a call with it runs. Errors: INVALID_HANDLE. Since 0.1. */
TUTTI_API tutti_status_t tutti_powersgd_destroy(tutti_powersgd_t powersgd);

/* recv = nearly op (SUM or AVG) over all ranks of send, with the same bits on every rank. Both are rows x cols float32 values,
 * row by row; in place: send == recv.
 *
 * For the communicator this is two all_reduces (rank * rows, then rank * cols values), or one of rows * cols values where the
 * factors would not be smaller: in the order of its operations, on all ranks, with these options (the timeout is of each).
 * The options give no codec and no scale (INVALID_ARGUMENT), and the communicator's codec is not used. Blocks until both have
 * finished. The arithmetic takes about 6 * rank * rows * cols operations on the calling thread.
 *
 * An infinity or a NaN on any rank makes the whole result NaN on all, in this call only. Memory for send and recv must not
 * overlap otherwise. After a failure the object is as it was before the call, and recv is unspecified.
 * Errors: those of tutti_all_reduce; INVALID_ARGUMENT (another op); INVALID_HANDLE. Since 0.1. */
TUTTI_API tutti_status_t tutti_powersgd_all_reduce(tutti_powersgd_t powersgd, tutti_comm_t comm, const float* send,
                                                   float* recv, tutti_op_t op, const tutti_options_t* options);

/* *values = how many float32 values a call all-reduces instead of rows * cols. Since 0.1. */
TUTTI_API tutti_status_t tutti_powersgd_wire_values(tutti_powersgd_t powersgd, size_t* values);

/* For checkpoints. Every rank saves its own, since each remembers what it lost itself. Sets *bytes to what is needed, and fills
 * `buffer` if that is not more than `capacity` (buffer may be NULL if capacity is 0; too small a capacity is no error).
 * Errors: INVALID_ARGUMENT; INVALID_HANDLE; OUT_OF_MEMORY. Since 0.1. */
TUTTI_API tutti_status_t tutti_powersgd_save(tutti_powersgd_t powersgd, void* buffer, size_t capacity, size_t* bytes);

/* Makes the object what the saved one was, which must have had the same config; all ranks must restore the same step. Bytes
 * that were not saved so are refused with INVALID_ARGUMENT, and the object is as it was; what is not checked are the numbers
 * themselves. Errors: also INVALID_HANDLE. Since 0.1. */
TUTTI_API tutti_status_t tutti_powersgd_restore(tutti_powersgd_t powersgd, const void* buffer, size_t bytes);

#ifdef __cplusplus
}
#endif

#endif /* TUTTI_POWERSGD_H_ */
