/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory is registered and deregistered by handles that can be checked. What devices make of it is for tests/softroce.
 */
#include "tests/capi/capi_test.h"

static char memory[1 << 16];

static tutti_comm_t join_alone(void) {
  tutti_comm_config_t config = TUTTI_COMM_CONFIG_INIT;
  tutti_comm_t comm = NULL;
  config.rank = 0;
  config.size = 1;
  CHECK_STATUS(tutti_comm_create(&config, &comm), TUTTI_OK);
  return comm;
}

static void registrations_may_overlap_and_end_in_any_order(void) {
  tutti_comm_t comm = join_alone();
  tutti_mem_t whole = NULL, part = NULL, again = NULL;
  CHECK_STATUS(tutti_mem_register(comm, memory, sizeof(memory), &whole), TUTTI_OK);
  CHECK_STATUS(tutti_mem_register(comm, memory + 100, 1, &part), TUTTI_OK);
  CHECK_STATUS(tutti_mem_register(comm, memory, sizeof(memory), &again), TUTTI_OK);
  CHECK(whole != NULL && part != NULL && again != NULL && whole != again);
  CHECK_STATUS(tutti_mem_deregister(whole), TUTTI_OK);
  CHECK_STATUS(tutti_mem_deregister(again), TUTTI_OK);
  CHECK_STATUS(tutti_mem_deregister(part), TUTTI_OK);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void nothing_and_the_impossible_are_refused(void) {
  tutti_comm_t comm = join_alone();
  tutti_mem_t mem = (tutti_mem_t)(void*)memory;
  CHECK_REFUSED(tutti_mem_register(comm, NULL, 8, &mem), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(mem == NULL);
  CHECK_REFUSED(tutti_mem_register(comm, memory, 0, &mem), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_mem_register(comm, memory, (size_t)-1, &mem), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_mem_register(comm, memory, 8, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_mem_register(NULL, memory, 8, &mem), TUTTI_ERR_INVALID_HANDLE);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
  CHECK_REFUSED(tutti_mem_register(comm, memory, 8, &mem), TUTTI_ERR_INVALID_HANDLE);
  CHECK(mem == NULL);
}

static void a_handle_is_good_once(void) {
  tutti_comm_t comm = join_alone();
  tutti_mem_t mem = NULL;
  CHECK_STATUS(tutti_mem_deregister(NULL), TUTTI_OK);
  CHECK_REFUSED(tutti_mem_deregister((tutti_mem_t)(void*)memory), TUTTI_ERR_INVALID_HANDLE);
  CHECK_STATUS(tutti_mem_register(comm, memory, sizeof(memory), &mem), TUTTI_OK);
  CHECK_STATUS(tutti_mem_deregister(mem), TUTTI_OK);
  CHECK_REFUSED(tutti_mem_deregister(mem), TUTTI_ERR_INVALID_HANDLE);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void a_registration_may_outlive_its_communicator(void) {
  tutti_comm_t comm = join_alone();
  tutti_mem_t mem = NULL;
  CHECK_STATUS(tutti_mem_register(comm, memory, sizeof(memory), &mem), TUTTI_OK);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
  CHECK_STATUS(tutti_mem_deregister(mem), TUTTI_OK);
}

CAPI_MAIN(CAPI_CASE(registrations_may_overlap_and_end_in_any_order), CAPI_CASE(nothing_and_the_impossible_are_refused),
          CAPI_CASE(a_handle_is_good_once), CAPI_CASE(a_registration_may_outlive_its_communicator))
