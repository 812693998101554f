/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests: operations that were started and may not have finished. A request belongs to its communicator.
 * Its buffers must stay untouched (inputs) and unread (outputs) until it has finished.
 */
#ifndef TUTTI_REQUEST_H_
#define TUTTI_REQUEST_H_

#include "tutti/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tutti_request* tutti_request_t;

/* Waits until *request has finished, releases it and sets *request to NULL. Returns the operation's status; after an
 * error the sentence is in tutti_last_error. A NULL handle in *request has finished with TUTTI_OK. Never waits beyond the
 * operation's deadline. Any thread, but one thread at a time per request. Since 0.1. */
TUTTI_API tutti_status_t tutti_request_wait(tutti_request_t* request);

/* Advances communication without blocking. While *request is running returns TUTTI_IN_PROGRESS and leaves *request
 * as it is; when it has finished behaves as tutti_request_wait does. Since 0.1. */
TUTTI_API tutti_status_t tutti_request_test(tutti_request_t* request);

/* Waits until any of the count requests has finished, stores its place in *index, releases it and sets its entry to
 * NULL. NULL entries are passed over; if all are NULL, *index is -1 and the result TUTTI_OK. Returns the status of the
 * finished operation. Since 0.1. */
TUTTI_API tutti_status_t tutti_request_wait_any(int count, tutti_request_t* requests, int* index);

/* Waits for all; every entry becomes NULL. Returns the first error in order of the array, else TUTTI_OK. Since 0.1. */
TUTTI_API tutti_status_t tutti_request_wait_all(int count, tutti_request_t* requests);

#ifdef __cplusplus
}
#endif

#endif /* TUTTI_REQUEST_H_ */
