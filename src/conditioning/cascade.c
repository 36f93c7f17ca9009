/* Cascade of second-order sections (transposed direct form II) over interleaved signals. */
#include <string.h>

#include "conditioning_priv.h"

/* Rows that one section works on before the next one does: stay in the first-level cache. */
enum { CHUNK = 128 };

/* Numerators are divided by their first coefficient, b0 > 0 in all designs, and the product of the b0 of both
   directions is left to the caller: a section then takes three multiplications. */
void evl_cascade_plan(evl_cascade *cascade) {
  double level = 1.0; /* input of the section at rest */
  cascade->gain = 1.0;
  for (int k = 0; k < cascade->n; k++) {
    evl_biquad *q = &cascade->section[k];
    cascade->gain *= q->b0 * q->b0;
    *q = (evl_biquad){1.0, q->b1 / q->b0, q->b2 / q->b0, q->a1, q->a2};
    double out = level * (1.0 + q->b1 + q->b2) / (1.0 + q->a1 + q->a2);
    cascade->rest_1[k] = out - level;
    cascade->rest_2[k] = q->b2 * level - q->a2 * out;
    level = out;
  }
}

void evl_cascade_settle(evl_cascade *cascade, const double *row) {
  const evl_quad *x = (const evl_quad *)row;
  for (int k = 0; k < cascade->n; k++)
    for (int i = 0; i < cascade->quads; i++) {
      cascade->state_1[k][i] = cascade->rest_1[k] * x[i];
      cascade->state_2[k][i] = cascade->rest_2[k] * x[i];
    }
}

/* One section over n rows; `step` is `quads`, or minus that to run against time. `quads` is a constant wherever this is
   inlined. States are variables of their own, not arrays: only so does gcc keep them in registers. `even`: b2 = 1. */
static inline __attribute__((always_inline)) void section_run(const evl_biquad *q, int quads, bool even,
                                                              evl_quad *state_1, evl_quad *state_2, evl_quad *row,
                                                              ptrdiff_t step, int64_t n) {
  const evl_quad b1 = evl_quad_of(q->b1), b2 = evl_quad_of(q->b2), a1 = evl_quad_of(-q->a1), a2 = evl_quad_of(-q->a2);
#define LOAD(i) evl_quad s##i = state_1[i], r##i = state_2[i];
#define STEP(i)                                                  \
  if (i < quads) {                                               \
    evl_quad x = row[i], y = x + s##i, past = even ? x : (evl_quad)(b2 * x); \
    s##i = evl_quad_fma(a1, y, evl_quad_fma(b1, x, r##i));       \
    r##i = evl_quad_fma(a2, y, past);                            \
    row[i] = y;                                                  \
  }
#define STORE(i)     \
  state_1[i] = s##i; \
  state_2[i] = r##i;
  EVL_EACH_QUAD(LOAD)
  for (int64_t t = 0; t < n; t++, row += step) {
    EVL_EACH_QUAD(STEP)
  }
  EVL_EACH_QUAD(STORE)
#undef LOAD
#undef STEP
#undef STORE
}

static void any_section_run(evl_cascade *cascade, int k, evl_quad *row, ptrdiff_t step, int64_t n) {
  const evl_biquad *q = &cascade->section[k];
  evl_quad *s1 = cascade->state_1[k], *s2 = cascade->state_2[k];
  switch (cascade->quads + (q->b2 == 1.0 ? 0 : EVL_QUADS)) {
    case 1: section_run(q, 1, true, s1, s2, row, step, n); break;
    case 2: section_run(q, 2, true, s1, s2, row, step, n); break;
    case 3: section_run(q, 3, true, s1, s2, row, step, n); break;
    case 4: section_run(q, 4, true, s1, s2, row, step, n); break;
    case 5: section_run(q, 5, true, s1, s2, row, step, n); break;
    case 6: section_run(q, 1, false, s1, s2, row, step, n); break;
    case 7: section_run(q, 2, false, s1, s2, row, step, n); break;
    case 8: section_run(q, 3, false, s1, s2, row, step, n); break;
    case 9: section_run(q, 4, false, s1, s2, row, step, n); break;
    default: section_run(q, 5, false, s1, s2, row, step, n); break;
  }
}

void evl_cascade_forward(evl_cascade *cascade, double *rows, int64_t n) {
  evl_quad *row = (evl_quad *)rows;
  for (int64_t t = 0; t < n; t += CHUNK) {
    int64_t m = n - t < CHUNK ? n - t : CHUNK;
    for (int k = 0; k < cascade->n; k++) any_section_run(cascade, k, row + t * cascade->quads, cascade->quads, m);
  }
}

void evl_cascade_backward(evl_cascade *cascade, double *rows, int64_t n) {
  evl_quad *row = (evl_quad *)rows;
  for (int64_t t = n; t > 0; t -= CHUNK) {
    int64_t m = t < CHUNK ? t : CHUNK;
    for (int k = 0; k < cascade->n; k++)
      any_section_run(cascade, k, row + (t - 1) * cascade->quads, -cascade->quads, m);
  }
}
