/* SPDX-License-Identifier: Apache-2.0
 *
 * A communicator of one rank: every operation works, for every type, and is the identity.
 */
#include "tests/capi/capi_test.h"

enum { kBytes = 1024 };
static unsigned char in[kBytes], out[kBytes];

static void fill(void) {
  size_t i;
  /* Finite, normal numbers in every type: bytes 0x3c.. are small positive floats of any width. */
  for (i = 0; i < kBytes; ++i) {
    in[i] = 0x3c;
    out[i] = 0xee;
  }
}

static int is_identity(tutti_status_t status, size_t bytes) {
  size_t i;
  if (!CHECK_STATUS(status, TUTTI_OK) || !CHECK(memcmp(in, out, bytes) == 0)) return 0;
  for (i = bytes; i < kBytes; ++i) {
    if (out[i] != 0xee) return 0; /* nothing was written behind the result */
  }
  return 1;
}

static void every_collective_is_the_identity(void) {
  static const size_t counts[] = {0, 1, 3, 100};
  tutti_comm_t comm = capi_single_rank_comm();
  int dtype, op;
  size_t k;
  for (dtype = TUTTI_INT8; dtype <= TUTTI_FLOAT64; ++dtype) {
    const tutti_dtype_t type = (tutti_dtype_t)dtype;
    for (k = 0; k < sizeof(counts) / sizeof(*counts); ++k) {
      const size_t n = counts[k], bytes = n * tutti_dtype_size(type);
      for (op = TUTTI_SUM; op <= (dtype < TUTTI_FLOAT16 ? TUTTI_XOR : TUTTI_AVG); ++op) {
        fill();
        CHECK(is_identity(tutti_all_reduce(comm, in, out, n, type, (tutti_op_t)op, NULL, NULL), bytes));
        fill();
        CHECK(is_identity(tutti_reduce(comm, in, out, n, type, (tutti_op_t)op, 0, NULL, NULL), bytes));
        fill();
        CHECK(is_identity(tutti_reduce_scatter(comm, in, out, n, type, (tutti_op_t)op, NULL, NULL), bytes));
      }
      fill();
      CHECK(is_identity(tutti_broadcast(comm, in, out, n, type, 0, NULL, NULL), bytes));
      fill();
      CHECK(is_identity(tutti_all_gather(comm, in, out, n, type, NULL, NULL), bytes));
      fill();
      CHECK(is_identity(tutti_all_to_all(comm, in, out, n, type, NULL, NULL), bytes));
      fill();
      CHECK(is_identity(tutti_gather(comm, in, out, n, type, 0, NULL, NULL), bytes));
      fill();
      CHECK(is_identity(tutti_scatter(comm, in, out, n, type, 0, NULL, NULL), bytes));
      fill();
      CHECK(is_identity(tutti_all_gather_v(comm, in, out, &n, NULL, type, NULL, NULL), bytes));
      fill();
      CHECK(is_identity(tutti_reduce_scatter_v(comm, in, &n, NULL, out, type, TUTTI_SUM, NULL, NULL), bytes));
      fill();
      CHECK(is_identity(tutti_gather_v(comm, in, n, out, &n, NULL, type, 0, NULL, NULL), bytes));
      fill();
      CHECK(is_identity(tutti_scatter_v(comm, in, &n, NULL, out, n, type, 0, NULL, NULL), bytes));
      fill();
      CHECK(is_identity(tutti_all_to_all_v(comm, in, &n, NULL, out, &n, NULL, type, NULL, NULL), bytes));
    }
  }
  CHECK_STATUS(tutti_barrier(comm, NULL, NULL), TUTTI_OK);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void rank_and_size_are_known(void) {
  tutti_comm_t comm = capi_single_rank_comm();
  int rank = -1, size = -1;
  CHECK_STATUS(tutti_comm_rank(comm, &rank), TUTTI_OK);
  CHECK_STATUS(tutti_comm_size(comm, &size), TUTTI_OK);
  CHECK(rank == 0 && size == 1);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void a_split_gives_a_communicator_or_none(void) {
  tutti_comm_t comm = capi_single_rank_comm(), part = NULL;
  int size = -1;
  CHECK_STATUS(tutti_comm_split(comm, 3, 0, &part), TUTTI_OK);
  CHECK(part != NULL && part != comm);
  CHECK_STATUS(tutti_comm_size(part, &size), TUTTI_OK);
  CHECK(size == 1);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
  fill(); /* the new one lives on without the old one */
  CHECK(is_identity(tutti_all_reduce(part, in, out, 8, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL), 32));
  comm = part;
  CHECK_STATUS(tutti_comm_split(comm, -1, 0, &part), TUTTI_OK);
  CHECK(part == NULL);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void a_progress_thread_changes_nothing(void) {
  tutti_comm_config_t config = TUTTI_COMM_CONFIG_INIT;
  tutti_comm_t comm = NULL;
  tutti_request_t request = NULL;
  config.rank = 0;
  config.size = 1;
  config.progress_thread = 1;
  CHECK_STATUS(tutti_comm_create(&config, &comm), TUTTI_OK);
  fill();
  CHECK_STATUS(tutti_all_reduce(comm, in, out, 8, TUTTI_FLOAT32, TUTTI_SUM, NULL, &request), TUTTI_OK);
  CHECK(is_identity(tutti_request_wait(&request), 32));
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

CAPI_MAIN(CAPI_CASE(every_collective_is_the_identity), CAPI_CASE(rank_and_size_are_known),
          CAPI_CASE(a_split_gives_a_communicator_or_none), CAPI_CASE(a_progress_thread_changes_nothing))
