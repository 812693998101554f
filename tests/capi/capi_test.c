/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "tests/capi/capi_test.h"

#include <stdlib.h>

static volatile int failures_of_case = 0;

int capi_check(int ok, const char* file, int line, const char* text) {
  if (ok) return 1;
  ++failures_of_case;
  fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, text);
  return 0;
}

int capi_check_status(tutti_status_t got, tutti_status_t expected, const char* file, int line, const char* text) {
  if (got == expected) return 1;
  ++failures_of_case;
  fprintf(stderr, "%s:%d: %s gave %d %s, not %s; last error: \"%s\"\n", file, line, text, (int)got,
          tutti_status_name(got), tutti_status_name(expected), tutti_last_error());
  return 0;
}

int capi_check_refused(tutti_status_t got, tutti_status_t expected, const char* file, int line, const char* text) {
  if (!capi_check_status(got, expected, file, line, text)) return 0;
  const char* sentence = tutti_last_error();
  if (sentence != NULL && strchr(sentence, ' ') != NULL) return 1;
  ++failures_of_case;
  fprintf(stderr, "%s:%d: %s was refused without a sentence (\"%s\")\n", file, line, text,
          sentence ? sentence : "NULL");
  return 0;
}

tutti_comm_t capi_single_rank_comm(void) {
  tutti_comm_config_t config = TUTTI_COMM_CONFIG_INIT;
  tutti_comm_t comm = NULL;
  config.rank = 0;
  config.size = 1;
  if (tutti_comm_create(&config, &comm) != TUTTI_OK || comm == NULL) {
    fprintf(stderr, "no communicator of one rank: %s\n", tutti_last_error());
    exit(1);
  }
  return comm;
}

int capi_run_cases(const capi_case_t* cases, size_t count) {
  static const char* const launcher_variables[] = {
      "TUTTI_RANK",           "TUTTI_SIZE",  "TUTTI_LOCAL_RANK", "TUTTI_LOCAL_SIZE", "TUTTI_RENDEZVOUS",
      "TUTTI_SECRET",         "RANK",        "WORLD_SIZE",       "LOCAL_RANK",       "LOCAL_WORLD_SIZE",
      "MASTER_ADDR",          "MASTER_PORT", "SLURM_PROCID",     "SLURM_NTASKS",     "OMPI_COMM_WORLD_RANK",
      "OMPI_COMM_WORLD_SIZE", "PMI_RANK",    "PMI_SIZE"};
  size_t i;
  int failed_cases = 0;
  for (i = 0; i < sizeof(launcher_variables) / sizeof(*launcher_variables); ++i) unsetenv(launcher_variables[i]);
  for (i = 0; i < count; ++i) {
    failures_of_case = 0;
    cases[i].run();
    printf("%s %s\n", failures_of_case ? "FAILED" : "ok    ", cases[i].name);
    fflush(stdout);
    if (failures_of_case) ++failed_cases;
  }
  return failed_cases ? 1 : 0;
}
