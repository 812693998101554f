/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests on a communicator of one rank, and requests that are none.
 */
#include "tests/capi/capi_test.h"

static float a[8], b[8], c[8];

static void missing_pointers_are_refused(void) {
  tutti_request_t request = NULL;
  int index = 0;
  CHECK_REFUSED(tutti_request_wait(NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_request_test(NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_request_wait_any(1, NULL, &index), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_request_wait_any(1, &request, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_request_wait_any(-1, &request, &index), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_request_wait_all(1, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_request_wait_all(-1, &request), TUTTI_ERR_INVALID_ARGUMENT);
}

static void a_null_request_has_finished(void) {
  tutti_request_t requests[3] = {NULL, NULL, NULL};
  int index = 7;
  CHECK_STATUS(tutti_request_wait(&requests[0]), TUTTI_OK);
  CHECK_STATUS(tutti_request_test(&requests[0]), TUTTI_OK);
  CHECK_STATUS(tutti_request_wait_all(3, requests), TUTTI_OK);
  CHECK_STATUS(tutti_request_wait_any(3, requests, &index), TUTTI_OK);
  CHECK(index == -1);
  index = 7;
  CHECK_STATUS(tutti_request_wait_any(0, NULL, &index), TUTTI_OK);
  CHECK(index == -1);
  CHECK_STATUS(tutti_request_wait_all(0, NULL), TUTTI_OK);
}

static void garbage_is_refused(void) {
  static const uintptr_t values[] = {1, 0xdeadbeef, UINTPTR_MAX, 0xffffffff00000000u};
  size_t i;
  for (i = 0; i < sizeof(values) / sizeof(*values); ++i) {
    tutti_request_t requests[2];
    int index = 0;
    requests[0] = NULL;
    requests[1] = (tutti_request_t)values[i];
    CHECK_REFUSED(tutti_request_wait(&requests[1]), TUTTI_ERR_INVALID_HANDLE);
    requests[1] = (tutti_request_t)values[i];
    CHECK_REFUSED(tutti_request_test(&requests[1]), TUTTI_ERR_INVALID_HANDLE);
    requests[1] = (tutti_request_t)values[i];
    CHECK_REFUSED(tutti_request_wait_any(2, requests, &index), TUTTI_ERR_INVALID_HANDLE);
    requests[1] = (tutti_request_t)values[i];
    CHECK_REFUSED(tutti_request_wait_all(2, requests), TUTTI_ERR_INVALID_HANDLE);
  }
}

static void a_finished_request_becomes_null_and_its_old_handle_is_unknown(void) {
  tutti_comm_t comm = capi_single_rank_comm();
  tutti_request_t request = NULL, copy;
  a[0] = 42;
  CHECK_STATUS(tutti_all_reduce(comm, a, b, 8, TUTTI_FLOAT32, TUTTI_SUM, NULL, &request), TUTTI_OK);
  copy = request;
  CHECK_STATUS(tutti_request_wait(&request), TUTTI_OK);
  CHECK(request == NULL);
  CHECK(b[0] == 42);
  if (copy != NULL) CHECK_REFUSED(tutti_request_wait(&copy), TUTTI_ERR_INVALID_HANDLE);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void test_ends_with_the_status_of_the_operation(void) {
  tutti_comm_t comm = capi_single_rank_comm();
  tutti_request_t request = NULL;
  tutti_status_t status = TUTTI_IN_PROGRESS;
  long tries = 0;
  CHECK_STATUS(tutti_barrier(comm, NULL, &request), TUTTI_OK);
  while (status == TUTTI_IN_PROGRESS && ++tries < 10000000) status = tutti_request_test(&request);
  CHECK_STATUS(status, TUTTI_OK);
  CHECK(request == NULL);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void wait_any_gives_each_request_once(void) {
  tutti_comm_t comm = capi_single_rank_comm();
  tutti_request_t requests[4] = {NULL, NULL, NULL, NULL};
  int seen[4] = {0, 0, 0, 0}, index = -1, i;
  CHECK_STATUS(tutti_all_reduce(comm, a, b, 8, TUTTI_FLOAT32, TUTTI_SUM, NULL, &requests[0]), TUTTI_OK);
  CHECK_STATUS(tutti_broadcast(comm, a, c, 8, TUTTI_FLOAT32, 0, NULL, &requests[2]), TUTTI_OK);
  CHECK_STATUS(tutti_barrier(comm, NULL, &requests[3]), TUTTI_OK);
  for (i = 0; i < 4; ++i) {
    CHECK_STATUS(tutti_request_wait_any(4, requests, &index), TUTTI_OK);
    if (index < 0) break;
    if (CHECK(index < 4)) ++seen[index];
  }
  CHECK(index == -1);
  /* Requests that had finished at once may have been given out as NULL; none may come twice. */
  for (i = 0; i < 4; ++i) CHECK(seen[i] <= 1);
  CHECK(seen[1] == 0);
  for (i = 0; i < 4; ++i) CHECK(requests[i] == NULL);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void many_requests_in_flight(void) {
  enum { kRequests = 200 };
  static float in[kRequests], out[kRequests];
  tutti_comm_t comm = capi_single_rank_comm();
  tutti_request_t requests[kRequests];
  int i;
  for (i = 0; i < kRequests; ++i) {
    in[i] = (float)i;
    requests[i] = NULL;
    CHECK_STATUS(tutti_all_reduce(comm, &in[i], &out[i], 1, TUTTI_FLOAT32, TUTTI_MAX, NULL, &requests[i]), TUTTI_OK);
  }
  CHECK_STATUS(tutti_request_wait_all(kRequests, requests), TUTTI_OK);
  for (i = 0; i < kRequests; ++i) CHECK(requests[i] == NULL && out[i] == (float)i);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void a_request_does_not_outlive_its_communicator(void) {
  tutti_comm_t comm = capi_single_rank_comm();
  tutti_request_t request = NULL;
  CHECK_STATUS(tutti_barrier(comm, NULL, &request), TUTTI_OK);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
  if (request != NULL) CHECK_REFUSED(tutti_request_wait(&request), TUTTI_ERR_INVALID_HANDLE);
}

CAPI_MAIN(CAPI_CASE(missing_pointers_are_refused), CAPI_CASE(a_null_request_has_finished),
          CAPI_CASE(garbage_is_refused), CAPI_CASE(a_finished_request_becomes_null_and_its_old_handle_is_unknown),
          CAPI_CASE(test_ends_with_the_status_of_the_operation), CAPI_CASE(wait_any_gives_each_request_once),
          CAPI_CASE(many_requests_in_flight), CAPI_CASE(a_request_does_not_outlive_its_communicator))
