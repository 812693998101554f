/* SPDX-License-Identifier: Apache-2.0
 *
 * Every collective refuses bad arguments with a status and a sentence, and the communicator is as it was.
 */
#include "tests/capi/capi_test.h"

static tutti_comm_t comm;
static float a[64], b[64];

/* One way to call each operation that moves data, so that a rule that holds for all is tested on all. */
typedef tutti_status_t (*data_call_t)(tutti_comm_t c, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                      const tutti_options_t* options);

static tutti_status_t call_all_reduce(tutti_comm_t c, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                      const tutti_options_t* options) {
  return tutti_all_reduce(c, send, recv, count, dtype, TUTTI_SUM, options, NULL);
}
static tutti_status_t call_broadcast(tutti_comm_t c, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                     const tutti_options_t* options) {
  return tutti_broadcast(c, send, recv, count, dtype, 0, options, NULL);
}
static tutti_status_t call_reduce(tutti_comm_t c, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                  const tutti_options_t* options) {
  return tutti_reduce(c, send, recv, count, dtype, TUTTI_SUM, 0, options, NULL);
}
static tutti_status_t call_all_gather(tutti_comm_t c, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                      const tutti_options_t* options) {
  return tutti_all_gather(c, send, recv, count, dtype, options, NULL);
}
static tutti_status_t call_reduce_scatter(tutti_comm_t c, const void* send, void* recv, size_t count,
                                          tutti_dtype_t dtype, const tutti_options_t* options) {
  return tutti_reduce_scatter(c, send, recv, count, dtype, TUTTI_SUM, options, NULL);
}

static tutti_status_t call_all_to_all(tutti_comm_t c, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                      const tutti_options_t* options) {
  return tutti_all_to_all(c, send, recv, count, dtype, options, NULL);
}

static tutti_status_t call_gather(tutti_comm_t c, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                  const tutti_options_t* options) {
  return tutti_gather(c, send, recv, count, dtype, 0, options, NULL);
}
static tutti_status_t call_scatter(tutti_comm_t c, const void* send, void* recv, size_t count, tutti_dtype_t dtype,
                                   const tutti_options_t* options) {
  return tutti_scatter(c, send, recv, count, dtype, 0, options, NULL);
}

static const data_call_t data_calls[] = {call_all_reduce,     call_broadcast,  call_reduce, call_all_gather,
                                         call_reduce_scatter, call_all_to_all, call_gather, call_scatter};
enum { kNumDataCalls = sizeof(data_calls) / sizeof(*data_calls) };

static void null_communicator_is_refused(void) {
  size_t i;
  for (i = 0; i < kNumDataCalls; ++i) {
    const tutti_status_t status = data_calls[i](NULL, a, b, 4, TUTTI_FLOAT32, NULL);
    CHECK(status == TUTTI_ERR_INVALID_ARGUMENT || status == TUTTI_ERR_INVALID_HANDLE);
    CHECK(strchr(tutti_last_error(), ' ') != NULL);
  }
  CHECK(tutti_barrier(NULL, NULL, NULL) >= 100);
  CHECK(tutti_send(NULL, a, 1, TUTTI_FLOAT32, 0, NULL, NULL) >= 100);
  CHECK(tutti_recv(NULL, a, 1, TUTTI_FLOAT32, 0, NULL, NULL) >= 100);
}

