/* SPDX-License-Identifier: Apache-2.0
 *
 * Handles that were never given out, or are used after destroy or abort: a status and a sentence, never a crash.
 */
#include "tests/capi/capi_test.h"

static float a[8], b[8];

static int every_call_gives(tutti_comm_t comm, tutti_status_t expected) {
  int ok = 1;
  tutti_request_t request = NULL;
  ok &= CHECK_REFUSED(tutti_all_reduce(comm, a, b, 8, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL), expected);
  ok &= CHECK_REFUSED(tutti_broadcast(comm, a, b, 8, TUTTI_FLOAT32, 0, NULL, NULL), expected);
  ok &= CHECK_REFUSED(tutti_reduce(comm, a, b, 8, TUTTI_FLOAT32, TUTTI_SUM, 0, NULL, NULL), expected);
  ok &= CHECK_REFUSED(tutti_all_gather(comm, a, b, 8, TUTTI_FLOAT32, NULL, NULL), expected);
  ok &= CHECK_REFUSED(tutti_reduce_scatter(comm, a, b, 8, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL), expected);
  ok &= CHECK_REFUSED(tutti_all_to_all(comm, a, b, 8, TUTTI_FLOAT32, NULL, NULL), expected);
  ok &= CHECK_REFUSED(tutti_gather(comm, a, b, 8, TUTTI_FLOAT32, 0, NULL, NULL), expected);
  ok &= CHECK_REFUSED(tutti_scatter(comm, a, b, 8, TUTTI_FLOAT32, 0, NULL, NULL), expected);
  ok &= CHECK_REFUSED(tutti_barrier(comm, NULL, NULL), expected);
  ok &= CHECK_REFUSED(tutti_barrier(comm, NULL, &request), expected);
  return ok;
}

static int is_unknown(tutti_comm_t comm) {
  int number = 0, ok = every_call_gives(comm, TUTTI_ERR_INVALID_HANDLE);
  tutti_comm_t other = NULL;
  ok &= CHECK_REFUSED(tutti_send(comm, a, 8, TUTTI_FLOAT32, 0, NULL, NULL), TUTTI_ERR_INVALID_HANDLE);
  ok &= CHECK_REFUSED(tutti_recv(comm, a, 8, TUTTI_FLOAT32, 0, NULL, NULL), TUTTI_ERR_INVALID_HANDLE);
  ok &= CHECK_REFUSED(tutti_comm_rank(comm, &number), TUTTI_ERR_INVALID_HANDLE);
  ok &= CHECK_REFUSED(tutti_comm_size(comm, &number), TUTTI_ERR_INVALID_HANDLE);
  ok &= CHECK_REFUSED(tutti_comm_split(comm, 0, 0, &other), TUTTI_ERR_INVALID_HANDLE);
  ok &= CHECK_REFUSED(tutti_comm_abort(comm, "why"), TUTTI_ERR_INVALID_HANDLE);
  ok &= CHECK_REFUSED(tutti_comm_destroy(comm), TUTTI_ERR_INVALID_HANDLE);
  ok &= CHECK_STATUS(tutti_comm_status(comm), TUTTI_ERR_INVALID_HANDLE);
  ok &= CHECK(tutti_comm_last_error(comm) != NULL);
  return ok;
}

static void garbage_is_refused(void) {
  int local = 0;
  CHECK(is_unknown((tutti_comm_t)(uintptr_t)1));
  CHECK(is_unknown((tutti_comm_t)(uintptr_t)0xdeadbeef));
  CHECK(is_unknown((tutti_comm_t)(uintptr_t)UINTPTR_MAX));
  CHECK(is_unknown((tutti_comm_t)(uintptr_t)0xffffffff00000000u));
  CHECK(is_unknown((tutti_comm_t)(void*)&local));
}

static void destroying_nothing_is_fine(void) { CHECK_STATUS(tutti_comm_destroy(NULL), TUTTI_OK); }

static void a_destroyed_communicator_is_unknown(void) {
  tutti_comm_t comm = capi_single_rank_comm();
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
  CHECK(is_unknown(comm));
}

/* A slot that is used again must not revive the old handle. */
static void an_old_handle_does_not_reach_a_new_communicator(void) {
  tutti_comm_t old = capi_single_rank_comm(), fresh;
  CHECK_STATUS(tutti_comm_destroy(old), TUTTI_OK);
  fresh = capi_single_rank_comm();
  CHECK(fresh != old);
  CHECK(is_unknown(old));
  CHECK_STATUS(tutti_barrier(fresh, NULL, NULL), TUTTI_OK);
  CHECK_STATUS(tutti_comm_destroy(fresh), TUTTI_OK);
}

static void an_aborted_communicator_says_why_until_it_is_destroyed(void) {
  tutti_comm_t comm = capi_single_rank_comm();
  int rank = -1;
  CHECK_STATUS(tutti_comm_abort(comm, "the optimizer saw a NaN"), TUTTI_OK);
  CHECK(every_call_gives(comm, TUTTI_ERR_ABORTED));
  CHECK(strstr(tutti_last_error(), "the optimizer saw a NaN") != NULL);
  CHECK_STATUS(tutti_comm_status(comm), TUTTI_ERR_ABORTED);
  CHECK(strstr(tutti_comm_last_error(comm), "the optimizer saw a NaN") != NULL);
  CHECK_STATUS(tutti_comm_rank(comm, &rank), TUTTI_OK);
  CHECK(rank == 0);
  CHECK_STATUS(tutti_comm_abort(comm, "again"), TUTTI_OK);
  CHECK(strstr(tutti_comm_last_error(comm), "the optimizer saw a NaN") != NULL); /* the first reason stays */
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
  CHECK(is_unknown(comm));
}

static void abort_needs_no_reason(void) {
  tutti_comm_t comm = capi_single_rank_comm();
  CHECK_STATUS(tutti_comm_abort(comm, NULL), TUTTI_OK);
  CHECK_STATUS(tutti_comm_status(comm), TUTTI_ERR_ABORTED);
  CHECK(strchr(tutti_comm_last_error(comm), ' ') != NULL);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void many_communicators_come_and_go(void) {
  tutti_comm_t comms[8];
  int round, i;
  for (round = 0; round < 4; ++round) {
    for (i = 0; i < 8; ++i) comms[i] = capi_single_rank_comm();
    for (i = 0; i < 8; ++i) CHECK_STATUS(tutti_barrier(comms[i], NULL, NULL), TUTTI_OK);
    for (i = 0; i < 8; ++i) CHECK_STATUS(tutti_comm_destroy(comms[(i * 3) % 8]), TUTTI_OK);
  }
}

CAPI_MAIN(CAPI_CASE(garbage_is_refused), CAPI_CASE(destroying_nothing_is_fine),
          CAPI_CASE(a_destroyed_communicator_is_unknown), CAPI_CASE(an_old_handle_does_not_reach_a_new_communicator),
          CAPI_CASE(an_aborted_communicator_says_why_until_it_is_destroyed), CAPI_CASE(abort_needs_no_reason),
          CAPI_CASE(many_communicators_come_and_go))
