/* SPDX-License-Identifier: Apache-2.0
 *
 * Persistent collectives, on one rank: handles, what is refused, and when they are freed.
 */
#include "tutti/persistent.h"

#include "tests/capi/capi_test.h"
#include "tutti/group.h"

static void it_runs_again_and_again_on_what_is_in_its_buffers(void) {
  const tutti_comm_t comm = capi_single_rank_comm();
  float in = 1, out = 0;
  double factor = 2;
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  tutti_persistent_t sum = NULL;
  int i;
  options.scale = &factor;
  CHECK_STATUS(tutti_all_reduce_init(comm, &in, &out, 1, TUTTI_FLOAT32, TUTTI_SUM, &options, &sum), TUTTI_OK);
  CHECK(sum != NULL && out == 0);
  factor = 100; /* was read */
  for (i = 1; i < 5; ++i) {
    in = (float)i;
    CHECK_STATUS(tutti_persistent_start(sum), TUTTI_OK);
    CHECK_STATUS(tutti_persistent_wait(sum), TUTTI_OK);
    CHECK(out == 2.0f * (float)i);
  }
  in = 10;
  CHECK_STATUS(tutti_persistent_run(sum), TUTTI_OK);
  CHECK(out == 20);
  CHECK_STATUS(tutti_persistent_wait(sum), TUTTI_OK); /* nothing runs */
  CHECK_STATUS(tutti_persistent_test(sum), TUTTI_OK);
  CHECK_STATUS(tutti_persistent_free(sum), TUTTI_OK);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void arguments_are_checked_when_it_is_made(void) {
  const tutti_comm_t comm = capi_single_rank_comm();
  float in[2] = {0, 0}, out[2];
  tutti_persistent_t p = (tutti_persistent_t)(uintptr_t)1;
  CHECK_REFUSED(tutti_all_reduce_init(comm, NULL, out, 1, TUTTI_FLOAT32, TUTTI_SUM, NULL, &p),
                TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(p == NULL);
  CHECK_REFUSED(tutti_all_reduce_init(comm, in, out, 1, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL),
                TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_broadcast_init(comm, in, out, 1, TUTTI_FLOAT32, 1, NULL, &p), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_barrier_init(NULL, NULL, &p), TUTTI_ERR_INVALID_HANDLE);
  CHECK_STATUS(tutti_group_start(), TUTTI_OK);
  CHECK_REFUSED(tutti_barrier_init(comm, NULL, &p), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_group_end(), TUTTI_OK); /* it was not refused as part of the group */
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void handles_that_are_gone_are_recognised(void) {
  const tutti_comm_t comm = capi_single_rank_comm();
  tutti_persistent_t p = NULL, q = NULL;
  CHECK_STATUS(tutti_persistent_free(NULL), TUTTI_OK);
  CHECK_REFUSED(tutti_persistent_start(NULL), TUTTI_ERR_INVALID_HANDLE);
  CHECK_STATUS(tutti_barrier_init(comm, NULL, &p), TUTTI_OK);
  CHECK_STATUS(tutti_barrier_init(comm, NULL, &q), TUTTI_OK);
  CHECK(p != q);
  CHECK_STATUS(tutti_persistent_free(p), TUTTI_OK);
  CHECK_REFUSED(tutti_persistent_free(p), TUTTI_ERR_INVALID_HANDLE);
  CHECK_REFUSED(tutti_persistent_run(p), TUTTI_ERR_INVALID_HANDLE);
  CHECK_STATUS(tutti_persistent_run(q), TUTTI_OK);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
  CHECK_REFUSED(tutti_persistent_run(q), TUTTI_ERR_INVALID_HANDLE);
  CHECK_REFUSED(tutti_persistent_wait(q), TUTTI_ERR_INVALID_HANDLE);
}

static void it_is_one_run_at_a_time(void) {
  const tutti_comm_t comm = capi_single_rank_comm();
  tutti_persistent_t p = NULL;
  CHECK_STATUS(tutti_barrier_init(comm, NULL, &p), TUTTI_OK);
  CHECK_STATUS(tutti_persistent_start(p), TUTTI_OK);
  CHECK_REFUSED(tutti_persistent_start(p), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_persistent_free(p), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_persistent_wait(p), TUTTI_OK);
  CHECK_STATUS(tutti_group_start(), TUTTI_OK);
  CHECK_REFUSED(tutti_persistent_start(p), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_group_end(), TUTTI_OK);
  CHECK_STATUS(tutti_persistent_free(p), TUTTI_OK);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

CAPI_MAIN(CAPI_CASE(it_runs_again_and_again_on_what_is_in_its_buffers),
          CAPI_CASE(arguments_are_checked_when_it_is_made), CAPI_CASE(handles_that_are_gone_are_recognised),
          CAPI_CASE(it_is_one_run_at_a_time))
