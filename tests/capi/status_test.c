/* SPDX-License-Identifier: Apache-2.0
 *
 * What callers compile into their programs and compare across versions: values, names, sizes, the last error.
 */
#include <pthread.h>

#include "tests/capi/capi_test.h"

/* A value that was released never changes: these lines may only grow. */
static void status_values_are_pinned(void) {
  CHECK(TUTTI_OK == 0);
  CHECK(TUTTI_IN_PROGRESS == 1);
  CHECK(TUTTI_ERR_INVALID_ARGUMENT == 100);
  CHECK(TUTTI_ERR_INVALID_HANDLE == 101);
  CHECK(TUTTI_ERR_UNSUPPORTED == 102);
  CHECK(TUTTI_ERR_CONFIG == 103);
  CHECK(TUTTI_ERR_OUT_OF_MEMORY == 104);
  CHECK(TUTTI_ERR_PEER_FAILED == 300);
  CHECK(TUTTI_ERR_TIMEOUT == 400);
  CHECK(TUTTI_ERR_MISMATCH == 401);
  CHECK(TUTTI_ERR_ABORTED == 402);
  CHECK(TUTTI_ERR_BOOTSTRAP == 403);
  CHECK(TUTTI_ERR_CODEC == 404);
  CHECK(TUTTI_ERR_INTERNAL == 499);
}

static void other_values_are_pinned(void) {
  CHECK(TUTTI_INT8 == 0 && TUTTI_UINT8 == 1 && TUTTI_INT32 == 2 && TUTTI_UINT32 == 3 && TUTTI_INT64 == 4);
  CHECK(TUTTI_UINT64 == 5 && TUTTI_FLOAT16 == 6 && TUTTI_BFLOAT16 == 7 && TUTTI_FLOAT32 == 8 && TUTTI_FLOAT64 == 9);
  CHECK(TUTTI_SUM == 0 && TUTTI_PROD == 1 && TUTTI_MIN == 2 && TUTTI_MAX == 3 && TUTTI_AVG == 4 && TUTTI_AND == 5 &&
        TUTTI_OR == 6 && TUTTI_XOR == 7);
  CHECK(TUTTI_WAIT_DEFAULT == 0 && TUTTI_WAIT_ADAPTIVE == 1 && TUTTI_WAIT_SPIN == 2 && TUTTI_WAIT_SLEEP == 3);
  CHECK(TUTTI_LOG_DEFAULT == 0 && TUTTI_LOG_ERROR == 1 && TUTTI_LOG_WARN == 2 && TUTTI_LOG_INFO == 3);
  CHECK(TUTTI_LOG_DEBUG == 4);
  CHECK(TUTTI_SPLIT_HOST == 0 && TUTTI_SPLIT_ACROSS_HOSTS == 1 && TUTTI_SPLIT_ONE_PER_HOST == 2);
}

