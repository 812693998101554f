/* SPDX-License-Identifier: Apache-2.0
 *
 * Compression: all_reduce with fewer bytes on the wire. A codec (codec.h) is named by a text,
 *
 *   "bf16"   "int8:block=128"   "topk:ratio=0.01+error_feedback"   or the name of one that was registered
 *
 * in a call's options (tutti_options_t::codec), or once for a communicator (tutti_comm_set_codec). lib/codec/README.md lists
 * the built-in ones with their parameters and error bounds.
 *
 * What happens then: each rank owns a slice, receives everyone's codes of it, adds up their values in rank order, and sends
 * the codes of the result to everyone. A value is encoded at most twice on its way, and all ranks end with the same bits.
 * Very sparse codes go from everyone to everyone instead, and are encoded once. Between several hosts values travel as they
 * are inside a host, and codes of a host's sum between hosts.
 *
 * All ranks must give the same codec, version, parameters, tensor and step; the first message tells ranks that do not
 * (MISMATCH, with a sentence that names both). A codec that fails on one rank ends the communicator on all, with its sentence
 * (CODEC). What it cannot do with the type or operation is refused before anything is sent (UNSUPPORTED).
 *
 * What codecs remember of tensors (error feedback, momentum) is kept by the communicator, by the text that names the codec
 * and by the caller's tensor key. Of each tensor one operation may run at a time.
 *
 * Error feedback gives back what was lost, but late, and an optimizer's momentum repeats it: with codecs that lose most of a
 * value (sign), training may diverge by that. Let old losses fade ("sign+error_feedback:keep=0.8"), or leave momentum out of
 * the optimizer, with a larger rate (lib/codec/README.md has figures).
 */
#ifndef TUTTI_COMPRESSION_H_
#define TUTTI_COMPRESSION_H_

#include "tutti/codec.h"
#include "tutti/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Makes a codec known to this process by its name, which may then be used like a built-in one's, also with decorators
 * ("mine+error_feedback"), but without parameters. Ranks may register in any order and at any time before they use it. The
 * struct, and what it points to, must stay as they are to the process's end. Any thread. Errors: INVALID_ARGUMENT (NULL, a
 * field is missing or malformed, or the name is taken; the sentence says which). Since 0.1. */
TUTTI_API tutti_status_t tutti_codec_register(const tutti_codec_t* codec);

/* From now on, all_reduces on this communicator whose options give no codec use this one where it is fit for their type and
 * operation; others stay as they are. NULL or "none": none, as at the beginning. Must be the same on all ranks, between the
 * same calls. By the thread that starts operations. Errors: INVALID_ARGUMENT, INVALID_HANDLE. Since 0.1.
 *
 * "auto:0.01" leaves the choice to tutti: all-reduces of float32 use a built-in codec whose error is at most that part of the
 * largest value of a block (0: a lossless one), if it pays on this communicator's paths for vectors of that size, else none.
 * This is found out by measuring, so the call is then collective, blocks, and takes a moment (about 30 all-reduces of up to
 * 2 MiB). Calls may then also give that same text in their options. Errors besides: those of a collective. */
TUTTI_API tutti_status_t tutti_comm_set_codec(tutti_comm_t comm, const char* codec);

/* What was measured for "auto:...", and what was chosen by size, as a sentence; "" where that was not called for. Valid on the
 * calling thread until its next call of this function. Since 0.1. */
TUTTI_API const char* tutti_comm_explain_codec(tutti_comm_t comm);

/* Writes all that codecs remember of tensors on this communicator and this rank, for a checkpoint. *bytes is set to what that
 * needs; `buffer` is filled if capacity is enough, else left as it is (that is no error; buffer may be NULL if capacity is 0).
 * Not while operations of the communicator run (INVALID_ARGUMENT), by the thread that starts them. Errors: INVALID_ARGUMENT,
 * INVALID_HANDLE, OUT_OF_MEMORY. Since 0.1. */
TUTTI_API tutti_status_t tutti_codec_save(tutti_comm_t comm, void* buffer, size_t capacity, size_t* bytes);

/* Makes what is remembered as it was when it was saved; what is not in the saved bytes is forgotten. They are checked, and
 * may come from anywhere; after an error everything is as it was. Each rank restores its own, of a communicator with as many
 * ranks. Registered codecs that are named must be there. When and where: as tutti_codec_save. Errors: INVALID_ARGUMENT,
 * INVALID_HANDLE, OUT_OF_MEMORY. Since 0.1. */
TUTTI_API tutti_status_t tutti_codec_restore(tutti_comm_t comm, const void* buffer, size_t bytes);

/* Forgets what all codecs of this communicator remember of a tensor: the key may then be used for one of another length.
 * When and where: as tutti_codec_save. Errors: INVALID_ARGUMENT, INVALID_HANDLE. Since 0.1. */
TUTTI_API tutti_status_t tutti_codec_forget(tutti_comm_t comm, uint64_t tensor);

#ifdef __cplusplus
}
#endif

#endif /* TUTTI_COMPRESSION_H_ */
