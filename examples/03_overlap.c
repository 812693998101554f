/* SPDX-License-Identifier: Apache-2.0
 *
 * New here: a request. The all-reduce of one array runs while the next is computed; what that hides is measured.
 * Communication advances whenever the rank calls tutti_request_test, here between blocks of the computation. (With
 * TUTTI_PROGRESS_THREAD=1 it advances by itself, which needs a core to spare.)
 *
 *   tutti-run -n 2 -- 03_overlap
 */
#define _POSIX_C_SOURCE 199309L
#include <time.h>
#include <tutti/tutti.h>

#include "check.h"

enum { COUNT = 1 << 20, BLOCKS = 64, ROUNDS = 20 };

static double Now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Stands for useful work: a few operations for each element of one block of the array. */
static void Compute(float* array, int block) {
  const int first = block * (COUNT / BLOCKS);
  for (int i = first; i < first + COUNT / BLOCKS; ++i) {
    float x = (float)(i % 97) * 0.01f;
    for (int k = 0; k < 12; ++k) x = x * x * 0.5f + 0.1f;
    array[i] = x;
  }
}

/* Computes one array; meanwhile lets the request, if there is one, advance. */
static void ComputeAll(float* array, tutti_request_t* request) {
  for (int block = 0; block < BLOCKS; ++block) {
    Compute(array, block);
    if (*request != NULL) {
      const tutti_status_t status = tutti_request_test(request);
      if (status != TUTTI_IN_PROGRESS) CHECK(status);
    }
  }
}

int main(void) {
  float* arrays[2];
  tutti_comm_t comm = NULL;
  tutti_request_t request = NULL;
  int rank = 0;
  double compute = 0;
  double communicate = 0;
  double start = 0;

  for (int i = 0; i < 2; ++i) arrays[i] = (float*)calloc(COUNT, sizeof(float));
  if (arrays[0] == NULL || arrays[1] == NULL) return 1;
  CHECK(tutti_comm_create(NULL, &comm));
  CHECK(tutti_comm_rank(comm, &rank));
  CHECK(tutti_all_reduce(comm, arrays[0], arrays[0], COUNT, TUTTI_FLOAT32, TUTTI_MAX, NULL, NULL)); /* warm up */

  /* One after the other. */
  for (int round = 0; round < ROUNDS; ++round) {
    start = Now();
    ComputeAll(arrays[0], &request);
    compute += Now() - start;
    start = Now();
    CHECK(tutti_all_reduce(comm, arrays[0], arrays[0], COUNT, TUTTI_FLOAT32, TUTTI_MAX, NULL, NULL));
    communicate += Now() - start;
  }

  /* Overlapped: array `round % 2` is computed while the other one is reduced. The request owns that one meanwhile. */
  start = Now();
  for (int round = 0; round < ROUNDS; ++round) {
    float* array = arrays[round % 2];
    ComputeAll(array, &request);
    CHECK(tutti_request_wait(&request)); /* of the round before; at once if there was none */
    CHECK(tutti_all_reduce(comm, array, array, COUNT, TUTTI_FLOAT32, TUTTI_MAX, NULL, &request));
  }
  CHECK(tutti_request_wait(&request));
  const double overlapped = Now() - start;

  if (rank == 0) {
    const double hidden = compute + communicate - overlapped;
    printf("per round: compute %.2f ms, all_reduce of %d MiB %.2f ms, one after the other %.2f ms\n",
           1e3 * compute / ROUNDS, (int)(COUNT * sizeof(float) >> 20), 1e3 * communicate / ROUNDS,
           1e3 * (compute + communicate) / ROUNDS);
    printf("overlapped: %.2f ms, ", 1e3 * overlapped / ROUNDS);
    if (hidden > 0) {
      printf("%.0f %% of the communication is hidden\n", 100 * hidden / communicate);
    } else {
      printf("nothing is hidden; have all ranks a core of their own?\n");
    }
  }
  CHECK(tutti_comm_destroy(comm));
  for (int i = 0; i < 2; ++i) free(arrays[i]);
  return 0;
}
