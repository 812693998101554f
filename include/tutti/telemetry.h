/* SPDX-License-Identifier: Apache-2.0
 *
 * Telemetry: how long operations took, what the time was spent on, and which rank came last. Measured in every operation,
 * unless it is turned off (config field telemetry, TUTTI_TELEMETRY, tutti_telemetry_enable); most useful when it is on on
 * all ranks, since ranks learn from each other's messages who came when.
 *
 * All times are in nanoseconds. Ranks are those of the communicator.
 */
#ifndef TUTTI_TELEMETRY_H_
#define TUTTI_TELEMETRY_H_

#include "tutti/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One operation. total_ns = queued_ns + waited_ns + moved_ns + reduced_ns + coded_ns. Initialise with TUTTI_TIMING_INIT. */
typedef struct tutti_timing {
  size_t struct_size;
  int64_t total_ns;  /* from the call to the operation's end on this rank */
  int64_t queued_ns; /* behind other operations of this rank */
  int64_t waited_ns; /* for a rank that came later than this one */
  int64_t moved_ns;  /* moving bytes, and waiting for those of ranks that had come; small reductions are in here, too */
  int64_t reduced_ns; /* in reductions */
  int64_t coded_ns;   /* in a codec: encoding, decoding, and adding what was decoded */

  int last_rank; /* who came last of the ranks that this one's result depends on; it may be this one. -1: not known */
  int64_t last_by_ns; /* by how much: after this rank; if it was this rank, after the last of the others */
  int64_t
      last_error_ns; /* last_by_ns is known to within this. 0: exactly; between hosts, whose clocks must be compared,
                          * it is more */

  int slowest_peer; /* from whom the slowest message came; -1: no message's way was measured (shared memory has none) */
  int64_t slowest_ns; /* how long it was on its way once both ends were ready */
  int64_t slowest_error_ns;
  uint64_t slowest_bytes;
} tutti_timing_t;

#define TUTTI_TIMING_INIT \
  { sizeof(tutti_timing_t), 0, 0, 0, 0, 0, 0, -1, 0, 0, -1, 0, 0, 0 }

/* Of the operation that the calling thread waited for last: in a call without a request, or with tutti_request_wait and its
 * kin. Of small operations through shared memory in which nobody is waited for, one in 128 is clocked: for the others,
 * total_ns is that one's, and last_rank -1. Errors: UNSUPPORTED if there is none, or telemetry was off when it started. Since 0.1. */
TUTTI_API tutti_status_t tutti_last_timing(tutti_timing_t* timing);

/* Of a request that has not been waited for yet. IN_PROGRESS, and *timing as it was, while it is running (this function
 * does not advance it). Errors: INVALID_HANDLE, also for a request that was waited for; UNSUPPORTED if telemetry was off when
 * it started. Not while another thread waits for the request. Since 0.1. */
TUTTI_API tutti_status_t tutti_request_timing(tutti_request_t request, tutti_timing_t* timing);

/* Durations from low_ns up to, but not including, high_ns. */
typedef struct tutti_bucket {
  int64_t low_ns;
  int64_t high_ns;
  uint64_t count;
} tutti_bucket_t;

/* All operations of one kind that ended well since the communicator's last mark. Quantiles are within 1 % of the true ones;
 * min, max, mean and sums are exact, but for small operations through shared memory in which nobody was waited for: they take
 * less than a microsecond, of which two looks at a clock would be a tenth, so one in 128 is clocked and stands for all. */
typedef struct tutti_histogram {
  size_t struct_size;
  const char* collective; /* "all_reduce", ..., "send", "recv"; "other" for all kinds beyond the first 48 */
  const char* algorithm;  /* "" where there is none */
  uint64_t min_bytes;     /* the kind's calls had count * element size from min_bytes ... */
  uint64_t max_bytes;     /* ... to max_bytes */
  uint64_t count;
  int64_t min_ns;
  int64_t p50_ns;
  int64_t p90_ns;
  int64_t p99_ns;
  int64_t p999_ns;
  int64_t p9999_ns;
  int64_t max_ns;
  double mean_ns;
  double variation;  /* standard deviation over mean */
  int64_t queued_ns; /* this and the next four: as in tutti_timing_t, summed */
  int64_t waited_ns;
  int64_t moved_ns;
  int64_t reduced_ns;
  int64_t coded_ns;
  const tutti_bucket_t* buckets; /* ascending; only those with a count */
  size_t num_buckets;
} tutti_histogram_t;

