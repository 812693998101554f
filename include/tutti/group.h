/* SPDX-License-Identifier: Apache-2.0
 *
 * Groups of calls. What a thread calls between tutti_group_start and tutti_group_end is checked at once and begun together:
 *
 *   tutti_group_start();
 *   for (i = 0; i < n; ++i) tutti_all_reduce(comm, g[i], g[i], count[i], TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL);
 *   tutti_group_end();                                     one message instead of n, where they are small
 *
 *   tutti_group_start();
 *   tutti_send(comm, out, n, TUTTI_FLOAT32, right, NULL, NULL);
 *   tutti_recv(comm, in, n, TUTTI_FLOAT32, left, NULL, NULL);
 *   tutti_group_end();                                     cannot deadlock: all are under way before any is waited for
 *
 * - Collectives, and send and recv, of any number of communicators may be in a group. All other functions act at once, as
 *   ever, and so before the group's calls.
 * - A call without a request returns at once; tutti_group_end returns when it has finished. A call with one sets *request in
 *   tutti_group_end (to NULL before), so the place that it points to must stay until then, as must buffers; options, counts and
 *   offsets are read during the call.
 * - A call that is refused says so at once and is not in the group. The others are begun all the same, as if there were no
 *   group: other ranks count on them. tutti_group_end returns the first error, of a call that was refused or of one that it
 *   waited for; the others' are in their requests.
 * - Groups may be nested; what counts is the outermost. They belong to a thread: others are not concerned.
 * - Ranks make the same collectives of a communicator in the same order, grouped in the same way. Those that group differently
 *   are told so (MISMATCH).
 *
 * What is fused: all_reduces of one type, operation and algorithm; reduces likewise, to one root; broadcasts of one type from
 * one root. Of up to 32 KiB each and 256 KiB together, without a codec or an operation of your own. They are packed, go as one
 * operation in the first one's place, and are unpacked. Its algorithm is chosen for the sum of the lengths, so results may
 * differ from those of single calls in rounding, the same on all ranks as ever. In telemetry they are one operation.
 */
#ifndef TUTTI_GROUP_H_
#define TUTTI_GROUP_H_

#include "tutti/collectives.h"

#ifdef __cplusplus
extern "C" {
#endif

/* From here on, calls of this thread are collected. Errors: OUT_OF_MEMORY. Since 0.1. */
TUTTI_API tutti_status_t tutti_group_start(void);

/* Begins what was collected (if this is the outermost group), and waits for calls without a request. Errors: INVALID_ARGUMENT
 * (no group was started by this thread), and what the calls end with. Since 0.1. */
TUTTI_API tutti_status_t tutti_group_end(void);

/* 1 if this thread is in a group, else 0. Since 0.1. */
TUTTI_API int tutti_group_is_open(void);

#ifdef __cplusplus
}
#endif

#endif /* TUTTI_GROUP_H_ */