#define CHECK_NAME(status)                                   \
  do {                                                       \
    CHECK(strcmp(tutti_status_name(status), #status) == 0);  \
    CHECK(strchr(tutti_status_string(status), ' ') != NULL); \
  } while (0)

static void every_status_has_its_name_and_a_sentence(void) {
  CHECK(strcmp(tutti_status_name(TUTTI_OK), "TUTTI_OK") == 0);
  CHECK(tutti_status_string(TUTTI_OK)[0] != '\0');
  CHECK_NAME(TUTTI_IN_PROGRESS);
  CHECK_NAME(TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_NAME(TUTTI_ERR_INVALID_HANDLE);
  CHECK_NAME(TUTTI_ERR_UNSUPPORTED);
  CHECK_NAME(TUTTI_ERR_CONFIG);
  CHECK_NAME(TUTTI_ERR_OUT_OF_MEMORY);
  CHECK_NAME(TUTTI_ERR_PEER_FAILED);
  CHECK_NAME(TUTTI_ERR_TIMEOUT);
  CHECK_NAME(TUTTI_ERR_MISMATCH);
  CHECK_NAME(TUTTI_ERR_ABORTED);
  CHECK_NAME(TUTTI_ERR_BOOTSTRAP);
  CHECK_NAME(TUTTI_ERR_CODEC);
  CHECK_NAME(TUTTI_ERR_INTERNAL);
}

static void values_outside_the_enums_are_answered(void) {
  CHECK(strcmp(tutti_status_name((tutti_status_t)200), "unknown status") == 0);
  CHECK(tutti_status_string((tutti_status_t)200) != NULL);
  CHECK(tutti_dtype_size((tutti_dtype_t)10) == 0);
  CHECK(strcmp(tutti_dtype_name((tutti_dtype_t)10), "unknown") == 0);
  CHECK(strcmp(tutti_op_name((tutti_op_t)8), "unknown") == 0);
}

static void types_and_operations_have_sizes_and_names(void) {
  static const struct {
    tutti_dtype_t dtype;
    size_t size;
    const char* name;
  } types[] = {{TUTTI_INT8, 1, "int8"},       {TUTTI_UINT8, 1, "uint8"},       {TUTTI_INT32, 4, "int32"},
               {TUTTI_UINT32, 4, "uint32"},   {TUTTI_INT64, 8, "int64"},       {TUTTI_UINT64, 8, "uint64"},
               {TUTTI_FLOAT16, 2, "float16"}, {TUTTI_BFLOAT16, 2, "bfloat16"}, {TUTTI_FLOAT32, 4, "float32"},
               {TUTTI_FLOAT64, 8, "float64"}};
  static const char* const ops[] = {"sum", "prod", "min", "max", "avg", "and", "or", "xor"};
  size_t i;
  for (i = 0; i < sizeof(types) / sizeof(*types); ++i) {
    CHECK(tutti_dtype_size(types[i].dtype) == types[i].size);
    CHECK(strcmp(tutti_dtype_name(types[i].dtype), types[i].name) == 0);
  }
  for (i = 0; i < sizeof(ops) / sizeof(*ops); ++i) CHECK(strcmp(tutti_op_name((tutti_op_t)i), ops[i]) == 0);
}

static void version_is_a_triple(void) {
  int major = -1, minor = -1, patch = -1;
  CHECK(sscanf(tutti_version(), "%d.%d.%d", &major, &minor, &patch) == 3);
  CHECK(major == 0 && minor >= 1 && patch >= 0);
}

static void* fail_on_another_thread(void* unused) {
  (void)unused;
  CHECK(tutti_last_error()[0] == '\0'); /* nothing failed on this thread yet */
  CHECK(tutti_comm_rank(NULL, NULL) != TUTTI_OK);
  CHECK(tutti_last_error()[0] != '\0');
  return NULL;
}

static void last_error_belongs_to_its_thread(void) {
  pthread_t thread;
  char before[512];
  CHECK_REFUSED(tutti_comm_create(NULL, NULL), TUTTI_ERR_INVALID_ARGUMENT);
  snprintf(before, sizeof(before), "%s", tutti_last_error());
  CHECK(pthread_create(&thread, NULL, fail_on_another_thread, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(strncmp(before, tutti_last_error(), sizeof(before) - 1) == 0);
}

static void no_error_before_the_first_failure(void) { CHECK(tutti_last_error()[0] == '\0'); }

CAPI_MAIN(CAPI_CASE(no_error_before_the_first_failure), CAPI_CASE(status_values_are_pinned),
          CAPI_CASE(other_values_are_pinned), CAPI_CASE(every_status_has_its_name_and_a_sentence),
          CAPI_CASE(values_outside_the_enums_are_answered), CAPI_CASE(types_and_operations_have_sizes_and_names),
          CAPI_CASE(version_is_a_triple), CAPI_CASE(last_error_belongs_to_its_thread))
