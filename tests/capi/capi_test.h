/* SPDX-License-Identifier: Apache-2.0
 *
 * A test harness in C99: cases, checks that go on after a failure, and the communicator that most cases need.
 * Knows nothing of the inside of the library.
 */
#ifndef TUTTI_TESTS_CAPI_CAPI_TEST_H_
#define TUTTI_TESTS_CAPI_CAPI_TEST_H_

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tutti/tutti.h"

typedef struct capi_case {
  const char* name;
  void (*run)(void);
} capi_case_t;

/* Runs all cases with an environment without launcher variables; the result is main's. */
int capi_run_cases(const capi_case_t* cases, size_t count);

#define CAPI_CASE(function) \
  { #function, function }
#define CAPI_MAIN(...)                                            \
  int main(void) {                                                \
    static const capi_case_t cases[] = {__VA_ARGS__};             \
    return capi_run_cases(cases, sizeof(cases) / sizeof(*cases)); \
  }

/* Records a failure of the running case when ok is 0. Returns ok. From any thread. */
int capi_check(int ok, const char* file, int line, const char* text);
#define CHECK(condition) capi_check((condition) != 0, __FILE__, __LINE__, #condition)

/* The call's status is the expected one; what came instead is printed with its sentence. */
int capi_check_status(tutti_status_t got, tutti_status_t expected, const char* file, int line, const char* text);
#define CHECK_STATUS(call, expected) capi_check_status((call), (expected), __FILE__, __LINE__, #call)

/* As CHECK_STATUS, and tutti_last_error is a sentence (starts anew with each failure, more than one word). */
int capi_check_refused(tutti_status_t got, tutti_status_t expected, const char* file, int line, const char* text);
#define CHECK_REFUSED(call, expected) capi_check_refused((call), (expected), __FILE__, __LINE__, #call)

/* A communicator of this process alone. Failure ends the program. */
tutti_comm_t capi_single_rank_comm(void);

#endif /* TUTTI_TESTS_CAPI_CAPI_TEST_H_ */
