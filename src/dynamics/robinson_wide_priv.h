/* robinson_wide_priv: the equation of the corticothalamic field at four frequencies at once. */
#ifndef EVEIL_ROBINSON_WIDE_PRIV_H
#define EVEIL_ROBINSON_WIDE_PRIV_H

#include "robinson_priv.h"

typedef double quad __attribute__((vector_size(32), aligned(8), may_alias));
typedef struct wide { quad re, im; } wide;
enum { LANES = 4 };
/* gamma, 1/s; r_e; side of the sheet. */
static const double gamma_hz = 116.0, range_m = 0.086, sheet_m = 0.5;

static inline quad all(double x) { return (quad){x, x, x, x}; }
static inline wide times(wide a, wide b) { return (wide){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }

/* exp(-i omega t0) of four frequencies from `first` on, `step` apart; times(e, turn) are those of the next four. */
static inline wide phases(double first, double step, double t0_s, wide *turn) {
  wide e;
  for (int i = 0; i < LANES; i++) {
    e.re[i] = cos((first + i * step) * t0_s);
    e.im[i] = -sin((first + i * step) * t0_s);
  }
  turn->re = all(cos(LANES * step * t0_s));
  turn->im = all(-sin(LANES * step * t0_s));
  return e;
}

/* L, A = sum_p a_p L^p and D_0 at s = i w, given G = wave and e = exp(-s t0). */
typedef struct wide_loops { wide a, d; quad l_square; } wide_loops;
static inline wide_loops loops_at(const evl_loops *p, quad w, wide wave, wide e) {
  const double both = 1.0 / (p->alpha * p->beta), either = 1.0 / p->alpha + 1.0 / p->beta;
  const quad re = 1.0 - w * w * both, im = w * either, size = 1.0 / (re * re + im * im);
  const wide L = {re * size, -im * size};
  wide a = {all(p->a[EVL_LOOPS - 1]), all(0.0)};
  wide d = {a.re * wave.re - p->b[EVL_LOOPS - 1] - p->c[EVL_LOOPS - 1] * e.re,
            a.re * wave.im - p->c[EVL_LOOPS - 1] * e.im};
  for (int k = EVL_LOOPS - 2; k >= 0; k--) {
    a = times(a, L);
    a.re += p->a[k];
    d = times(d, L);
    d.re += p->a[k] * wave.re - p->b[k] - p->c[k] * e.re;
    d.im += p->a[k] * wave.im - p->c[k] * e.im;
  }
  return (wide_loops){a, d, size};
}

#endif