/* The duration that a part q (0 to 1) of the operations took at most. 0 if there are none. Any thread. Since 0.1. */
TUTTI_API int64_t tutti_histogram_quantile(const tutti_histogram_t* histogram, double q);

/* The histogram and all it points to are valid during the call only. Must not call tutti, but for
 * tutti_histogram_quantile. */
typedef void (*tutti_histogram_fn)(void* context, const tutti_histogram_t* histogram);

/* Calls `visit` for each kind of operation of this rank since the last mark. Any thread, at any time; an operation that ends
 * meanwhile may or may not be counted. Errors: INVALID_ARGUMENT, INVALID_HANDLE. Since 0.1. */
TUTTI_API tutti_status_t tutti_telemetry_snapshot(tutti_comm_t comm, tutti_histogram_fn visit, void* context);

/* All steps of one sort since the communicator's last mark: what the algorithms of collectives are made of. Steps of small
 * operations through shared memory (all of them under 4 KiB) are not measured one by one, and are not in here. */
typedef struct tutti_step_histogram {
  size_t struct_size;
  const char* step; /* "receive": from when both ends were ready until the message was here;
                     * "send": from when it was handed to the transport until its buffer was free, which may be when a late
                     * peer has come; while they ran: "reduce", "copy", "encode", "decode", and "publish", which shows bytes
                     * to the other ranks of the host. "other" for all sorts beyond the first 63 */
  int peer;         /* the rank at the other end; -1: there is no one rank */
  const char* rail; /* the transport: "tcp", "shm", "verbs"; "" if there is none */
  uint64_t count;
  uint64_t bytes; /* of all these steps */
  int64_t min_ns; /* this and the rest: as in tutti_histogram_t */
  int64_t p50_ns;
  int64_t p90_ns;
  int64_t p99_ns;
  int64_t p999_ns;
  int64_t p9999_ns;
  int64_t max_ns;
  double mean_ns;
  double variation;
  const tutti_bucket_t* buckets;
  size_t num_buckets;
} tutti_step_histogram_t;

/* The histogram and all it points to are valid during the call only. Must not call tutti. */
typedef void (*tutti_step_histogram_fn)(void* context, const tutti_step_histogram_t* histogram);

/* Calls `visit` for each sort of step, peer and rail of this rank since the last mark. Any thread, at any time, as
 * tutti_telemetry_snapshot. Errors: INVALID_ARGUMENT, INVALID_HANDLE. Since 0.1. */
TUTTI_API tutti_status_t tutti_telemetry_steps(tutti_comm_t comm, tutti_step_histogram_fn visit, void* context);

/* What one rank has cost this one since the last mark. Initialise with TUTTI_BLAME_INIT. */
typedef struct tutti_blame {
  size_t struct_size;
  uint64_t times_last; /* operations in which it came last */
  int64_t late_ns;     /* by how much, as last_by_ns of tutti_timing_t, summed */
  int64_t max_late_ns; /* the worst of it */
  uint64_t messages;   /* that came from it, not counting those through windows of shared memory */
  uint64_t bytes;      /* in these */
  int64_t path_ns;     /* how long these were on their way once both ends were ready, summed */
  int64_t max_path_ns; /* the worst of it */
} tutti_blame_t;

#define TUTTI_BLAME_INIT \
  { sizeof(tutti_blame_t), 0, 0, 0, 0, 0, 0, 0 }

/* Any thread, at any time. Errors: INVALID_ARGUMENT, INVALID_HANDLE. Since 0.1. */
TUTTI_API tutti_status_t tutti_telemetry_blame(tutti_comm_t comm, int rank, tutti_blame_t* blame);

