/* Second-order sections in series over interleaved signals, transposed direct form II:
   y = b0 x + s1;  s1 = b1 x - a1 y + s2;  s2 = b2 x - a2 y. */
#include <math.h>
#include <string.h>

#include "conditioning_priv.h"

/* Rows that one section works on before the next one does: stays in the first-level cache. */
enum { CHUNK = 128 };

void evl_cascade_plan(evl_cascade *cascade) {
  double level = 1.0; /* input of the section at rest */
  for (int k = 0; k < cascade->n; k++) {
    const evl_biquad *q = &cascade->section[k];
    double out = level * (q->b0 + q->b1 + q->b2) / (1.0 + q->a1 + q->a2);
    cascade->rest_1[k] = out - q->b0 * level;
    cascade->rest_2[k] = q->b2 * level - q->a2 * out;
    level = out;
  }
}

void evl_cascade_settle(evl_cascade *cascade, const double *row) {
  for (int k = 0; k < cascade->n; k++)
    for (int lane = 0; lane < EVL_LANES; lane++) {
      cascade->state_1[k][lane] = cascade->rest_1[k] * row[lane];
      cascade->state_2[k][lane] = cascade->rest_2[k] * row[lane];
    }
}

/* One section over n rows; `step` is EVL_LANES, or minus that to run against time. */
static void section_run(const evl_biquad *q, double *state_1, double *state_2, double *row, ptrdiff_t step, int64_t n) {
  const double b0 = q->b0, b1 = q->b1, b2 = q->b2, a1 = -q->a1, a2 = -q->a2;
  double s1[EVL_LANES], s2[EVL_LANES];
  memcpy(s1, state_1, sizeof s1);
  memcpy(s2, state_2, sizeof s2);
  for (int64_t t = 0; t < n; t++, row += step)
    for (int lane = 0; lane < EVL_LANES; lane++) {
      double x = row[lane], y = fma(b0, x, s1[lane]);
      s1[lane] = fma(a1, y, fma(b1, x, s2[lane]));
      s2[lane] = fma(a2, y, b2 * x);
      row[lane] = y;
    }
  memcpy(state_1, s1, sizeof s1);
  memcpy(state_2, s2, sizeof s2);
}

void evl_cascade_forward(evl_cascade *cascade, double *rows, int64_t n) {
  for (int64_t t = 0; t < n; t += CHUNK) {
    int64_t m = n - t < CHUNK ? n - t : CHUNK;
    for (int k = 0; k < cascade->n; k++)
      section_run(&cascade->section[k], cascade->state_1[k], cascade->state_2[k], rows + t * EVL_LANES, EVL_LANES, m);
  }
}

void evl_cascade_backward(evl_cascade *cascade, double *rows, int64_t n) {
  for (int64_t t = n; t > 0; t -= CHUNK) {
    int64_t m = t < CHUNK ? t : CHUNK;
    for (int k = 0; k < cascade->n; k++)
      section_run(&cascade->section[k], cascade->state_1[k], cascade->state_2[k], rows + (t - 1) * EVL_LANES,
                  -EVL_LANES, m);
  }
}
