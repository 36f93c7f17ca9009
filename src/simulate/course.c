/* Means of a mechanism's courses over the seconds of a recording: sample t lies in second floor(t / fs). */
#include "simulate_priv.h"

struct evl_course {
  int n;
  double fs_hz;
  int64_t done, second; /* samples, and the second under way */
  double *sum;          /* [EVL_COURSE_SECONDS][n + 1], the last: samples */
};

evl_status evl_course_plan(int n_values, double fs_hz, evl_arena *arena, evl_course **course) {
  evl_course *c;
  EVL_NEW(arena, c, 1);
  EVL_NEW(arena, c->sum, EVL_COURSE_SECONDS * (n_values + 1));
  c->n = n_values;
  c->fs_hz = fs_hz;
  *course = c;
  return EVL_OK;
}

static double *row(const evl_course *c, int64_t second) { return c->sum + second % EVL_COURSE_SECONDS * (c->n + 1); }

void evl_course_add(evl_course *c, const double *value) {
  int64_t second = (int64_t)((double)c->done++ / c->fs_hz);
  double *sum = row(c, second);
  if (second != c->second) {
    c->second = second;
    for (int i = 0; i <= c->n; i++) sum[i] = 0;
  }
  for (int i = 0; i < c->n; i++) sum[i] += value[i];
  sum[c->n]++;
}

void evl_course_mean(const evl_course *c, int64_t second, double *value) {
  const double *sum = row(c, second);
  for (int i = 0; i < c->n; i++) value[i] = sum[i] / sum[c->n];
}
