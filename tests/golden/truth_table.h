/* truth_table: the reference signal and the values of other programs, from $EVEIL_TRUTH (default ../shared/truth). */
#ifndef EVEIL_TESTS_TRUTH_TABLE_H
#define EVEIL_TESTS_TRUTH_TABLE_H

#include "check.h"
#include "truth_array.h"

enum { TRUTH_CHANNELS = 19, TRUTH_SAMPLES = 15000 };
static const double TRUTH_FS_HZ = 250.0;

/* [TRUTH_CHANNELS][TRUTH_SAMPLES] uV, or NULL where the file is absent or not the expected array. */
static inline double *truth_signal(void) {
  return truth_array("ref19x15000.npy", "(19, 15000)", (size_t)TRUTH_CHANNELS * TRUTH_SAMPLES);
}

/* The flat table of values, beside the program. */
static char truth_flat[1024];

static inline const char *truth_python(void) {
  const char *python = getenv("PYTHON");
  return python ? python : "/usr/bin/python3";
}

/* Whether python runs a statement ("import numpy"). */
static inline int truth_python_can(const char *statement) {
  char command[2000];
  snprintf(command, sizeof command, "%s -c '%s' 2>/dev/null", truth_python(), statement);
  return system(command) == 0;
}

/* Has a script of this folder write the table from `input` of the truth folder; ends the program where it cannot. */
static inline void truth_make(const char *program, const char *script, const char *input) {
  char command[4000];
  snprintf(truth_flat, sizeof truth_flat, "%s.tsv", program);
  snprintf(command, sizeof command, "%s tests/golden/%s '%s/%s' '%s'", truth_python(), script, truth_folder(), input,
           truth_flat);
  if (system(command) == 0) return;
  printf("not ok %s: failed\n", command);
  exit(1);
}

/* Numbers of one feature of a peer into value; their count, 0 where there is none. */
static inline int truth_values(const char *peer, const char *feature, double *value, int most) {
  static char line[1 << 20];
  char key[300];
  const size_t length = (size_t)snprintf(key, sizeof key, "%s\t%s\t", peer, feature);
  FILE *file = fopen(truth_flat, "r");
  int n = 0;
  while (file && n == 0 && fgets(line, sizeof line, file)) {
    if (strncmp(line, key, length)) continue;
    char *at = line + length, *end;
    for (; n < most; at = end) {
      value[n] = strtod(at, &end);
      if (end == at) break;
      n++;
    }
  }
  if (file) fclose(file);
  return n;
}

static int truth_failures;

/* One line a column: ours and theirs where they differ most, the largest difference relative to `scale` (the peer's
   largest magnitude in the column), the tolerance, the verdict. ours[i] stands against theirs[i * step + from]. */
static inline void truth_compare(const char *entry, const char *peer, const char *feature, int step, int from,
                                 const double *ours, int n, double tolerance) {
  static double theirs[1 << 13];
  const int found = truth_values(peer, feature, theirs, 1 << 13);
  int worst = 0;
  double largest = 0.0, difference = -1.0;
  for (int i = 0; i < n && found == n * step; i++) largest = fmax(largest, fabs(theirs[i * step + from]));
  for (int i = 0; i < n && found == n * step; i++) {
    const double d = fabs(ours[i] - theirs[i * step + from]) / (largest > 0.0 ? largest : 1.0);
    if (!(d <= difference)) difference = d, worst = i;
    if (isnan(d)) break;
  }
  const int agree = found == n * step && difference >= 0.0 && difference <= tolerance;
  printf("# %-20s %-13s %-26s ours %-22.16g theirs %-22.16g rel %-9.2g tol %-7.1g %s\n", entry, peer, feature,
         ours[worst], found ? theirs[worst * step + from] : NAN, difference, tolerance, agree ? "agrees" : "DIFFERS");
  if (!agree) truth_failures++, check_failures++;
}

#endif
