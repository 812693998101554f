/* SPDX-License-Identifier: Apache-2.0
 *
 * tutti_comm_create refuses a bad configuration with a sentence, and touches nothing that it was not given.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>

#include "tests/capi/capi_test.h"

static tutti_comm_config_t single_rank_config(void) {
  tutti_comm_config_t config = TUTTI_COMM_CONFIG_INIT;
  config.rank = 0;
  config.size = 1;
  return config;
}

/* Any refusal: which of INVALID_ARGUMENT and CONFIG it is depends on where a value could have come from. */
static int refused(const tutti_comm_config_t* config) {
  static int anything;
  tutti_comm_t comm = (tutti_comm_t)(void*)&anything;
  const tutti_status_t status = tutti_comm_create(config, &comm);
  if (status == TUTTI_OK) {
    fprintf(stderr, "a bad configuration was accepted\n");
    tutti_comm_destroy(comm);
    return 0;
  }
  if (status < 100 || status >= 200) fprintf(stderr, "status %s\n", tutti_status_name(status));
  return status >= 100 && status < 200 && comm == NULL && strchr(tutti_last_error(), ' ') != NULL;
}

static int accepted(const tutti_comm_config_t* config) {
  tutti_comm_t comm = NULL;
  int rank = -1;
  return CHECK_STATUS(tutti_comm_create(config, &comm), TUTTI_OK) && CHECK(comm != NULL) &&
         CHECK_STATUS(tutti_comm_rank(comm, &rank), TUTTI_OK) && CHECK(rank == 0) &&
         CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void a_place_for_the_communicator_is_needed(void) {
  tutti_comm_config_t config = single_rank_config();
  CHECK_REFUSED(tutti_comm_create(&config, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_comm_create(NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
}

static void wrong_struct_sizes_are_refused(void) {
  tutti_comm_config_t config = single_rank_config();
  config.struct_size = 0;
  CHECK(refused(&config));
  config.struct_size = 4;
  CHECK(refused(&config));
  config.struct_size = sizeof(config) - 1;
  CHECK(refused(&config));
}

/* A program built against a newer tutti hands us a longer struct. What we do not know is fine while it is unused. */
struct newer_config {
  tutti_comm_config_t known;
  int64_t unknown[4];
};

static void a_newer_struct_is_accepted_while_its_new_fields_are_zero(void) {
  struct newer_config newer;
  memset(&newer, 0, sizeof(newer));
  newer.known = single_rank_config();
  newer.known.struct_size = sizeof(newer);
  CHECK(accepted(&newer.known));
  newer.unknown[3] = 1;
  CHECK(refused(&newer.known));
}

static void ranks_and_sizes_out_of_range_are_refused(void) {
  static const int pairs[][2] = {{1, 1}, {0, 0}, {-2, 1}, {0, -2}, {5, 4}, {2147483647, 2147483647}};
  size_t i;
  for (i = 0; i < sizeof(pairs) / sizeof(*pairs); ++i) {
    tutti_comm_config_t config = single_rank_config();
    config.rank = pairs[i][0];
    config.size = pairs[i][1];
    if (!CHECK(refused(&config))) fprintf(stderr, "  rank %d of %d\n", pairs[i][0], pairs[i][1]);
  }
}

static void local_ranks_out_of_range_are_refused(void) {
  tutti_comm_config_t config = single_rank_config();
  config.local_rank = 1;
  config.local_size = 1;
  CHECK(refused(&config));
  config.local_rank = -5;
  CHECK(refused(&config));
  config.local_rank = 0;
  config.local_size = 2; /* more than the job has */
  CHECK(refused(&config));
}

static void unknown_enum_values_and_numbers_out_of_range_are_refused(void) {
  tutti_comm_config_t config = single_rank_config();
  config.wait = (tutti_wait_policy_t)77;
  CHECK(refused(&config));
  config = single_rank_config();
  config.log_level = (tutti_log_level_t)77;
  CHECK(refused(&config));
  config = single_rank_config();
  config.timeout_ns = -1;
  CHECK(refused(&config));
  config = single_rank_config();
  config.progress_thread = 7;
  CHECK(refused(&config));
  config = single_rank_config();
  config.progress_thread = 1;
  config.progress_core = 1 << 30;
  CHECK(refused(&config));
}

static void malformed_texts_are_refused(void) {
  tutti_comm_config_t config = single_rank_config();
  config.algorithm = "all_reduce:no_such_algorithm";
  CHECK(refused(&config));
  CHECK(strstr(tutti_last_error(), "no_such_algorithm") != NULL);
  config.algorithm = "no_such_collective:ring";
  CHECK(refused(&config));
  config = single_rank_config();
  config.size = 2;
  config.rendezvous = "carrier-pigeon://coop";
  CHECK(refused(&config));
  CHECK(strstr(tutti_last_error(), "carrier-pigeon") != NULL);
  config.rendezvous = "tcp://127.0.0.1:notaport";
  CHECK(refused(&config));
  config.rendezvous = "tcp://127.0.0.1:70000";
  CHECK(refused(&config));
  config.rendezvous = "";
  CHECK(refused(&config));
}

static void an_address_to_serve_at_that_is_none_is_refused_and_quoted(void) {
  tutti_comm_config_t config = single_rank_config();
  config.http = "localhost:http";
  CHECK(refused(&config));
  CHECK(strstr(tutti_last_error(), "localhost:http") != NULL);
  config.http = "127.0.0.1:0"; /* any port that is free */
  CHECK(accepted(&config));
  setenv("TUTTI_HTTP", "no port", 1);
  CHECK(accepted(&config)); /* the field comes before the variable */
  unsetenv("TUTTI_HTTP");
}

static void a_locality_that_is_none_is_refused_and_quoted(void) {
  tutti_comm_config_t config = single_rank_config();
  config.locality = "pod1//rack3";
  CHECK(refused(&config));
  CHECK(strstr(tutti_last_error(), "config field locality is \"pod1//rack3\"") != NULL);
  config.locality = "pod1/rack3";
  CHECK(accepted(&config));
  setenv("TUTTI_LOCALITY", "a/b/c/d/e", 1);
  CHECK(accepted(&config)); /* the field comes before the variable */
  unsetenv("TUTTI_LOCALITY");
}

static void several_ranks_need_to_know_where_to_meet(void) {
  tutti_comm_config_t config = single_rank_config();
  config.size = 2;
  CHECK(refused(&config));
  CHECK(strstr(tutti_last_error(), "TUTTI_RENDEZVOUS") != NULL);
}

static void an_unknown_variable_is_refused_and_the_nearest_known_one_is_named(void) {
  tutti_comm_config_t config = single_rank_config();
  setenv("TUTTI_TIMEUOT", "10s", 1);
  CHECK(refused(&config));
  CHECK(strstr(tutti_last_error(), "TUTTI_TIMEUOT") != NULL);
  CHECK(strstr(tutti_last_error(), "TUTTI_TIMEOUT") != NULL);
  unsetenv("TUTTI_TIMEUOT");
  CHECK(accepted(&config));
}

static void a_malformed_variable_is_refused_by_name(void) {
  tutti_comm_config_t config = single_rank_config();
  setenv("TUTTI_TIMEOUT", "soon", 1);
  CHECK(refused(&config));
  CHECK(strstr(tutti_last_error(), "TUTTI_TIMEOUT") != NULL);
  CHECK(strstr(tutti_last_error(), "soon") != NULL);
  unsetenv("TUTTI_TIMEOUT");
}

static int calls_of_exchange = 0;

static int exchange_alone(void* context, const void* contribution, void* gathered, size_t bytes) {
  ++*(int*)context;
  memcpy(gathered, contribution, bytes);
  return 0;
}

static int exchange_that_fails(void* context, const void* contribution, void* gathered, size_t bytes) {
  (void)context;
  (void)contribution;
  (void)gathered;
  (void)bytes;
  return 1;
}

static void a_callers_own_exchange_creates_a_communicator(void) {
  tutti_comm_config_t config = single_rank_config();
  config.exchange = exchange_alone;
  config.exchange_context = &calls_of_exchange;
  CHECK(accepted(&config));
}

static void a_failing_exchange_fails_the_creation(void) {
  tutti_comm_config_t config = single_rank_config();
  tutti_comm_t comm = NULL;
  config.size = 2;
  config.exchange = exchange_that_fails;
  CHECK_REFUSED(tutti_comm_create(&config, &comm), TUTTI_ERR_BOOTSTRAP);
  CHECK(comm == NULL);
}

CAPI_MAIN(CAPI_CASE(a_place_for_the_communicator_is_needed), CAPI_CASE(wrong_struct_sizes_are_refused),
          CAPI_CASE(a_newer_struct_is_accepted_while_its_new_fields_are_zero),
          CAPI_CASE(ranks_and_sizes_out_of_range_are_refused), CAPI_CASE(local_ranks_out_of_range_are_refused),
          CAPI_CASE(unknown_enum_values_and_numbers_out_of_range_are_refused), CAPI_CASE(malformed_texts_are_refused),
          CAPI_CASE(an_address_to_serve_at_that_is_none_is_refused_and_quoted),
          CAPI_CASE(a_locality_that_is_none_is_refused_and_quoted), CAPI_CASE(several_ranks_need_to_know_where_to_meet),
          CAPI_CASE(an_unknown_variable_is_refused_and_the_nearest_known_one_is_named),
          CAPI_CASE(a_malformed_variable_is_refused_by_name), CAPI_CASE(a_callers_own_exchange_creates_a_communicator),
          CAPI_CASE(a_failing_exchange_fails_the_creation))
