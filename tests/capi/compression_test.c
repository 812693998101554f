/* SPDX-License-Identifier: Apache-2.0
 *
 * Codecs through the C API: what is refused, and what is registered, saved and restored.
 */
#include "tests/capi/capi_test.h"

static tutti_comm_t comm;
static float values[64], sums[64];

static tutti_status_t most(void* context, tutti_dtype_t dtype, size_t count, size_t* bytes) {
  (void)context;
  *bytes = count * tutti_dtype_size(dtype);
  return TUTTI_OK;
}

static tutti_status_t encode(void* context, void* state, const tutti_codec_slice_t* slice, const void* from, void* to,
                             size_t capacity, size_t* bytes) {
  (void)context, (void)state;
  *bytes = slice->count * tutti_dtype_size(slice->dtype);
  if (capacity < *bytes) return TUTTI_ERR_INVALID_ARGUMENT;
  memcpy(to, from, *bytes);
  return TUTTI_OK;
}

static tutti_status_t decode(void* context, const tutti_codec_slice_t* slice, const void* from, size_t bytes,
                             void* to) {
  (void)context;
  if (bytes != slice->count * tutti_dtype_size(slice->dtype)) return TUTTI_ERR_INVALID_ARGUMENT;
  memcpy(to, from, bytes);
  return TUTTI_OK;
}

static tutti_status_t decode_reduce(void* context, const tutti_codec_slice_t* slice, tutti_op_t op, const void* from,
                                    size_t bytes, void* to) {
  (void)context, (void)slice, (void)op, (void)from, (void)bytes, (void)to;
  return TUTTI_ERR_UNSUPPORTED;
}

static tutti_status_t reduce_with(const char* codec, tutti_dtype_t dtype, tutti_op_t op) {
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.codec = codec;
  return tutti_all_reduce(comm, values, sums, 16, dtype, op, &options, NULL);
}

