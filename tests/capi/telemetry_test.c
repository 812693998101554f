/* SPDX-License-Identifier: Apache-2.0
 *
 * Telemetry as a C program sees it: arguments, structs, histograms and marks, on a communicator of one rank.
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/capi/capi_test.h"

#include <stdlib.h>
#include <unistd.h>

enum { kOperations = 500 };

static void reduce_some(tutti_comm_t comm, int times) {
  float values[16] = {0};
  int i;
  for (i = 0; i < times; ++i) {
    CHECK_STATUS(tutti_all_reduce(comm, values, values, 16, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL), TUTTI_OK);
  }
}

typedef struct found {
  int histograms;
  uint64_t operations;
  int64_t p50_ns;
  uint64_t min_bytes;
  uint64_t max_bytes;
  int is_all_reduce;
} found_t;

static void note(void* context, const tutti_histogram_t* histogram) {
  found_t* found = (found_t*)context;
  uint64_t in_buckets = 0;
  size_t i;
  ++found->histograms;
  found->operations += histogram->count;
  found->p50_ns = histogram->p50_ns;
  found->min_bytes = histogram->min_bytes;
  found->max_bytes = histogram->max_bytes;
  found->is_all_reduce = strcmp(histogram->collective, "all_reduce") == 0;
  CHECK(histogram->struct_size == sizeof(tutti_histogram_t));
  CHECK(histogram->algorithm != NULL);
  CHECK(histogram->min_ns <= histogram->p50_ns && histogram->p50_ns <= histogram->p90_ns);
  CHECK(histogram->p90_ns <= histogram->p99_ns && histogram->p99_ns <= histogram->p999_ns);
  CHECK(histogram->p999_ns <= histogram->p9999_ns && histogram->p9999_ns <= histogram->max_ns);
  CHECK(histogram->mean_ns >= (double)histogram->min_ns && histogram->mean_ns <= (double)histogram->max_ns);
  CHECK(histogram->variation >= 0);
  for (i = 0; i < histogram->num_buckets; ++i) {
    in_buckets += histogram->buckets[i].count;
    CHECK(histogram->buckets[i].count > 0);
    CHECK(histogram->buckets[i].low_ns < histogram->buckets[i].high_ns);
    if (i > 0) CHECK(histogram->buckets[i - 1].high_ns <= histogram->buckets[i].low_ns);
  }
  CHECK(in_buckets == histogram->count);
  CHECK(tutti_histogram_quantile(histogram, 0.5) == histogram->p50_ns);
  CHECK(tutti_histogram_quantile(histogram, 0.999) == histogram->p999_ns);
  CHECK(tutti_histogram_quantile(histogram, 1) == histogram->max_ns);
  CHECK(tutti_histogram_quantile(histogram, -3) == histogram->min_ns);
}

static void every_operation_is_in_a_histogram(void) {
  const tutti_comm_t comm = capi_single_rank_comm();
  found_t found;
  reduce_some(comm, kOperations);
  memset(&found, 0, sizeof(found));
  CHECK_STATUS(tutti_telemetry_snapshot(comm, note, &found), TUTTI_OK);
  CHECK(found.histograms == 1);
  CHECK(found.operations == kOperations);
  CHECK(found.is_all_reduce);
  CHECK(found.p50_ns > 0);
  CHECK(found.min_bytes == 64 && found.max_bytes == 127);
  CHECK_STATUS(tutti_barrier(comm, NULL, NULL), TUTTI_OK);
  memset(&found, 0, sizeof(found));
  CHECK_STATUS(tutti_telemetry_snapshot(comm, note, &found), TUTTI_OK);
  CHECK(found.histograms == 2);
  CHECK(found.operations == kOperations + 1);
  CHECK(found.min_bytes == 0 && found.max_bytes == 0);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

typedef struct steps {
  int sorts;
  uint64_t copies;
  uint64_t bytes;
} steps_t;

static void note_steps(void* context, const tutti_step_histogram_t* histogram) {
  steps_t* steps = (steps_t*)context;
  uint64_t in_buckets = 0;
  size_t i;
  ++steps->sorts;
  CHECK(histogram->struct_size == sizeof(tutti_step_histogram_t));
  CHECK(histogram->peer == -1 && strcmp(histogram->rail, "") == 0); /* nobody else is here */
  CHECK(histogram->min_ns <= histogram->p50_ns && histogram->p50_ns <= histogram->p9999_ns);
  CHECK(histogram->p9999_ns <= histogram->max_ns);
  for (i = 0; i < histogram->num_buckets; ++i) in_buckets += histogram->buckets[i].count;
  CHECK(in_buckets == histogram->count);
  if (strcmp(histogram->step, "copy") != 0) return;
  steps->copies += histogram->count;
  steps->bytes += histogram->bytes;
}