/* What one codec has done on this rank since the communicator was made. Initialise with TUTTI_CODEC_TOTALS_INIT. */
typedef struct tutti_codec_totals {
  size_t struct_size;
  uint64_t operations;
  uint64_t raw_bytes;  /* that the values which this rank sent as codes would have had */
  uint64_t sent_bytes; /* in codes and their headers */
  int64_t coded_ns;    /* spent in the codec */
  int64_t moved_ns;    /* spent moving bytes, beside that */
  int64_t saved_ns;    /* estimated: how much longer the moving would have taken with all bytes */
  int costs_more;      /* 1: coded_ns is more than saved_ns. Then it pays to do without, if bytes are all that counts */
} tutti_codec_totals_t;

#define TUTTI_CODEC_TOTALS_INIT \
  { sizeof(tutti_codec_totals_t), 0, 0, 0, 0, 0, 0, 0 }

/* Of the codec that options or tutti_comm_set_codec have named by this text; all 0 if none have. Needs telemetry to be on. A
 * codec that costs more than it saves over 64 operations is told of in the log, once. By the thread that starts operations.
 * Errors: INVALID_ARGUMENT, INVALID_HANDLE. Since 0.1. */
TUTTI_API tutti_status_t tutti_telemetry_codec(tutti_comm_t comm, const char* codec, tutti_codec_totals_t* totals);

/* A mark: what was measured on this communicator and this rank before is forgotten ("between two training steps"). Local, any
 * thread, costs nothing. Since 0.1. */
TUTTI_API tutti_status_t tutti_telemetry_mark(tutti_comm_t comm);

/* Whether operations that this rank starts from now on are measured. Local, any thread. Since 0.1. */
TUTTI_API tutti_status_t tutti_telemetry_enable(tutti_comm_t comm, int on);

typedef enum tutti_export_format TUTTI_ENUM_BASE {
  TUTTI_EXPORT_PROMETHEUS = 0, /* text format 0.0.4 */
  TUTTI_EXPORT_JSON_LINES =
      1 /* one object a line, as in TUTTI_TRACE's files (tools/tutti-report/README.md): this rank, and the
                                * communicator's histograms and blame */
} tutti_export_format_t;

/* Writes what was measured on this communicator and this rank since the last mark to `path`, whole or not at all (by rename in
 * its folder), whatever was there. Ranks need paths of their own. Local, any thread, at any time. Errors: INVALID_ARGUMENT,
 * also if the file cannot be written, with the reason; INVALID_HANDLE. Since 0.1. */
TUTTI_API tutti_status_t tutti_telemetry_export(tutti_comm_t comm, tutti_export_format_t format, const char* path);

/* An operation that ended well but took longer than its budget. */
typedef struct tutti_overrun {
  size_t struct_size;
  tutti_timing_t timing;
  int64_t budget_ns;
  int culprit; /* the rank that came late, or that the slowest message came from; -1: this rank itself, or not known */
  const char* sentence; /* operation, part of the time, rank, host and step; valid during the call */
} tutti_overrun_t;

/* Called on whichever thread of this process drives communication then, before the operation's request is done; the next
 * operations wait meanwhile. Must be short and must not call tutti. */
typedef void (*tutti_overrun_fn)(void* context, const tutti_overrun_t* overrun);

/* From now on `callback` (NULL: nobody) is called for each operation of this rank on the communicator that takes longer than
 * budget_ns (0: none; else 1000 or more), or than its own tutti_options_t::budget_ns. Beside that, at most one line a second
 * goes to the log at warning level. A budget is soft: the operation succeeds all the same. Initially the budget is that of the
 * config or TUTTI_BUDGET, and nobody is called. When it returns, a former callback is not running any more. Needs telemetry
 * to be on. Local, any thread. Errors: INVALID_ARGUMENT, INVALID_HANDLE. Since 0.1. */
TUTTI_API tutti_status_t tutti_telemetry_budget(tutti_comm_t comm, int64_t budget_ns, tutti_overrun_fn callback,
                                                void* context);

#ifdef __cplusplus
}
#endif

#endif /* TUTTI_TELEMETRY_H_ */
