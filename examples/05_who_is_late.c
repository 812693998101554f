/* SPDX-License-Identifier: Apache-2.0
 *
 * New here: telemetry. The last rank dawdles before every fifth all-reduce, as a rank does whose input comes late. Rank 0 asks
 * tutti where its time went: how long the operations took, up to the worst, what that time was spent on, and who came last.
 *
 *   tutti-run -n 4 -- 05_who_is_late [MILLISECONDS, 20]
 */
#define _POSIX_C_SOURCE 199309L
#include <time.h>
#include <tutti/tutti.h>

#include "check.h"

enum { COUNT = 1 << 16, STEPS = 50, LONGEST_MS = 999 };

static double Ms(int64_t ns) { return 1e-6 * (double)ns; }

static void ShowHistogram(void* context, const tutti_histogram_t* h) {
  (void)context;
  const double all = (double)(h->queued_ns + h->waited_ns + h->moved_ns + h->reduced_ns);
  printf("%s (%s), %llu calls: p50 %.2f ms, p99 %.2f ms, worst %.2f ms\n", h->collective, h->algorithm,
         (unsigned long long)h->count, Ms(h->p50_ns), Ms(h->p99_ns), Ms(h->max_ns));
  printf("  waiting for late ranks %.0f %%, moving bytes %.0f %%, reducing %.0f %%, queueing %.0f %%\n",
         100 * (double)h->waited_ns / all, 100 * (double)h->moved_ns / all, 100 * (double)h->reduced_ns / all,
         100 * (double)h->queued_ns / all);
}

int main(int argc, char** argv) {
  const int dawdle_ms = argc > 1 ? atoi(argv[1]) : 20;
  const struct timespec dawdle = {0, dawdle_ms * 1000000L};
  float* gradient = NULL;
  tutti_comm_t comm = NULL;
  int rank = 0;
  int size = 0;
  int worst_step = 0;
  tutti_timing_t worst = TUTTI_TIMING_INIT;

  if (dawdle_ms < 1 || dawdle_ms > LONGEST_MS) {
    fprintf(stderr, "how long to dawdle is from 1 to %d milliseconds, not \"%s\"\n", LONGEST_MS, argv[1]);
    return 2;
  }
  gradient = (float*)calloc(COUNT, sizeof(float));
  if (gradient == NULL) return 1;
  CHECK(tutti_comm_create(NULL, &comm));
  CHECK(tutti_comm_rank(comm, &rank));
  CHECK(tutti_comm_size(comm, &size));
  CHECK(tutti_all_reduce(comm, gradient, gradient, COUNT, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL)); /* warm up */
  CHECK(tutti_telemetry_mark(comm)); /* what was before does not count */

  for (int step = 1; step <= STEPS; ++step) {
    tutti_timing_t timing = TUTTI_TIMING_INIT;
    if (rank == size - 1 && step % 5 == 0) nanosleep(&dawdle, NULL);
    CHECK(tutti_all_reduce(comm, gradient, gradient, COUNT, TUTTI_FLOAT32, TUTTI_SUM, NULL, NULL));
    CHECK(tutti_last_timing(&timing));
    if (timing.total_ns > worst.total_ns) {
      worst = timing;
      worst_step = step;
    }
  }

  if (rank == 0) {
    CHECK(tutti_telemetry_snapshot(comm, ShowHistogram, NULL));
    printf("worst step %d: %.2f ms, of which %.2f ms waiting for rank %d\n", worst_step, Ms(worst.total_ns),
           Ms(worst.waited_ns), worst.last_rank);
    for (int r = 0; r < size; ++r) {
      tutti_blame_t blame = TUTTI_BLAME_INIT;
      CHECK(tutti_telemetry_blame(comm, r, &blame));
      printf("rank %d came last in %2.0f %% of the steps, by %.2f ms in all\n", r,
             100.0 * (double)blame.times_last / STEPS, Ms(blame.late_ns));
    }
  }
  CHECK(tutti_comm_destroy(comm));
  free(gradient);
  return 0;
}
