/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory is registered, deregistered, allocated and freed by handles that can be checked. What devices make of it is for tests/softroce.
 */
#include <string.h>

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

/* Without an RDMA device nobody looks at the file: memory is ready as it is. */
static void memory_of_a_file_is_registered_where_nobody_needs_the_file(void) {
  tutti_comm_t comm = join_alone();
  tutti_mem_t mem = NULL;
  CHECK_STATUS(tutti_mem_register_dmabuf(comm, memory, sizeof(memory), 0, 4096, &mem), TUTTI_OK);
  CHECK(mem != NULL);
  CHECK_STATUS(tutti_mem_deregister(mem), TUTTI_OK);
  CHECK_REFUSED(tutti_mem_register_dmabuf(comm, memory, sizeof(memory), -1, 0, &mem), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(mem == NULL);
  CHECK_REFUSED(tutti_mem_register_dmabuf(comm, NULL, 8, 0, 0, &mem), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_mem_register_dmabuf(NULL, memory, 8, 0, 0, &mem), TUTTI_ERR_INVALID_HANDLE);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
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

static void memory_is_allocated_zeroed_and_freed(void) {
  tutti_comm_t comm = join_alone();
  const size_t bytes = 100001;
  void* address = NULL;
  tutti_mem_t mem = NULL;
  CHECK_STATUS(tutti_mem_alloc(comm, bytes, &address, &mem), TUTTI_OK);
  CHECK(address != NULL && mem != NULL && (size_t)address % 4096 == 0);
  char* values = (char*)address;
  size_t zeros = 0;
  for (size_t i = 0; i < bytes; ++i) zeros += values[i] == 0;
  CHECK(zeros == bytes);
  memset(values, 1, bytes);
  CHECK_STATUS(tutti_mem_free(mem), TUTTI_OK);
  CHECK_REFUSED(tutti_mem_free(mem), TUTTI_ERR_INVALID_HANDLE);
  CHECK_STATUS(tutti_mem_free(NULL), TUTTI_OK);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void allocations_that_cannot_be_are_refused(void) {
  tutti_comm_t comm = join_alone();
  void* address = memory;
  tutti_mem_t mem = (tutti_mem_t)(void*)memory;
  CHECK_REFUSED(tutti_mem_alloc(comm, 0, &address, &mem), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(address == NULL && mem == NULL);
  CHECK_REFUSED(tutti_mem_alloc(comm, 8, NULL, &mem), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_mem_alloc(comm, 8, &address, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_mem_alloc(NULL, 8, &address, &mem), TUTTI_ERR_INVALID_HANDLE);
  CHECK_REFUSED(tutti_mem_alloc(comm, (size_t)-1, &address, &mem), TUTTI_ERR_OUT_OF_MEMORY);
  CHECK_REFUSED(tutti_mem_alloc(comm, (size_t)1 << 50, &address, &mem), TUTTI_ERR_OUT_OF_MEMORY);
  CHECK(address == NULL && mem == NULL);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void allocated_and_registered_memory_are_not_confused(void) {
  tutti_comm_t comm = join_alone();
  void* address = NULL;
  tutti_mem_t allocated = NULL, registered = NULL;
  CHECK_STATUS(tutti_mem_alloc(comm, 8, &address, &allocated), TUTTI_OK);
  CHECK_STATUS(tutti_mem_register(comm, memory, 8, &registered), TUTTI_OK);
  CHECK_REFUSED(tutti_mem_deregister(allocated), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_mem_free(registered), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_mem_deregister(registered), TUTTI_OK);
  /* It outlives its communicator. */
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
  memset(address, 1, 8);
  CHECK_STATUS(tutti_mem_free(allocated), TUTTI_OK);
}

CAPI_MAIN(CAPI_CASE(registrations_may_overlap_and_end_in_any_order), CAPI_CASE(nothing_and_the_impossible_are_refused),
          CAPI_CASE(memory_of_a_file_is_registered_where_nobody_needs_the_file), CAPI_CASE(a_handle_is_good_once),
          CAPI_CASE(a_registration_may_outlive_its_communicator), CAPI_CASE(memory_is_allocated_zeroed_and_freed),
          CAPI_CASE(allocations_that_cannot_be_are_refused),
          CAPI_CASE(allocated_and_registered_memory_are_not_confused))
