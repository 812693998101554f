/* SPDX-License-Identifier: Apache-2.0
 *
 * A stranger's program in C: one rank, one all-reduce.
 */
#include <stdio.h>
#include <tutti/tutti.h>

int main(void) {
  tutti_comm_config_t config = TUTTI_COMM_CONFIG_INIT;
  tutti_comm_t comm = NULL;
  float values[3] = {3, 3, 3};
  config.rank = 0;
  config.size = 1;
  if (tutti_comm_create(&config, &comm) != TUTTI_OK ||
      tutti_all_reduce(comm, values, values, 3, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL) != TUTTI_OK) {
    fprintf(stderr, "%s\n", tutti_last_error());
    return 1;
  }
  tutti_comm_destroy(comm);
  printf("tutti %s: sum %g %g %g\n", tutti_version(), values[0], values[1], values[2]);
  return 0;
}
