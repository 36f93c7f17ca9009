/* check: the few macros that every C test uses. A test program prints one line a case,
   "ok NAME", "not ok NAME: what" or "skip NAME: why", and returns 1 if any failed. */
#ifndef EVEIL_CHECK_H
#define EVEIL_CHECK_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_failures;      /* in the present case */
static int check_failed_cases;
static const char *check_case;
static const char *check_skip_reason;

#define CHECK(condition)                                                               \
  do {                                                                                 \
    if (!(condition)) {                                                                \
      check_failures++;                                                                \
      printf("# %s:%d: %s: not true: %s\n", __FILE__, __LINE__, check_case, #condition); \
    }                                                                                  \
  } while (0)

/* |found - expected| <= tolerance * max(1, |expected|); NaN fails. */
#define CHECK_NEAR(found, expected, tolerance)                                           \
  do {                                                                                   \
    double check_f = (found), check_e = (expected);                                      \
    if (!(fabs(check_f - check_e) <= (tolerance) * fmax(1.0, fabs(check_e)))) {          \
      check_failures++;                                                                  \
      printf("# %s:%d: %s: %s = %.17g, expected %.17g (difference %.3g)\n", __FILE__, __LINE__, \
             check_case, #found, check_f, check_e, check_f - check_e);                   \
    }                                                                                    \
  } while (0)

#define CHECK_TEXT(found, expected)                                                      \
  do {                                                                                   \
    const char *check_f = (found), *check_e = (expected);                                \
    if (!check_f || strcmp(check_f, check_e) != 0) {                                     \
      check_failures++;                                                                  \
      printf("# %s:%d: %s: \"%s\", expected \"%s\"\n", __FILE__, __LINE__, check_case,   \
             check_f ? check_f : "(null)", check_e);                                     \
    }                                                                                    \
  } while (0)

/* Inside a case: leaves it as skipped. */
#define SKIP(why)                  \
  do {                             \
    check_skip_reason = (why);     \
    return;                        \
  } while (0)

#define RUN(test)                                                          \
  do {                                                                     \
    check_case = #test;                                                    \
    check_failures = 0;                                                    \
    check_skip_reason = NULL;                                              \
    test();                                                                \
    if (check_failures) {                                                  \
      check_failed_cases++;                                                \
      printf("not ok %s: %d checks failed\n", #test, check_failures);      \
    } else if (check_skip_reason) {                                        \
      printf("skip %s: %s\n", #test, check_skip_reason);                   \
    } else {                                                               \
      printf("ok %s\n", #test);                                            \
    }                                                                      \
    fflush(stdout);                                                        \
  } while (0)

#define CHECK_DONE() return check_failed_cases ? 1 : 0

/* Folder of the real recordings, or NULL (then the case is skipped). */
static inline const char *check_data(void) {
  const char *folder = getenv("EVEIL_TEST_DATA");
  if (!folder) folder = "../shared/data";
  FILE *file = fopen(folder, "r");
  if (!file) return NULL;
  fclose(file);
  return folder;
}

#endif
