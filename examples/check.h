/* SPDX-License-Identifier: Apache-2.0
 *
 * All the error handling that the C examples need: tutti says in one sentence what failed, where, and what to do.
 */
#ifndef TUTTI_EXAMPLES_CHECK_H_
#define TUTTI_EXAMPLES_CHECK_H_

#include <stdio.h>
#include <stdlib.h>

#define CHECK(call)                                                                \
  do {                                                                             \
    const tutti_status_t status_ = (call);                                         \
    if (status_ != TUTTI_OK) {                                                     \
      fprintf(stderr, "%s: %s\n", tutti_status_name(status_), tutti_last_error()); \
      exit(1);                                                                     \
    }                                                                              \
  } while (0)

#endif /* TUTTI_EXAMPLES_CHECK_H_ */
