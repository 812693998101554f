/* SPDX-License-Identifier: Apache-2.0
 *
 * Status codes. The hundreds say what is lost, so that a caller can decide by range what to do next:
 *   0..99    nothing is lost
 *   100..199 the call: it was refused before anything started; the communicator is as it was
 *   200..299 the request: this operation has no valid result; the communicator can be used on
 *   300..399 a peer: a rank of the communicator is gone; destroy the communicator, or split the survivors from another one
 *   400..499 the communicator: its ranks no longer agree on what comes next; destroy it
 */
#ifndef TUTTI_STATUS_H_
#define TUTTI_STATUS_H_

#if defined(__GNUC__)
#define TUTTI_API __attribute__((visibility("default")))
#else
#define TUTTI_API
#endif

/* In C++, an enum with a fixed type may hold any number, so that a wrong one can be looked at and refused. */
#ifdef __cplusplus
#define TUTTI_ENUM_BASE : int
#else
#define TUTTI_ENUM_BASE
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tutti_status TUTTI_ENUM_BASE {
  TUTTI_OK = 0,
  TUTTI_IN_PROGRESS = 1, /* the request has not finished yet */

  TUTTI_ERR_INVALID_ARGUMENT = 100, /* an argument is NULL, out of range, overlapping, or overflows */
  TUTTI_ERR_INVALID_HANDLE = 101,   /* the handle was never created, or is already destroyed */
  TUTTI_ERR_UNSUPPORTED = 102,      /* valid, but not available in this build or for these types */
  TUTTI_ERR_CONFIG = 103,           /* a config field or an environment variable is unknown or malformed */
  TUTTI_ERR_OUT_OF_MEMORY = 104,

  /* 200..299: none yet */

  TUTTI_ERR_PEER_FAILED = 300, /* a rank's process died, or the path to it is lost */

  TUTTI_ERR_TIMEOUT = 400,   /* the deadline passed */
  TUTTI_ERR_MISMATCH = 401,  /* ranks called different operations, or with different arguments */
  TUTTI_ERR_ABORTED = 402,   /* tutti_comm_abort was called, here or on another rank */
  TUTTI_ERR_BOOTSTRAP = 403, /* the ranks could not find or authenticate each other */
  TUTTI_ERR_CODEC = 404,     /* a codec could not encode or decode, here or on another rank */
  TUTTI_ERR_INTERNAL = 499   /* a defect in tutti; please report the sentence */
} tutti_status_t;

/* The name of a status code, e.g. "TUTTI_ERR_TIMEOUT". Never NULL; unknown values give "unknown status".
 * Any thread. Since 0.1. */
TUTTI_API const char* tutti_status_name(tutti_status_t status);

/* One sentence on what a status code means. Never NULL. Any thread. Since 0.1. */
TUTTI_API const char* tutti_status_string(tutti_status_t status);

/* The sentence that belongs to the last failed call on the calling thread; "" if none has failed. Valid until the next
 * failing tutti call on this thread. Use tutti_comm_last_error for what made a communicator fail. Since 0.1. */
TUTTI_API const char* tutti_last_error(void);

#ifdef __cplusplus
}
#endif

#endif /* TUTTI_STATUS_H_ */
