/* catch22_outliers: where in time the large values lie. */
#include <string.h>

#include "catch22_priv.h"

#define STEP 0.01 /* between levels */

/* Levels that sign * y reaches: |y| < sqrt(n) after z-scoring. */
int evl_catch22_levels(int n) { return (int)(sqrt(n) / STEP) + 3; }

/* The highest level that v >= 0 reaches, by the comparison v >= level * STEP. */
static int level_of(double v) {
  int j = (int)(v / STEP);
  while (v >= (j + 1) * STEP) j++;
  while (v < j * STEP) j--;
  return j;
}

/* Samples that reach the present level, linked in order of time, and the (lower) median of their places. */
typedef struct alive {
  int32_t *before, *after; /* [n + 2], by place 1..n; 0 and n + 1 are the ends */
  int count, median;
} alive;

static double median_place(const alive *a) {
  return a->count % 2 ? a->median : 0.5 * ((double)a->median + a->after[a->median]);
}

static void take_out(alive *a, int place) {
  const int was = a->median;
  /* With an even count the lower median stays where what is right of it goes; with an odd one it moves left. */
  if (a->count % 2 == 0)
    a->median = place <= was ? a->after[was] : was;
  else
    a->median = place < was ? was : a->before[was];
  a->after[a->before[place]] = a->after[place];
  a->before[a->after[place]] = a->before[place];
  a->count--;
}

static double middle(double *x, int n) {
  evl_sort(x, (size_t)n);
  return n % 2 ? x[n / 2] : (x[n / 2] + x[n / 2 - 1]) / 2.0;
}

/* Places of samples that are not negative, in order of their level (a counting sort); links all of them. */
static int collect(const evl_catch22 *k, double sign, int n_levels, alive *a, int32_t *start, int32_t *order) {
  const int n = k->n;
  int last = 0;
  memset(start, 0, ((size_t)n_levels + 1) * sizeof *start);
  a->count = 0;
  for (int t = 0; t < n; t++) {
    const double v = sign * k->y[t];
    if (!(v >= 0.0)) continue;
    start[level_of(v) + 1]++;
    a->before[t + 1] = last;
    a->after[last] = t + 1;
    last = t + 1;
    a->count++;
  }
  a->after[last] = n + 1;
  a->before[n + 1] = last;
  for (int j = 0; j < n_levels; j++) start[j + 1] += start[j];
  for (int t = n; t-- > 0;) {
    const double v = sign * k->y[t];
    if (v >= 0.0) order[--start[level_of(v) + 1]] = t + 1; /* start[j + 1] ends where level j begins */
  }
  a->median = a->after[0];
  for (int i = 0; i < (a->count - 1) / 2; i++) a->median = a->after[a->median];
  return a->count;
}

/* DN_OutlierInclude_p_001_mdrmd, _n_: at each level 0, 0.01, ... the median place of the samples that reach it, -1 at
   the start and 1 at the end; the median over levels that more than 2 % of the samples above 0 reach. 0 below the first
   level, as in the program. */
double evl_catch22_outlier_timing(const evl_catch22 *k, double sign) {
  const int n = k->n;
  const double highest = sign > 0.0 ? k->high : -k->low;
  if (highest < STEP) return 0.0;
  const int n_levels = (int)(highest / STEP + 1.0), n_start = level_of(highest) + 1;
  int32_t *integers = (int32_t *)k->work, *order = integers + 2 * ((size_t)n + 2);
  int32_t *start = (int32_t *)(k->level + evl_catch22_levels(n));
  alive a = {.before = integers, .after = integers + n + 2};
  const int total = collect(k, sign, n_start, &a, start, order);
  int levels = 0, last_many = 0, first_single = n_levels - 1;
  for (int j = 0, out = 0; j < n_levels && a.count > 0; j++) {
    k->level[levels++] = median_place(&a) / (n / 2.0) - 1.0;
    if ((a.count - 1) * 100.0 / total > 2.0) last_many = j;
    if (a.count == 1) {
      first_single = j;
      break;
    }
    for (const int end = j + 1 < n_start ? start[j + 2] : total; out < end; out++) take_out(&a, order[out]);
  }
  return middle(k->level, (last_many < first_single ? last_many : first_single) + 1);
}
