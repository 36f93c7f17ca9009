/* rational: sampling rates changed by up / down through one low-pass, evaluated at the new samples only. */
#include <math.h>
#include <string.h>

#include "eveil/math.h"

/* Half the filter in units of the lower rate's samples, and the shape of Kaiser's window: scipy's resample_poly. */
enum { REACH = 10, LANES = 4 };
static const double BETA = 5.0;

struct evl_rational {
  int up, down, reach; /* reach: half the filter, in samples of the finest grid */
  int taps;            /* of a phase, a multiple of LANES */
  double *tap;         /* [up][taps], ascending in the input's samples */
  int *first;          /* [up] first input sample, from floor(m down / up) */
};

static double bessel_i0(double x) {
  double sum = 1.0, term = 1.0;
  for (int k = 1; term > 1e-17 * sum; k++) sum += term *= (0.5 * x / k) * (0.5 * x / k);
  return sum;
}

static double impulse(double t, double reach, double cut) {
  const double share = t / reach, sinc = t == 0.0 ? 1.0 : sin(M_PI * cut * t) / (M_PI * cut * t);
  return cut * sinc * bessel_i0(BETA * sqrt(fmax(1.0 - share * share, 0.0))) / bessel_i0(BETA);
}

static int common_divisor(int a, int b) { return b == 0 ? a : common_divisor(b, a % b); }

static int floor_divide(int a, int b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

static int pad_of(const evl_rational *r) { return r->reach / r->up + r->taps + 2; }

evl_status evl_rational_plan(int up, int down, evl_arena *arena, evl_rational **planned) {
  const int divisor = up > 0 && down > 0 ? common_divisor(up, down) : 1;
  if (up < 1 || down < 1 || up / divisor > 1 << 14 || down / divisor > 1 << 14)
    return evl_fail(EVL_USAGE, "rate times %d / %d: expected 1 to %d in lowest terms", up, down, 1 << 14);
  evl_rational *r;
  EVL_NEW(arena, r, 1);
  r->up = up / divisor;
  r->down = down / divisor;
  const int slower = r->up > r->down ? r->up : r->down;
  r->reach = REACH * slower;
  r->taps = (2 * r->reach / r->up + 1 + LANES - 1) / LANES * LANES;
  EVL_NEW(arena, r->tap, (size_t)r->up * (size_t)r->taps);
  EVL_NEW(arena, r->first, r->up);
  double sum = 0.0;
  for (int t = -r->reach; t <= r->reach; t++) sum += impulse(t, r->reach, 1.0 / slower);
  for (int phase = 0; phase < r->up; phase++) { /* output m, m down = q up + phase, sees inputs q + first on */
    r->first[phase] = -floor_divide(r->reach - phase, r->up);
    for (int i = 0; i < r->taps; i++) {
      const int t = phase - (r->first[phase] + i) * r->up;
      if (t < -r->reach) break;
      r->tap[phase * r->taps + i] = r->up / sum * impulse(t, r->reach, 1.0 / slower);
    }
  }
  *planned = r;
  return EVL_OK;
}

int evl_rational_samples(const evl_rational *r, int n) {
  return (int)(((int64_t)n * r->up + r->down - 1) / r->down);
}

size_t evl_rational_work(const evl_rational *r, int n) { return (size_t)n + 2 * (size_t)pad_of(r); }

void evl_rational_run(const evl_rational *r, const double *x, int n, double *work, double *y) {
  const int pad = pad_of(r), n_out = evl_rational_samples(r, n);
  memset(work, 0, (size_t)pad * sizeof *x);
  memcpy(work + pad, x, (size_t)n * sizeof *x);
  memset(work + pad + n, 0, (size_t)pad * sizeof *x);
  const int whole = r->down / r->up, part = r->down % r->up;
  const double *at = work + pad;
  for (int m = 0, phase = 0; m < n_out; m++) {
    const double *input = at + r->first[phase], *tap = r->tap + (size_t)phase * (size_t)r->taps;
    double lane[LANES] = {0};
    for (int i = 0; i < r->taps; i += LANES)
      for (int k = 0; k < LANES; k++) lane[k] += tap[i + k] * input[i + k];
    y[m] = (lane[0] + lane[2]) + (lane[1] + lane[3]);
    at += whole;
    phase += part;
    if (phase >= r->up) {
      phase -= r->up;
      at++;
    }
  }
}
