/* SPDX-License-Identifier: Apache-2.0
 *
 * New here: a collective. Each rank brings an array, and all of them get the element-wise sum; then the average, in place.
 *
 *   tutti-run -n 4 -- 02_all_reduce
 */
#include <tutti/tutti.h>

#include "check.h"

enum { COUNT = 1000 };

int main(void) {
  static float mine[COUNT];
  static float sum[COUNT];
  tutti_comm_t comm = NULL;
  int rank = 0;
  int size = 0;
  int wrong = 0;

  CHECK(tutti_comm_create(NULL, &comm));
  CHECK(tutti_comm_rank(comm, &rank));
  CHECK(tutti_comm_size(comm, &size));

  for (int i = 0; i < COUNT; ++i) mine[i] = (float)(rank + i);

  /* Out of place: mine stays as it is. NULL options are the defaults, a NULL request means: return when done. */
  CHECK(tutti_all_reduce(comm, mine, sum, COUNT, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL));
  for (int i = 0; i < COUNT; ++i) wrong += sum[i] != (float)(size * (size - 1) / 2 + size * i);

  /* In place: the same buffer twice. */
  CHECK(tutti_all_reduce(comm, mine, mine, COUNT, TUTTI_FLOAT32, TUTTI_AVG, NULL, NULL));
  for (int i = 0; i < COUNT; ++i) wrong += mine[i] != (float)(size - 1) / 2 + (float)i;

  printf("rank %d: sum[0] = %g, average[0] = %g, %d wrong\n", rank, sum[0], mine[0], wrong);
  CHECK(tutti_comm_destroy(comm));
  return wrong == 0 ? 0 : 1;
}
