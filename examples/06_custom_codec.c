/* SPDX-License-Identifier: Apache-2.0
 *
 * New here: a codec of your own, for values that travel as fewer bytes. This one rounds floats to multiples of 1/1024 and
 * sends two bytes for each. tutti calls it where values are sent and received; every rank registers it.
 *
 *   tutti-run -n 4 -- 06_custom_codec
 */
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <tutti/tutti.h>

#include "check.h"

enum { COUNT = 1000, NOT_A_NUMBER = -32768 };

static int16_t to_code(float value) {
  if (isnan(value)) return NOT_A_NUMBER;
  /* The sum travels through the codec as well: it must have room, too. What is larger ends at +-32. */
  return (int16_t)lrintf(fmaxf(-32767, fminf(32767, value * 1024)));
}

static float from_code(const void* encoded, size_t i) {
  int16_t code;
  memcpy(&code, (const char*)encoded + 2 * i, 2); /* encoded bytes have no alignment */
  return code == NOT_A_NUMBER ? NAN : (float)code / 1024;
}

static tutti_status_t max_encoded_bytes(void* context, tutti_dtype_t dtype, size_t count, size_t* bytes) {
  (void)context;
  if (dtype != TUTTI_FLOAT32) return TUTTI_ERR_UNSUPPORTED;
  *bytes = 2 * count;
  return TUTTI_OK;
}

static tutti_status_t encode(void* context, void* state, const tutti_codec_slice_t* slice, const void* values,
                             void* encoded, size_t capacity, size_t* encoded_bytes) {
  (void)context, (void)state, (void)capacity; /* at least what max_encoded_bytes says */
  for (size_t i = 0; i < slice->count; ++i) {
    float value;
    memcpy(&value, (const char*)values + 4 * i, 4);
    const int16_t code = to_code(value);
    memcpy((char*)encoded + 2 * i, &code, 2);
  }
  *encoded_bytes = 2 * slice->count;
  return TUTTI_OK;
}

static tutti_status_t decode(void* context, const tutti_codec_slice_t* slice, const void* encoded, size_t encoded_bytes,
                             void* values) {
  (void)context;
  if (encoded_bytes != 2 * slice->count) return TUTTI_ERR_INVALID_ARGUMENT; /* they come from another process */
  for (size_t i = 0; i < slice->count; ++i) {
    const float value = from_code(encoded, i);
    memcpy((char*)values + 4 * i, &value, 4);
  }
  return TUTTI_OK;
}

static tutti_status_t decode_reduce(void* context, const tutti_codec_slice_t* slice, tutti_op_t op, const void* encoded,
                                    size_t encoded_bytes, void* accumulator) {
  (void)context;
  if (op != TUTTI_SUM && op != TUTTI_AVG) return TUTTI_ERR_UNSUPPORTED; /* tutti divides for an average */
  if (encoded_bytes != 2 * slice->count) return TUTTI_ERR_INVALID_ARGUMENT;
  for (size_t i = 0; i < slice->count; ++i) {
    float sum;
    memcpy(&sum, (const char*)accumulator + 4 * i, 4);
    sum += from_code(encoded, i);
    memcpy((char*)accumulator + 4 * i, &sum, 4);
  }
  return TUTTI_OK;
}

int main(void) {
  static tutti_codec_t codec = TUTTI_CODEC_INIT; /* must stay as it is as long as it is used */
  static float values[COUNT];
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  tutti_comm_t comm = NULL;
  int rank = 0;
  int size = 0;
  float largest_error = 0;

  codec.name = "steps";
  codec.version = 1;
  codec.max_encoded_bytes = max_encoded_bytes;
  codec.encode = encode;
  codec.decode = decode;
  codec.decode_reduce = decode_reduce;
  CHECK(tutti_codec_register(&codec));

  CHECK(tutti_comm_create(NULL, &comm));
  CHECK(tutti_comm_rank(comm, &rank));
  CHECK(tutti_comm_size(comm, &size));

  for (int i = 0; i < COUNT; ++i) values[i] = (float)(rank + 1) * sinf((float)i) / (float)size;
  options.codec = "steps"; /* or "steps+error_feedback": decorators go around any codec */
  CHECK(tutti_all_reduce(comm, values, values, COUNT, TUTTI_FLOAT32, TUTTI_SUM, &options, NULL));

  for (int i = 0; i < COUNT; ++i) {
    largest_error = fmaxf(largest_error, fabsf(values[i] - (float)(size + 1) / 2 * sinf((float)i)));
  }
  /* Each rank's value is rounded once, and so is the sum. */
  const float bound = (float)(size + 1) * 0.51f / 1024;
  printf("rank %d: half the bytes; the largest error is %.6f, at most %.6f\n", rank, largest_error, bound);
  CHECK(tutti_comm_destroy(comm));
  return largest_error <= bound ? 0 : 1;
}
