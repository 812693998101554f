/* SPDX-License-Identifier: Apache-2.0
 *
 * tutti_powersgd_*: arguments and handles, with one rank. What several ranks make of it is for tests/multi_process.
 */
#include "tests/capi/capi_test.h"

#define ROWS 20
#define COLS 30

static tutti_powersgd_config_t config_of(size_t rank) {
  tutti_powersgd_config_t config = TUTTI_POWERSGD_CONFIG_INIT;
  config.rows = ROWS;
  config.cols = COLS;
  config.rank = rank;
  return config;
}

static void a_matrix_of_rank_one_comes_back(void) {
  static float matrix[ROWS * COLS], result[ROWS * COLS];
  const tutti_powersgd_config_t config = config_of(1);
  tutti_comm_t comm = capi_single_rank_comm();
  tutti_powersgd_t powersgd = NULL;
  size_t values = 0;
  int i, wrong = 0;
  for (i = 0; i < ROWS * COLS; ++i) matrix[i] = (float)(1 + i / COLS) * (float)(i % COLS - 10);
  CHECK_STATUS(tutti_powersgd_create(&config, &powersgd), TUTTI_OK);
  CHECK_STATUS(tutti_powersgd_wire_values(powersgd, &values), TUTTI_OK);
  CHECK(values == ROWS + COLS);
  CHECK_STATUS(tutti_powersgd_all_reduce(powersgd, comm, matrix, result, TUTTI_AVG, NULL), TUTTI_OK);
  for (i = 0; i < ROWS * COLS; ++i) {
    const float error = result[i] - matrix[i];
    if (!(error < 0.01f && error > -0.01f)) ++wrong;
  }
  CHECK(wrong == 0);
  CHECK_STATUS(tutti_powersgd_destroy(powersgd), TUTTI_OK);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void what_cannot_be_a_matrix_is_refused(void) {
  tutti_powersgd_t powersgd = (tutti_powersgd_t)(void*)&powersgd;
  tutti_powersgd_config_t config = config_of(1);
  CHECK_REFUSED(tutti_powersgd_create(&config, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_powersgd_create(NULL, &powersgd), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(powersgd == NULL);
  config.struct_size = 8;
  CHECK_REFUSED(tutti_powersgd_create(&config, &powersgd), TUTTI_ERR_INVALID_ARGUMENT);
  config = config_of(0);
  CHECK_REFUSED(tutti_powersgd_create(&config, &powersgd), TUTTI_ERR_INVALID_ARGUMENT);
  config = config_of(1);
  config.rows = 0;
  CHECK_REFUSED(tutti_powersgd_create(&config, &powersgd), TUTTI_ERR_INVALID_ARGUMENT);
  config = config_of(1);
  config.rows = (size_t)-1 / 2;
  CHECK_REFUSED(tutti_powersgd_create(&config, &powersgd), TUTTI_ERR_INVALID_ARGUMENT);
  config = config_of(1);
  config.error_feedback = 2;
  CHECK_REFUSED(tutti_powersgd_create(&config, &powersgd), TUTTI_ERR_INVALID_ARGUMENT);
  config = config_of(1);
  config.warm_start = -1;
  CHECK_REFUSED(tutti_powersgd_create(&config, &powersgd), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(powersgd == NULL);
}

static void wrong_calls_are_refused_and_change_nothing(void) {
  const double scale = 0.5;
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  static float matrix[ROWS * COLS + 1];
  const tutti_powersgd_config_t config = config_of(2);
  tutti_comm_t comm = capi_single_rank_comm();
  tutti_powersgd_t powersgd = NULL;
  CHECK_STATUS(tutti_powersgd_create(&config, &powersgd), TUTTI_OK);
  CHECK_REFUSED(tutti_powersgd_all_reduce(powersgd, comm, matrix, matrix, TUTTI_MAX, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_powersgd_all_reduce(powersgd, comm, NULL, matrix, TUTTI_SUM, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_powersgd_all_reduce(powersgd, comm, matrix, NULL, TUTTI_SUM, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_powersgd_all_reduce(powersgd, comm, matrix, matrix + 1, TUTTI_SUM, NULL),
                TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_powersgd_all_reduce(powersgd, NULL, matrix, matrix, TUTTI_SUM, NULL), TUTTI_ERR_INVALID_HANDLE);
  CHECK_REFUSED(tutti_powersgd_wire_values(powersgd, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  options.codec = "int8";
  CHECK_REFUSED(tutti_powersgd_all_reduce(powersgd, comm, matrix, matrix, TUTTI_SUM, &options),
                TUTTI_ERR_INVALID_ARGUMENT);
  options.codec = "none";
  CHECK_STATUS(tutti_powersgd_all_reduce(powersgd, comm, matrix, matrix, TUTTI_SUM, &options), TUTTI_OK);
  options.scale = &scale;
  CHECK_REFUSED(tutti_powersgd_all_reduce(powersgd, comm, matrix, matrix, TUTTI_SUM, &options),
                TUTTI_ERR_INVALID_ARGUMENT);
  options.struct_size = 4;
  CHECK_REFUSED(tutti_powersgd_all_reduce(powersgd, comm, matrix, matrix, TUTTI_SUM, &options),
                TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_powersgd_all_reduce(powersgd, comm, matrix, matrix, TUTTI_SUM, NULL), TUTTI_OK);
  CHECK_STATUS(tutti_powersgd_destroy(powersgd), TUTTI_OK);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void states_are_saved_and_restored(void) {
  static char saved[1 << 14];
  const tutti_powersgd_config_t config = config_of(2), other = config_of(3);
  tutti_powersgd_t powersgd = NULL, another = NULL;
  size_t bytes = 0, again = 0;
  CHECK_STATUS(tutti_powersgd_create(&config, &powersgd), TUTTI_OK);
  CHECK_STATUS(tutti_powersgd_create(&other, &another), TUTTI_OK);
  CHECK_STATUS(tutti_powersgd_save(powersgd, NULL, 0, &bytes), TUTTI_OK);
  CHECK(bytes > ROWS * COLS * sizeof(float) && bytes < sizeof(saved));
  saved[0] = 'x';
  CHECK_STATUS(tutti_powersgd_save(powersgd, saved, bytes - 1, &again), TUTTI_OK);
  CHECK(again == bytes && saved[0] == 'x');
  CHECK_STATUS(tutti_powersgd_save(powersgd, saved, sizeof(saved), &again), TUTTI_OK);
  CHECK(again == bytes && saved[0] == 'T');
  CHECK_STATUS(tutti_powersgd_restore(powersgd, saved, bytes), TUTTI_OK);
  CHECK_REFUSED(tutti_powersgd_restore(powersgd, saved, bytes - 1), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_powersgd_restore(powersgd, NULL, bytes), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_powersgd_restore(another, saved, bytes), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_powersgd_save(powersgd, saved, sizeof(saved), NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_powersgd_save(powersgd, NULL, 1, &bytes), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_powersgd_destroy(powersgd), TUTTI_OK);
  CHECK_STATUS(tutti_powersgd_destroy(another), TUTTI_OK);
}

static void a_handle_is_good_until_it_is_destroyed(void) {
  static float matrix[ROWS * COLS];
  const tutti_powersgd_config_t config = config_of(1);
  tutti_comm_t comm = capi_single_rank_comm();
  tutti_powersgd_t powersgd = NULL;
  size_t number = 0;
  CHECK_STATUS(tutti_powersgd_destroy(NULL), TUTTI_OK);
  CHECK_REFUSED(tutti_powersgd_destroy((tutti_powersgd_t)(void*)matrix), TUTTI_ERR_INVALID_HANDLE);
  CHECK_STATUS(tutti_powersgd_create(&config, &powersgd), TUTTI_OK);
  CHECK_STATUS(tutti_powersgd_destroy(powersgd), TUTTI_OK);
  CHECK_REFUSED(tutti_powersgd_destroy(powersgd), TUTTI_ERR_INVALID_HANDLE);
  CHECK_REFUSED(tutti_powersgd_all_reduce(powersgd, comm, matrix, matrix, TUTTI_SUM, NULL), TUTTI_ERR_INVALID_HANDLE);
  CHECK_REFUSED(tutti_powersgd_wire_values(powersgd, &number), TUTTI_ERR_INVALID_HANDLE);
  CHECK_REFUSED(tutti_powersgd_save(powersgd, NULL, 0, &number), TUTTI_ERR_INVALID_HANDLE);
  CHECK_REFUSED(tutti_powersgd_restore(powersgd, matrix, 8), TUTTI_ERR_INVALID_HANDLE);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

CAPI_MAIN(CAPI_CASE(a_matrix_of_rank_one_comes_back), CAPI_CASE(what_cannot_be_a_matrix_is_refused),
          CAPI_CASE(wrong_calls_are_refused_and_change_nothing), CAPI_CASE(states_are_saved_and_restored),
          CAPI_CASE(a_handle_is_good_until_it_is_destroyed))
