/* SPDX-License-Identifier: Apache-2.0
 *
 * Reductions of one's own: what makes one, what is refused, and how long it is known.
 */
#include "tutti/op.h"

#include "tests/capi/capi_test.h"

static void larger(void* context, const void* in, void* inout, size_t count, tutti_dtype_t dtype) {
  size_t i;
  (void)context;
  (void)dtype;
  for (i = 0; i < count; ++i) {
    if (((const float*)in)[i] > ((float*)inout)[i]) ((float*)inout)[i] = ((const float*)in)[i];
  }
}

static tutti_op_config_t valid_config(void) {
  tutti_op_config_t config = TUTTI_OP_CONFIG_INIT;
  config.name = "larger";
  config.reduce = larger;
  config.commutative = 1;
  return config;
}

static void what_is_missing_or_malformed_is_refused(void) {
  tutti_op_config_t config = valid_config();
  tutti_op_t op = TUTTI_MAX;
  char longest[65];
  CHECK_REFUSED(tutti_op_create(NULL, &op), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(op == TUTTI_SUM);
  CHECK_REFUSED(tutti_op_create(&config, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  config.reduce = NULL;
  CHECK_REFUSED(tutti_op_create(&config, &op), TUTTI_ERR_INVALID_ARGUMENT);
  config = valid_config();
  config.commutative = -1; /* as TUTTI_OP_CONFIG_INIT leaves it */
  CHECK_REFUSED(tutti_op_create(&config, &op), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(strstr(tutti_last_error(), "commutative") != NULL);
  config = valid_config();
  config.name = NULL;
  CHECK_REFUSED(tutti_op_create(&config, &op), TUTTI_ERR_INVALID_ARGUMENT);
  config.name = "";
  CHECK_REFUSED(tutti_op_create(&config, &op), TUTTI_ERR_INVALID_ARGUMENT);
  config.name = "two words";
  CHECK_REFUSED(tutti_op_create(&config, &op), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(strstr(tutti_last_error(), "two words") != NULL);
  memset(longest, 'a', 64);
  longest[64] = '\0';
  config.name = longest;
  CHECK_REFUSED(tutti_op_create(&config, &op), TUTTI_ERR_INVALID_ARGUMENT);
  longest[63] = '\0';
  CHECK_STATUS(tutti_op_create(&config, &op), TUTTI_OK);
  CHECK_STATUS(tutti_op_destroy(op), TUTTI_OK);
  config = valid_config();
  config.item_elements = 3;
  CHECK_REFUSED(tutti_op_create(&config, &op), TUTTI_ERR_INVALID_ARGUMENT);
  config.item_elements = 128;
  CHECK_REFUSED(tutti_op_create(&config, &op), TUTTI_ERR_INVALID_ARGUMENT);
  config = valid_config();
  config.struct_size = 8;
  CHECK_REFUSED(tutti_op_create(&config, &op), TUTTI_ERR_INVALID_ARGUMENT);
}

static void it_has_a_number_and_a_name_until_it_is_destroyed(void) {
  const tutti_op_config_t config = valid_config();
  const tutti_comm_t comm = capi_single_rank_comm();
  float value = 3, result = 0;
  tutti_op_t op, other;
  CHECK_STATUS(tutti_op_create(&config, &op), TUTTI_OK);
  CHECK((int)op >= 1000);
  CHECK(strcmp(tutti_op_name(op), "larger") == 0);
  CHECK_STATUS(tutti_op_create(&config, &other), TUTTI_OK);
  CHECK(op != other);
  CHECK_STATUS(tutti_all_reduce(comm, &value, &result, 1, TUTTI_FLOAT32, op, NULL, NULL), TUTTI_OK);
  CHECK(result == 3);
  CHECK_STATUS(tutti_op_destroy(op), TUTTI_OK);
  CHECK(strcmp(tutti_op_name(op), "unknown") == 0);
  CHECK_REFUSED(tutti_all_reduce(comm, &value, &result, 1, TUTTI_FLOAT32, op, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(strstr(tutti_last_error(), "destroyed") != NULL);
  CHECK_REFUSED(tutti_op_destroy(op), TUTTI_ERR_INVALID_HANDLE);
  CHECK_STATUS(tutti_op_destroy(other), TUTTI_OK);
  CHECK_REFUSED(tutti_op_destroy(TUTTI_SUM), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_op_destroy((tutti_op_t)999), TUTTI_ERR_INVALID_HANDLE);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void calls_that_it_does_not_fit_are_refused(void) {
  tutti_op_config_t config = valid_config();
  const tutti_comm_t comm = capi_single_rank_comm();
  const size_t counts[1] = {2};
  const double factor = 2;
  double values[16] = {0}, results[16];
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  tutti_op_t pairs;
  config.commutative = 0;
  config.item_elements = 2;
  CHECK_STATUS(tutti_op_create(&config, &pairs), TUTTI_OK);
  CHECK_REFUSED(tutti_all_reduce(comm, values, results, 3, TUTTI_FLOAT32, pairs, NULL, NULL),
                TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(strstr(tutti_last_error(), "items of 2") != NULL);
  CHECK_REFUSED(tutti_reduce_scatter_v(comm, values, counts, NULL, results, TUTTI_FLOAT32, pairs, NULL, NULL),
                TUTTI_ERR_UNSUPPORTED);
  options.algorithm = "ring";
  CHECK_REFUSED(tutti_all_reduce(comm, values, results, 2, TUTTI_FLOAT32, pairs, &options, NULL),
                TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(strstr(tutti_last_error(), "direct") != NULL); /* one that would do */
  options.algorithm = "direct";
  CHECK_STATUS(tutti_all_reduce(comm, values, results, 2, TUTTI_FLOAT32, pairs, &options, NULL), TUTTI_OK);
  options.algorithm = NULL;
  options.codec = "int8";
  CHECK_REFUSED(tutti_all_reduce(comm, values, results, 2, TUTTI_FLOAT32, pairs, &options, NULL),
                TUTTI_ERR_UNSUPPORTED);
  options.codec = NULL;
  options.scale = &factor;
  CHECK_REFUSED(tutti_all_reduce(comm, values, results, 2, TUTTI_FLOAT32, pairs, &options, NULL),
                TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_op_destroy(pairs), TUTTI_OK);
  config.item_elements = 16;
  CHECK_STATUS(tutti_op_create(&config, &pairs), TUTTI_OK);
  CHECK_STATUS(tutti_all_reduce(comm, values, results, 16, TUTTI_FLOAT32, pairs, NULL, NULL), TUTTI_OK);
  CHECK_REFUSED(tutti_all_reduce(comm, values, results, 16, TUTTI_FLOAT64, pairs, NULL, NULL),
                TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(strstr(tutti_last_error(), "64") != NULL);
  CHECK_STATUS(tutti_op_destroy(pairs), TUTTI_OK);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

CAPI_MAIN(CAPI_CASE(what_is_missing_or_malformed_is_refused),
          CAPI_CASE(it_has_a_number_and_a_name_until_it_is_destroyed),
          CAPI_CASE(calls_that_it_does_not_fit_are_refused))
