/* SPDX-License-Identifier: Apache-2.0
 *
 * Groups of calls, on one rank: when things are begun, what is refused, nesting.
 */
#include "tutti/group.h"

#include "tests/capi/capi_test.h"

static void an_end_needs_a_start(void) {
  CHECK(tutti_group_is_open() == 0);
  CHECK_REFUSED(tutti_group_end(), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_group_start(), TUTTI_OK);
  CHECK(tutti_group_is_open() == 1);
  CHECK_STATUS(tutti_group_end(), TUTTI_OK);
  CHECK(tutti_group_is_open() == 0);
  CHECK_REFUSED(tutti_group_end(), TUTTI_ERR_INVALID_ARGUMENT);
}

static void calls_begin_when_the_outermost_group_ends(void) {
  const tutti_comm_t comm = capi_single_rank_comm();
  float in[3] = {1, 2, 3}, out[3] = {0, 0, 0};
  double factor = 2;
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  tutti_request_t request = (tutti_request_t)(uintptr_t)1;
  options.scale = &factor;
  CHECK_STATUS(tutti_group_start(), TUTTI_OK);
  CHECK_STATUS(tutti_all_reduce(comm, in, out, 1, TUTTI_FLOAT32, TUTTI_SUM, &options, NULL), TUTTI_OK);
  factor = 100; /* was read during the call */
  options.scale = NULL;
  CHECK_STATUS(tutti_group_start(), TUTTI_OK);
  CHECK_STATUS(tutti_all_reduce(comm, in + 1, out + 1, 1, TUTTI_FLOAT32, TUTTI_SUM, &options, &request), TUTTI_OK);
  CHECK(request == NULL);
  CHECK_STATUS(tutti_group_end(), TUTTI_OK);
  CHECK(tutti_group_is_open() == 1);
  CHECK_STATUS(tutti_broadcast(comm, in + 2, out + 2, 1, TUTTI_FLOAT32, 0, NULL, NULL), TUTTI_OK);
  CHECK(out[0] == 0 && out[1] == 0 && out[2] == 0);
  CHECK_STATUS(tutti_group_end(), TUTTI_OK);
  CHECK(out[0] == 2 && out[2] == 3);
  CHECK(request != NULL);
  CHECK_STATUS(tutti_request_wait(&request), TUTTI_OK);
  CHECK(out[1] == 2);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void a_call_that_is_refused_is_not_in_the_group_but_its_end_says_so(void) {
  const tutti_comm_t comm = capi_single_rank_comm();
  float in[2] = {1, 2}, out[2] = {0, 0};
  CHECK_STATUS(tutti_group_start(), TUTTI_OK);
  CHECK_STATUS(tutti_all_reduce(comm, in, out, 1, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL), TUTTI_OK);
  CHECK_REFUSED(tutti_all_reduce(comm, NULL, out, 1, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_send(comm, in, 1, TUTTI_FLOAT32, 0, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_all_reduce(comm, in + 1, out + 1, 1, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL), TUTTI_OK);
  CHECK_REFUSED(tutti_group_end(), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(strstr(tutti_last_error(), "send is NULL") != NULL); /* the first */
  CHECK(out[0] == 1 && out[1] == 2);
  CHECK_STATUS(tutti_group_start(), TUTTI_OK); /* the next one knows nothing of it */
  CHECK_STATUS(tutti_group_end(), TUTTI_OK);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void a_communicator_may_go_before_its_group_ends(void) {
  const tutti_comm_t comm = capi_single_rank_comm();
  const tutti_comm_t other = capi_single_rank_comm();
  float in[2] = {1, 2}, out[2] = {0, 0};
  CHECK_STATUS(tutti_group_start(), TUTTI_OK);
  CHECK_STATUS(tutti_all_reduce(comm, in, out, 1, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL), TUTTI_OK);
  CHECK_STATUS(tutti_all_reduce(comm, in, out, 1, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL), TUTTI_OK);
  CHECK_STATUS(tutti_all_reduce(other, in + 1, out + 1, 1, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL), TUTTI_OK);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
  CHECK_REFUSED(tutti_group_end(), TUTTI_ERR_INVALID_HANDLE);
  CHECK(out[0] == 0 && out[1] == 2);
  CHECK_STATUS(tutti_comm_destroy(other), TUTTI_OK);
}

CAPI_MAIN(CAPI_CASE(an_end_needs_a_start), CAPI_CASE(calls_begin_when_the_outermost_group_ends),
          CAPI_CASE(a_call_that_is_refused_is_not_in_the_group_but_its_end_says_so),
          CAPI_CASE(a_communicator_may_go_before_its_group_ends))