static void steps_are_in_histograms_of_their_own(void) {
  static float values[2000];
  const tutti_comm_t comm = capi_single_rank_comm();
  steps_t steps;
  int i;
  for (i = 0; i < 3; ++i) {
    CHECK_STATUS(tutti_all_reduce(comm, values, values + 1000, 1000, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL), TUTTI_OK);
  }
  memset(&steps, 0, sizeof(steps));
  CHECK_STATUS(tutti_telemetry_steps(comm, note_steps, &steps), TUTTI_OK);
  CHECK(steps.copies == 3 && steps.bytes == 3 * 4000);
  CHECK_STATUS(tutti_telemetry_mark(comm), TUTTI_OK);
  memset(&steps, 0, sizeof(steps));
  CHECK_STATUS(tutti_telemetry_steps(comm, note_steps, &steps), TUTTI_OK);
  CHECK(steps.sorts == 0);
  CHECK_REFUSED(tutti_telemetry_steps(comm, NULL, &steps), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_telemetry_steps(NULL, note_steps, &steps), TUTTI_ERR_INVALID_HANDLE);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void a_mark_forgets_what_was_before(void) {
  const tutti_comm_t comm = capi_single_rank_comm();
  found_t found;
  tutti_blame_t blame = TUTTI_BLAME_INIT;
  reduce_some(comm, 10);
  CHECK_STATUS(tutti_telemetry_blame(comm, 0, &blame), TUTTI_OK);
  CHECK(blame.times_last == 10 && blame.late_ns == 0);
  CHECK_STATUS(tutti_telemetry_mark(comm), TUTTI_OK);
  memset(&found, 0, sizeof(found));
  CHECK_STATUS(tutti_telemetry_snapshot(comm, note, &found), TUTTI_OK);
  CHECK(found.histograms == 0);
  CHECK_STATUS(tutti_telemetry_blame(comm, 0, &blame), TUTTI_OK);
  CHECK(blame.times_last == 0);
  reduce_some(comm, 3);
  CHECK_STATUS(tutti_telemetry_snapshot(comm, note, &found), TUTTI_OK);
  CHECK(found.operations == 3);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void timings_add_up_and_belong_to_the_last_operation(void) {
  const tutti_comm_t comm = capi_single_rank_comm();
  tutti_timing_t timing = TUTTI_TIMING_INIT;
  tutti_request_t request = NULL;
  float value = 1;
  CHECK_STATUS(tutti_all_reduce(comm, &value, &value, 1, TUTTI_FLOAT32, TUTTI_SUM, NULL, &request), TUTTI_OK);
  while (tutti_request_timing(request, &timing) == TUTTI_IN_PROGRESS) {
    const tutti_status_t status = tutti_request_test(&request);
    if (!CHECK(status == TUTTI_IN_PROGRESS || status == TUTTI_OK) || status == TUTTI_OK) break;
  }
  CHECK_STATUS(tutti_request_wait(&request), TUTTI_OK);
  memset(&timing, 0, sizeof(timing));
  timing.struct_size = sizeof(timing);
  CHECK_STATUS(tutti_last_timing(&timing), TUTTI_OK);
  CHECK(timing.total_ns > 0);
  CHECK(timing.total_ns == timing.queued_ns + timing.waited_ns + timing.moved_ns + timing.reduced_ns + timing.coded_ns);
  CHECK(timing.last_rank == 0 && timing.last_by_ns == 0 && timing.last_error_ns == 0);
  CHECK(timing.slowest_peer == -1);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void what_is_off_is_not_measured(void) {
  const tutti_comm_t comm = capi_single_rank_comm();
  tutti_timing_t timing = TUTTI_TIMING_INIT;
  found_t found;
  CHECK_STATUS(tutti_telemetry_enable(comm, 0), TUTTI_OK);
  reduce_some(comm, 5);
  memset(&found, 0, sizeof(found));
  CHECK_STATUS(tutti_telemetry_snapshot(comm, note, &found), TUTTI_OK);
  CHECK(found.histograms == 0);
  CHECK_REFUSED(tutti_last_timing(&timing), TUTTI_ERR_UNSUPPORTED);
  CHECK(strstr(tutti_last_error(), "TUTTI_TELEMETRY") != NULL);
  CHECK_STATUS(tutti_telemetry_enable(comm, 1), TUTTI_OK);
  reduce_some(comm, 5);
  CHECK_STATUS(tutti_telemetry_snapshot(comm, note, &found), TUTTI_OK);
  CHECK(found.operations == 5);
  CHECK_STATUS(tutti_last_timing(&timing), TUTTI_OK);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void the_config_turns_it_off(void) {
  tutti_comm_config_t config = TUTTI_COMM_CONFIG_INIT;
  tutti_comm_t comm = NULL;
  found_t found;
  config.rank = 0;
  config.size = 1;
  config.telemetry = 0;
  CHECK_STATUS(tutti_comm_create(&config, &comm), TUTTI_OK);
  reduce_some(comm, 5);
  memset(&found, 0, sizeof(found));
  CHECK_STATUS(tutti_telemetry_snapshot(comm, note, &found), TUTTI_OK);
  CHECK(found.histograms == 0);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
  config.telemetry = 2;
  CHECK_REFUSED(tutti_comm_create(&config, &comm), TUTTI_ERR_CONFIG);
}

static void count_overrun(void* context, const tutti_overrun_t* overrun) {
  ++*(int*)context;
  CHECK(overrun->struct_size == sizeof(tutti_overrun_t));
  CHECK(overrun->timing.struct_size == sizeof(tutti_timing_t));
  CHECK(overrun->timing.total_ns > overrun->budget_ns);
  CHECK(strstr(overrun->sentence, "all_reduce") != NULL && strstr(overrun->sentence, "budget") != NULL);
}

static void what_is_over_its_budget_is_told(void) {
  static float values[1 << 20];
  const tutti_comm_t comm = capi_single_rank_comm();
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  int told = 0;
  CHECK_STATUS(tutti_telemetry_budget(comm, 1000, count_overrun, &told), TUTTI_OK);
  /* Copying 4 MiB takes longer than a microsecond everywhere. */
  CHECK_STATUS(tutti_all_reduce(comm, values, values + (1 << 19), 1 << 19, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL),
               TUTTI_OK);
  CHECK(told == 1);
  options.budget_ns = 3600 * (int64_t)1000000000;
  CHECK_STATUS(tutti_all_reduce(comm, values, values + (1 << 19), 1 << 19, TUTTI_FLOAT32, TUTTI_SUM, &options, NULL),
               TUTTI_OK);
  CHECK(told == 1);
  CHECK_STATUS(tutti_telemetry_budget(comm, 0, count_overrun, &told), TUTTI_OK);
  CHECK_STATUS(tutti_all_reduce(comm, values, values + (1 << 19), 1 << 19, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL),
               TUTTI_OK);
  CHECK(told == 1);
  options.budget_ns = 5;
  CHECK_REFUSED(tutti_barrier(comm, &options, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
}

static void wrong_arguments_are_refused(void) {
  const tutti_comm_t comm = capi_single_rank_comm();
  tutti_timing_t timing = TUTTI_TIMING_INIT;
  tutti_blame_t blame = TUTTI_BLAME_INIT;
  found_t found;
  CHECK_REFUSED(tutti_last_timing(NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_request_timing(NULL, &timing), TUTTI_ERR_INVALID_HANDLE);
  CHECK_REFUSED(tutti_telemetry_snapshot(comm, NULL, &found), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_telemetry_snapshot(NULL, note, &found), TUTTI_ERR_INVALID_HANDLE);
  CHECK_REFUSED(tutti_telemetry_blame(comm, 0, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_telemetry_blame(comm, 1, &blame), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_telemetry_blame(comm, -1, &blame), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_telemetry_blame(NULL, 0, &blame), TUTTI_ERR_INVALID_HANDLE);
  CHECK_REFUSED(tutti_telemetry_mark(NULL), TUTTI_ERR_INVALID_HANDLE);
  CHECK_REFUSED(tutti_telemetry_budget(NULL, 0, NULL, NULL), TUTTI_ERR_INVALID_HANDLE);
  CHECK_REFUSED(tutti_telemetry_budget(comm, -1, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_telemetry_budget(comm, 999, NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_telemetry_enable(NULL, 1), TUTTI_ERR_INVALID_HANDLE);
  timing.struct_size = 8;
  CHECK_REFUSED(tutti_last_timing(&timing), TUTTI_ERR_INVALID_ARGUMENT);
  blame.struct_size = 0;
  CHECK_REFUSED(tutti_telemetry_blame(comm, 0, &blame), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(tutti_histogram_quantile(NULL, 0.5) == 0);
  CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK);
  CHECK_REFUSED(tutti_telemetry_mark(comm), TUTTI_ERR_INVALID_HANDLE);
}

static int file_begins_with(const char* path, const char* text) {
  char begin[64] = {0};
  FILE* file = fopen(path, "r");
  size_t n;
  if (file == NULL) return 0;
  n = fread(begin, 1, sizeof(begin) - 1, file);
  fclose(file);
  return n >= strlen(text) && strncmp(begin, text, strlen(text)) == 0;
}

static void what_was_measured_can_be_written_to_a_file(void) {
  const tutti_comm_t comm = capi_single_rank_comm();
  char path[] = "/tmp/tutti-capi-export-XXXXXX";
  const int fd = mkstemp(path);
  CHECK(fd >= 0);
  close(fd);
  reduce_some(comm, kOperations);
  CHECK_STATUS(tutti_telemetry_export(comm, TUTTI_EXPORT_PROMETHEUS, path), TUTTI_OK);
  CHECK(file_begins_with(path, "# HELP tutti_info "));
  CHECK_STATUS(tutti_telemetry_export(comm, TUTTI_EXPORT_JSON_LINES, path), TUTTI_OK);
  CHECK(file_begins_with(path, "{\"type\":\"rank\",\"version\":1,"));
  CHECK_REFUSED(tutti_telemetry_export(comm, TUTTI_EXPORT_PROMETHEUS, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_telemetry_export(comm, TUTTI_EXPORT_PROMETHEUS, "/no/such/folder/file"),
                TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_telemetry_export(comm, (tutti_export_format_t)7, path), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_telemetry_export(NULL, TUTTI_EXPORT_PROMETHEUS, path), TUTTI_ERR_INVALID_HANDLE);
  unlink(path);
  tutti_comm_destroy(comm);
}

CAPI_MAIN(CAPI_CASE(what_was_measured_can_be_written_to_a_file), CAPI_CASE(every_operation_is_in_a_histogram),
          CAPI_CASE(steps_are_in_histograms_of_their_own), CAPI_CASE(a_mark_forgets_what_was_before),
          CAPI_CASE(timings_add_up_and_belong_to_the_last_operation), CAPI_CASE(what_is_off_is_not_measured),
          CAPI_CASE(the_config_turns_it_off), CAPI_CASE(what_is_over_its_budget_is_told),
          CAPI_CASE(wrong_arguments_are_refused))
