/* SPDX-License-Identifier: Apache-2.0
 *
 * Codecs: how a tensor's values become fewer bytes on the wire. This header is the contract that a codec of your own
 * fulfils: a struct of functions. It declares no function of the library; compression.h does.
 *
 * Words. A *tensor* is what the caller names by a key of its own; a *slice* is a contiguous part of it. tutti cuts a
 * tensor into slices as an algorithm needs them, and encodes each by itself: encoded bytes never depend on other
 * encoded bytes.
 *
 * Rules for every function of a codec:
 * - Results are the codes of status.h. INVALID_ARGUMENT: the encoded bytes are not what `encode` of this codec makes
 *   for such a slice (corrupt, truncated, of another codec or of other parameters), or a capacity is too small.
 *   UNSUPPORTED: not for this type or operation. OUT_OF_MEMORY. Any other code but OK is reported as it is. A function
 *   must not throw, exit or wait for other ranks.
 * - Encoded bytes come from other processes. Whatever they hold, `decode` and its relatives must stay within them and
 *   within the slice.
 * - Deterministic: the same slice, values and state give the same bytes on every rank's processor, and the same bytes
 *   decode to the same bits. tutti's promise that all ranks end with the same bits rests on this.
 * - Values and encoded bytes have no promised alignment (go by memcpy), do not overlap, and are not kept after the
 *   call.
 * - Lengths are in bytes where the name says so, otherwise in elements. A slice of 0 elements is valid.
 * - Threads: `encode` and the functions of states are called by one thread at a time for each state; everything else by
 *   any number of threads at once.
 */
#ifndef TUTTI_CODEC_H_
#define TUTTI_CODEC_H_

#include "tutti/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is encoded or decoded. Since 0.1. */
typedef struct tutti_codec_slice {
  size_t struct_size;
  tutti_dtype_t dtype; /* of the values */
  size_t count;        /* elements of the slice */
  size_t offset;       /* place of the slice's first element in its tensor */
  uint64_t tensor;     /* the caller's key; the same for the same tensor in every step and on every rank */
  uint64_t step;       /* grows from one use of the tensor to the next; the same for all its slices. For random choices,
                        * which may depend on seed, tensor, step, place and stream, never on how often or when a
                        * function is called. */
  uint64_t stream;     /* when encoding: another number for each rank, and for results, so that what is encoded of one
                        * place in one step need not be rounded alike, and errors of many ranks average out. When
                        * decoding: 0. */
} tutti_codec_slice_t;

#define TUTTI_CODEC_SLICE_INIT \
  { sizeof(tutti_codec_slice_t), TUTTI_FLOAT32, 0, 0, 0, 0, 0 }

typedef struct tutti_codec_parameter {
  const char* key;   /* "block"; letters, digits and underscores */
  const char* value; /* "256"; as written by the user */
} tutti_codec_parameter_t;

/* A codec. The struct and all that it points to belong to the caller, and must stay as they are until nothing uses the
 * codec any more. `context` is handed to every function. A function that is not marked optional must be there; optional
 * ones may be NULL. Since 0.1. */
typedef struct tutti_codec {
  size_t struct_size;

  /* Identity. Ranks that use different codecs in one operation are told so (MISMATCH): name, version and parameters (in
   * any order) must be equal on all of them. Raise the version when the encoded bytes change their meaning. */
  const char* name; /* letters, digits and underscores */
  uint32_t version;
  size_t num_parameters;
  const tutti_codec_parameter_t* parameters; /* may be NULL if there are none */

  void* context; /* may be NULL */

  /* *bytes = the most that `encode` can need for `count` elements of this type, whatever their values. Called often;
   * cheap. UNSUPPORTED for a type that the codec cannot encode. */
  tutti_status_t (*max_encoded_bytes)(void* context, tutti_dtype_t dtype, size_t count, size_t* bytes);

  /* Encodes `values` into `encoded` and sets *encoded_bytes. capacity is at least what max_encoded_bytes says. `state`
   * is the tensor's, or NULL if the codec has no create_state. After an error the state is as it was. */
  tutti_status_t (*encode)(void* context, void* state, const tutti_codec_slice_t* slice, const void* values,
                           void* encoded, size_t capacity, size_t* encoded_bytes);

  /* Sets all of the slice's values. Needs no state: any rank can decode what any other has encoded. After an error the
   * values are unspecified. */
  tutti_status_t (*decode)(void* context, const tutti_codec_slice_t* slice, const void* encoded, size_t encoded_bytes,
                           void* values);

  /* accumulator[i] = accumulator[i] op decoded[i], in one pass over memory; the result has the same bits as `decode`
   * followed by tutti's reduction with op (see types.h; AVG adds, tutti divides at the end). After an error the
   * accumulator is unspecified. */
  tutti_status_t (*decode_reduce)(void* context, const tutti_codec_slice_t* slice, tutti_op_t op, const void* encoded,
                                  size_t encoded_bytes, void* accumulator);

  /* Optional: for codes that can be reduced as they are. accumulator op= encoded, both as `encode` makes them for this
   * slice; *accumulator_bytes is the accumulator's length before and after, capacity what it may grow to. UNSUPPORTED
   * for an operation that the codes do not allow (tutti then decodes). */
  tutti_status_t (*reduce_encoded)(void* context, const tutti_codec_slice_t* slice, tutti_op_t op, const void* encoded,
                                   size_t encoded_bytes, void* accumulator, size_t capacity, size_t* accumulator_bytes);

  /* Optional, but both or neither: what `encode` remembers of a tensor from step to step (residuals, a warm start).
   * Created before the tensor's first encode, for a tensor of `count` elements; slices then lie within it. */
  tutti_status_t (*create_state)(void* context, uint64_t tensor, tutti_dtype_t dtype, size_t count, void** state);
  void (*destroy_state)(void* context, void* state);

  /* Optional, but both or neither, and only with create_state: for checkpoints. `save_state` sets *bytes to what it
   * needs, and fills `buffer` if that is not more than `capacity` (buffer may be NULL if capacity is 0; too small a
   * capacity is no error). `restore_state` makes a state as it was when it was saved, out of bytes that are checked as
   * encoded ones are; the state must be for as many elements. After an error the state is as it was. */
  tutti_status_t (*save_state)(void* context, const void* state, void* buffer, size_t capacity, size_t* bytes);
  tutti_status_t (*restore_state)(void* context, void* state, const void* buffer, size_t bytes);
} tutti_codec_t;

/* For C: every function NULL; set what the codec has. */
#define TUTTI_CODEC_INIT \
  { sizeof(tutti_codec_t), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

#ifdef __cplusplus
}
#endif

#endif /* TUTTI_CODEC_H_ */
