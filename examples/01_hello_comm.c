/* SPDX-License-Identifier: Apache-2.0
 *
 * New here: joining a job. Every rank finds its place and the others from the environment that the launcher set.
 *
 *   tutti-run -n 3 -- 01_hello_comm
 */
#include <tutti/tutti.h>

#include "check.h"

int main(void) {
  tutti_comm_t comm = NULL;
  int rank = 0;
  int size = 0;

  CHECK(tutti_comm_create(NULL, &comm)); /* NULL: everything from the environment */
  CHECK(tutti_comm_rank(comm, &rank));
  CHECK(tutti_comm_size(comm, &size));
  printf("hello from rank %d of %d\n", rank, size);

  CHECK(tutti_barrier(comm, NULL, NULL)); /* nobody goes on before all are here */
  if (rank == 0) printf("all %d ranks have met; this is tutti %s\n", size, tutti_version());

  CHECK(tutti_comm_destroy(comm));
  return 0;
}