static void null_buffers_are_refused_unless_nothing_is_in_them(void) {
  size_t i;
  for (i = 0; i < kNumDataCalls; ++i) {
    CHECK_REFUSED(data_calls[i](comm, NULL, b, 4, TUTTI_FLOAT32, NULL), TUTTI_ERR_INVALID_ARGUMENT);
    CHECK_REFUSED(data_calls[i](comm, a, NULL, 4, TUTTI_FLOAT32, NULL), TUTTI_ERR_INVALID_ARGUMENT);
    CHECK_REFUSED(data_calls[i](comm, NULL, NULL, 4, TUTTI_FLOAT32, NULL), TUTTI_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(data_calls[i](comm, NULL, NULL, 0, TUTTI_FLOAT32, NULL), TUTTI_OK);
  }
}

static void counts_that_no_memory_can_hold_are_refused(void) {
  static const size_t counts[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 4 + 1, SIZE_MAX / 4};
  size_t i, k;
  for (i = 0; i < kNumDataCalls; ++i) {
    for (k = 0; k < sizeof(counts) / sizeof(*counts); ++k) {
      CHECK_REFUSED(data_calls[i](comm, a, b, counts[k], TUTTI_FLOAT32, NULL), TUTTI_ERR_INVALID_ARGUMENT);
    }
  }
}

static void unknown_types_are_refused(void) {
  static const int types[] = {10, 11, 15, 99, -1, 2147483647};
  size_t i, k;
  for (i = 0; i < kNumDataCalls; ++i) {
    for (k = 0; k < sizeof(types) / sizeof(*types); ++k) {
      CHECK_REFUSED(data_calls[i](comm, a, b, 4, (tutti_dtype_t)types[k], NULL), TUTTI_ERR_INVALID_ARGUMENT);
    }
  }
}

static void unknown_operations_are_refused(void) {
  static const int ops[] = {8, 15, 99, -1, 2147483647};
  size_t k;
  for (k = 0; k < sizeof(ops) / sizeof(*ops); ++k) {
    const tutti_op_t op = (tutti_op_t)ops[k];
    CHECK_REFUSED(tutti_all_reduce(comm, a, b, 4, TUTTI_FLOAT32, op, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
    CHECK_REFUSED(tutti_reduce(comm, a, b, 4, TUTTI_FLOAT32, op, 0, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
    CHECK_REFUSED(tutti_reduce_scatter(comm, a, b, 4, TUTTI_FLOAT32, op, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  }
}

static void bitwise_operations_on_floating_point_types_are_refused(void) {
  int op, dtype;
  for (op = TUTTI_AND; op <= TUTTI_XOR; ++op) {
    for (dtype = TUTTI_FLOAT16; dtype <= TUTTI_FLOAT64; ++dtype) {
      CHECK_REFUSED(tutti_all_reduce(comm, a, b, 1, (tutti_dtype_t)dtype, (tutti_op_t)op, NULL, NULL),
                    TUTTI_ERR_INVALID_ARGUMENT);
    }
    CHECK_STATUS(tutti_all_reduce(comm, a, b, 1, TUTTI_INT32, (tutti_op_t)op, NULL, NULL), TUTTI_OK);
  }
}

static void scales_are_for_sums_of_floating_point_numbers(void) {
  const double half = 0.5;
  const float in[2] = {1.0f, -3.0f};
  float out[2] = {0.0f, 0.0f};
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.scale = &half;
  CHECK_REFUSED(tutti_all_reduce(comm, a, b, 1, TUTTI_INT32, TUTTI_SUM, &options, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_all_reduce(comm, a, b, 1, TUTTI_FLOAT32, TUTTI_MAX, &options, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_all_gather(comm, a, b, 1, TUTTI_FLOAT32, &options, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_barrier(comm, &options, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_send(comm, a, 1, TUTTI_FLOAT32, 0, &options, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_all_reduce(comm, in, out, 2, TUTTI_FLOAT32, TUTTI_SUM, &options, NULL), TUTTI_OK);
  CHECK(out[0] == 0.5f && out[1] == -1.5f && in[0] == 1.0f);
  CHECK_STATUS(tutti_all_reduce(comm, out, out, 2, TUTTI_FLOAT32, TUTTI_AVG, &options, NULL), TUTTI_OK);
  CHECK(out[0] == 0.25f && out[1] == -0.75f);
  CHECK_STATUS(tutti_reduce(comm, in, out, 2, TUTTI_FLOAT32, TUTTI_SUM, 0, &options, NULL), TUTTI_OK);
  CHECK(out[0] == 0.5f && out[1] == -1.5f);
}

static void a_priority_is_usual_or_urgent(void) {
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  float out[2] = {0.0f, 0.0f};
  options.priority = 2;
  CHECK_REFUSED(tutti_all_reduce(comm, a, out, 1, TUTTI_FLOAT32, TUTTI_SUM, &options, NULL),
                TUTTI_ERR_INVALID_ARGUMENT);
  options.priority = -1;
  CHECK_REFUSED(tutti_all_reduce(comm, a, out, 1, TUTTI_FLOAT32, TUTTI_SUM, &options, NULL),
                TUTTI_ERR_INVALID_ARGUMENT);
  options.priority = 1;
  CHECK_STATUS(tutti_all_reduce(comm, a, out, 1, TUTTI_FLOAT32, TUTTI_SUM, &options, NULL), TUTTI_OK);
}

static const size_t one = 1, two = 2, none = 0;

static void uneven_blocks_are_checked(void) {
  static const size_t far = (size_t)-1 / 8;
  const double half = 0.5;
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  tutti_options_t scaled = TUTTI_OPTIONS_INIT;
  scaled.scale = &half;
  CHECK_REFUSED(tutti_reduce_scatter_v(comm, a, &one, NULL, b, TUTTI_FLOAT32, TUTTI_SUM, &scaled, NULL),
                TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_all_gather_v(comm, a, b, NULL, NULL, TUTTI_FLOAT32, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_all_gather_v(comm, NULL, b, &one, NULL, TUTTI_FLOAT32, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_all_gather_v(comm, a, NULL, &one, NULL, TUTTI_FLOAT32, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_all_gather_v(comm, a, b, &far, NULL, TUTTI_FLOAT64, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_all_gather_v(comm, a, b, &one, &far, TUTTI_FLOAT64, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_all_gather_v(comm, a, a, &one, &one, TUTTI_INT8, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_all_gather_v(NULL, a, b, &one, NULL, TUTTI_FLOAT32, NULL, NULL), TUTTI_ERR_INVALID_HANDLE);
  CHECK_REFUSED(tutti_reduce_scatter_v(comm, a, NULL, NULL, b, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL),
                TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_reduce_scatter_v(comm, a, &one, NULL, b, TUTTI_FLOAT32, TUTTI_XOR, NULL, NULL),
                TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_gather_v(comm, a, 1, b, &two, NULL, TUTTI_FLOAT32, 0, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_gather_v(comm, a, 1, b, &one, NULL, TUTTI_FLOAT32, 1, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_scatter_v(comm, a, &two, NULL, b, 1, TUTTI_FLOAT32, 0, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_all_to_all_v(comm, a, &one, NULL, b, NULL, NULL, TUTTI_FLOAT32, NULL, NULL),
                TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_all_to_all_v(comm, a, &one, NULL, a, &one, NULL, TUTTI_FLOAT32, NULL, NULL),
                TUTTI_ERR_INVALID_ARGUMENT);
  options.algorithm = "circulant";
  CHECK_REFUSED(tutti_all_gather_v(comm, a, b, &one, NULL, TUTTI_FLOAT32, &options, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_all_gather_v(comm, NULL, NULL, &none, NULL, TUTTI_FLOAT32, NULL, NULL), TUTTI_OK);
}

static void roots_outside_the_communicator_are_refused(void) {
  static const int roots[] = {1, -1, 2147483647, -2147483647 - 1};
  size_t k;
  for (k = 0; k < sizeof(roots) / sizeof(*roots); ++k) {
    CHECK_REFUSED(tutti_broadcast(comm, a, b, 4, TUTTI_FLOAT32, roots[k], NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
    CHECK_REFUSED(tutti_reduce(comm, a, b, 4, TUTTI_FLOAT32, TUTTI_SUM, roots[k], NULL, NULL),
                  TUTTI_ERR_INVALID_ARGUMENT);
  }
}

static void peers_outside_the_communicator_and_oneself_are_refused(void) {
  static const int peers[] = {0, 1, -1, 2147483647, -2147483647 - 1};
  size_t k;
  for (k = 0; k < sizeof(peers) / sizeof(*peers); ++k) {
    CHECK_REFUSED(tutti_send(comm, a, 4, TUTTI_FLOAT32, peers[k], NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
    CHECK_REFUSED(tutti_recv(comm, a, 4, TUTTI_FLOAT32, peers[k], NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  }
}

static void overlapping_buffers_that_are_not_in_place_are_refused(void) {
  size_t i;
  for (i = 0; i < kNumDataCalls; ++i) {
    CHECK_REFUSED(data_calls[i](comm, a, a + 1, 4, TUTTI_FLOAT32, NULL), TUTTI_ERR_INVALID_ARGUMENT);
    CHECK_REFUSED(data_calls[i](comm, a + 1, a, 4, TUTTI_FLOAT32, NULL), TUTTI_ERR_INVALID_ARGUMENT);
    CHECK_REFUSED(data_calls[i](comm, a + 3, a, 4, TUTTI_FLOAT32, NULL), TUTTI_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(data_calls[i](comm, a + 4, a, 4, TUTTI_FLOAT32, NULL), TUTTI_OK); /* neighbours, not overlapping */
    CHECK_STATUS(data_calls[i](comm, a, a, 4, TUTTI_FLOAT32, NULL), TUTTI_OK);     /* in place */
  }
}

struct newer_options {
  tutti_options_t known;
  int64_t unknown[2];
};

static void wrong_options_are_refused(void) {
  size_t i;
  for (i = 0; i < kNumDataCalls; ++i) {
    struct newer_options newer;
    tutti_options_t options = TUTTI_OPTIONS_INIT;
    CHECK_STATUS(data_calls[i](comm, a, b, 4, TUTTI_FLOAT32, &options), TUTTI_OK);
    options.struct_size = 0;
    CHECK_REFUSED(data_calls[i](comm, a, b, 4, TUTTI_FLOAT32, &options), TUTTI_ERR_INVALID_ARGUMENT);
    options.struct_size = sizeof(options) - 1;
    CHECK_REFUSED(data_calls[i](comm, a, b, 4, TUTTI_FLOAT32, &options), TUTTI_ERR_INVALID_ARGUMENT);
    options.struct_size = sizeof(options);
    options.timeout_ns = -1;
    CHECK_REFUSED(data_calls[i](comm, a, b, 4, TUTTI_FLOAT32, &options), TUTTI_ERR_INVALID_ARGUMENT);
    options.timeout_ns = 0;
    options.algorithm = "no_such_algorithm";
    CHECK_REFUSED(data_calls[i](comm, a, b, 4, TUTTI_FLOAT32, &options), TUTTI_ERR_INVALID_ARGUMENT);
    CHECK(strstr(tutti_last_error(), "no_such_algorithm") != NULL);

    memset(&newer, 0, sizeof(newer));
    newer.known.struct_size = sizeof(newer);
    CHECK_STATUS(data_calls[i](comm, a, b, 4, TUTTI_FLOAT32, &newer.known), TUTTI_OK);
    newer.unknown[1] = 1;
    CHECK_REFUSED(data_calls[i](comm, a, b, 4, TUTTI_FLOAT32, &newer.known), TUTTI_ERR_INVALID_ARGUMENT);
  }
}

static void missing_places_for_results_are_refused(void) {
  CHECK_REFUSED(tutti_comm_rank(comm, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_comm_size(comm, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_comm_split(comm, 0, 0, NULL), TUTTI_ERR_INVALID_ARGUMENT);
}

/* Runs last: after all that was refused. */
static void the_communicator_still_works(void) {
  size_t i;
  for (i = 0; i < 64; ++i) a[i] = (float)i;
  CHECK_STATUS(tutti_comm_status(comm), TUTTI_OK);
  CHECK(strcmp(tutti_comm_last_error(comm), "") == 0);
  CHECK_STATUS(tutti_all_reduce(comm, a, b, 64, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL), TUTTI_OK);
  CHECK(memcmp(a, b, sizeof(a)) == 0);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void a_communicator_is_created(void) { comm = capi_single_rank_comm(); }

CAPI_MAIN(CAPI_CASE(a_communicator_is_created), CAPI_CASE(null_communicator_is_refused),
          CAPI_CASE(null_buffers_are_refused_unless_nothing_is_in_them),
          CAPI_CASE(counts_that_no_memory_can_hold_are_refused), CAPI_CASE(unknown_types_are_refused),
          CAPI_CASE(unknown_operations_are_refused), CAPI_CASE(scales_are_for_sums_of_floating_point_numbers),
          CAPI_CASE(a_priority_is_usual_or_urgent), CAPI_CASE(uneven_blocks_are_checked),
          CAPI_CASE(bitwise_operations_on_floating_point_types_are_refused),
          CAPI_CASE(roots_outside_the_communicator_are_refused),
          CAPI_CASE(peers_outside_the_communicator_and_oneself_are_refused),
          CAPI_CASE(overlapping_buffers_that_are_not_in_place_are_refused), CAPI_CASE(wrong_options_are_refused),
          CAPI_CASE(missing_places_for_results_are_refused), CAPI_CASE(the_communicator_still_works))