static void codecs_that_do_not_exist_are_refused(void) {
  CHECK_REFUSED(reduce_with("int9", TUTTI_FLOAT32, TUTTI_SUM), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(strstr(tutti_last_error(), "int8") != NULL); /* what there is */
  CHECK_REFUSED(reduce_with("int8:blok=64", TUTTI_FLOAT32, TUTTI_SUM), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_comm_set_codec(comm, "int8+nothing"), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_comm_set_codec(NULL, "int8"), TUTTI_ERR_INVALID_HANDLE);
}

static void types_and_operations_that_a_codec_cannot_have_are_refused(void) {
  CHECK_REFUSED(reduce_with("int8", TUTTI_INT32, TUTTI_SUM), TUTTI_ERR_UNSUPPORTED);
  CHECK_REFUSED(reduce_with("topk", TUTTI_FLOAT32, TUTTI_MAX), TUTTI_ERR_UNSUPPORTED);
  /* The communicator's own is left out where it does not fit. */
  CHECK_STATUS(tutti_comm_set_codec(comm, "topk"), TUTTI_OK);
  CHECK_STATUS(reduce_with(NULL, TUTTI_FLOAT32, TUTTI_MAX), TUTTI_OK);
  CHECK_STATUS(reduce_with(NULL, TUTTI_INT32, TUTTI_SUM), TUTTI_OK);
  CHECK_STATUS(tutti_comm_set_codec(comm, NULL), TUTTI_OK);
}

static void only_all_reduce_can_have_a_codec(void) {
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.codec = "bf16";
  CHECK_REFUSED(tutti_broadcast(comm, values, values, 4, TUTTI_FLOAT32, 0, &options, NULL), TUTTI_ERR_UNSUPPORTED);
  CHECK_REFUSED(tutti_barrier(comm, &options, NULL), TUTTI_ERR_UNSUPPORTED);
  options.codec = "none";
  CHECK_STATUS(tutti_barrier(comm, &options, NULL), TUTTI_OK);
}

static void algorithms_are_those_for_codecs(void) {
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.codec = "bf16";
  options.algorithm = "ring";
  CHECK_REFUSED(tutti_all_reduce(comm, values, sums, 4, TUTTI_FLOAT32, TUTTI_SUM, &options, NULL),
                TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(strstr(tutti_last_error(), "encoded_direct") != NULL);
  options.algorithm = "encoded_gather";
  CHECK_STATUS(tutti_all_reduce(comm, values, sums, 4, TUTTI_FLOAT32, TUTTI_SUM, &options, NULL), TUTTI_OK);
}

static void codecs_are_registered_once_and_whole(void) {
  static tutti_codec_t codec = TUTTI_CODEC_INIT;
  CHECK_REFUSED(tutti_codec_register(NULL), TUTTI_ERR_INVALID_ARGUMENT);
  codec.name = "mine";
  codec.max_encoded_bytes = most;
  codec.encode = encode;
  codec.decode = decode;
  CHECK_REFUSED(tutti_codec_register(&codec), TUTTI_ERR_INVALID_ARGUMENT); /* decode_reduce is missing */
  codec.decode_reduce = decode_reduce;
  CHECK_REFUSED(reduce_with("mine", TUTTI_FLOAT64, TUTTI_SUM), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_codec_register(&codec), TUTTI_OK);
  CHECK_STATUS(reduce_with("mine", TUTTI_FLOAT64, TUTTI_SUM), TUTTI_OK);
  CHECK_STATUS(reduce_with("mine+error_feedback", TUTTI_FLOAT32, TUTTI_SUM), TUTTI_OK);
  CHECK_REFUSED(reduce_with("mine:key=1", TUTTI_FLOAT32, TUTTI_SUM), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_codec_register(&codec), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK(strstr(tutti_last_error(), "registered already") != NULL);
  codec.name = "int8";
  CHECK_REFUSED(tutti_codec_register(&codec), TUTTI_ERR_INVALID_ARGUMENT);
  codec.name = "mine";
}

static void states_are_saved_and_restored(void) {
  unsigned char saved[256];
  size_t bytes = 0, again = 0;
  CHECK_STATUS(tutti_codec_save(comm, NULL, 0, &bytes), TUTTI_OK);
  CHECK(bytes > 0 && bytes <= sizeof(saved) * 8);
  CHECK_REFUSED(tutti_codec_save(comm, NULL, 8, &bytes), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_codec_save(comm, saved, sizeof(saved), NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_codec_restore(comm, NULL, 8), TUTTI_ERR_INVALID_ARGUMENT);
  memset(saved, 7, sizeof(saved));
  CHECK_REFUSED(tutti_codec_restore(comm, saved, sizeof(saved)), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_codec_save(comm, NULL, 0, &again), TUTTI_OK);
  CHECK(again == bytes);
  CHECK_STATUS(tutti_codec_forget(comm, 0), TUTTI_OK);
  CHECK_REFUSED(tutti_codec_forget(NULL, 0), TUTTI_ERR_INVALID_HANDLE);
}

static void what_codecs_cost_is_told(void) {
  tutti_codec_totals_t totals = TUTTI_CODEC_TOTALS_INIT;
  CHECK_STATUS(tutti_telemetry_codec(comm, "never used", &totals), TUTTI_OK);
  CHECK(totals.operations == 0 && totals.costs_more == 0);
  CHECK_REFUSED(tutti_telemetry_codec(comm, NULL, &totals), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_telemetry_codec(comm, "int8", NULL), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_telemetry_codec(NULL, "int8", &totals), TUTTI_ERR_INVALID_HANDLE);
  totals.struct_size = 1;
  CHECK_REFUSED(tutti_telemetry_codec(comm, "int8", &totals), TUTTI_ERR_INVALID_ARGUMENT);
}

static void tutti_chooses_if_asked(void) {
  CHECK(strcmp(tutti_comm_explain_codec(comm), "") == 0);
  CHECK_REFUSED(tutti_comm_set_codec(comm, "auto"), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(tutti_comm_set_codec(comm, "auto:7"), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_REFUSED(reduce_with("auto:0.01", TUTTI_FLOAT32, TUTTI_SUM), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_comm_set_codec(comm, "auto:0.01"), TUTTI_OK);
  CHECK(strstr(tutti_comm_explain_codec(comm), "auto:0.01: 32768 bytes: ") != NULL);
  CHECK_STATUS(reduce_with("auto:0.01", TUTTI_FLOAT32, TUTTI_SUM), TUTTI_OK);
  CHECK_STATUS(reduce_with(NULL, TUTTI_FLOAT32, TUTTI_SUM), TUTTI_OK);
  CHECK_REFUSED(reduce_with("auto:0.02", TUTTI_FLOAT32, TUTTI_SUM), TUTTI_ERR_INVALID_ARGUMENT);
  CHECK_STATUS(tutti_comm_set_codec(comm, "none"), TUTTI_OK);
}

static void a_communicator_is_created(void) { comm = capi_single_rank_comm(); }
static void it_is_destroyed(void) { CHECK_STATUS(tutti_comm_destroy(comm), TUTTI_OK); }

CAPI_MAIN(CAPI_CASE(a_communicator_is_created), CAPI_CASE(codecs_that_do_not_exist_are_refused),
          CAPI_CASE(types_and_operations_that_a_codec_cannot_have_are_refused),
          CAPI_CASE(only_all_reduce_can_have_a_codec), CAPI_CASE(algorithms_are_those_for_codecs),
          CAPI_CASE(codecs_are_registered_once_and_whole), CAPI_CASE(states_are_saved_and_restored),
          CAPI_CASE(what_codecs_cost_is_told), CAPI_CASE(tutti_chooses_if_asked), CAPI_CASE(it_is_destroyed))
