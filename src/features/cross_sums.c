/* cross_sums: what one pair's cross-spectra at one frequency add up to, and the measures of it. */
#include "cross_spectra_priv.h"
#include "lanes_priv.h"

/* Observations side by side. */
enum { LANES = EVL_LANES };
typedef evl_lanes lanes;
typedef int64_t marks __attribute__((vector_size(8 * LANES)));
_Static_assert(EVL_CROSS_BLOCK % LANES == 0, "whole vectors");

static lanes without_sign(lanes v) { return (lanes)((marks)v & (marks){INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX}); }

/* 1 / |S|, and 0 for 0: no phase adds nothing. */
static lanes inverse_size(lanes square) {
  lanes root;
  for (int i = 0; i < LANES; i++) root[i] = sqrt(square[i]);
  return (lanes)((marks)(1.0 / root) & (square > 0.0));
}

void evl_cross_add(const double *x, const double *y, int within, int n, evl_cross_sums *sums) {
  enum { N = EVL_CROSS_BLOCK };
  lanes real = {0}, imaginary = {0}, size = {0}, square = {0}, phase_real = {0}, phase_imaginary = {0};
  marks sign = {0};
  for (int o = 0; o < n; o += LANES) {
    lanes re = {0}, im = {0};
    for (int k = 0; k < within; k++) {
      const double *a = x + 2 * k * N + o, *b = y + 2 * k * N + o;
      const lanes ar = evl_load(a), ai = evl_load(a + N), br = evl_load(b), bi = evl_load(b + N);
      re += ar * br + ai * bi;
      im += ai * br - ar * bi;
    }
    const lanes squared = im * im, inverse = inverse_size(re * re + squared);
    real += re;
    imaginary += im;
    size += without_sign(im);
    square += squared;
    sign += (im < 0.0) - (im > 0.0);
    phase_real += re * inverse;
    phase_imaginary += im * inverse;
  }
  sums->real += evl_fold(real);
  sums->imaginary += evl_fold(imaginary);
  sums->size += evl_fold(size);
  sums->square += evl_fold(square);
  sums->sign += (double)(sign[0] + sign[1] + sign[2] + sign[3]);
  sums->phase_real += evl_fold(phase_real);
  sums->phase_imaginary += evl_fold(phase_imaginary);
}

double evl_cross_power(const double *x, int within, int n) {
  lanes sum = {0};
  for (int part = 0; part < 2 * within; part++, x += EVL_CROSS_BLOCK)
    for (int o = 0; o < n; o += LANES) sum += evl_load(x + o) * evl_load(x + o);
  return evl_fold(sum);
}

static double bounded(double v) { return fmin(fmax(v, -1.0), 1.0); }

void evl_cross_measures(const evl_cross_sums *sums, double power_x, double power_y, int n, double *measure) {
  const double power = sqrt(power_x) * sqrt(power_y);
  for (int k = 0; k < EVL_CROSS_KINDS; k++) measure[k] = NAN;
  if (n < 2 || !(power > 0.0)) return;
  const double phases = sums->phase_real * sums->phase_real + sums->phase_imaginary * sums->phase_imaginary;
  measure[EVL_CROSS_MAGNITUDE] = fmin(sqrt(sums->real * sums->real + sums->imaginary * sums->imaginary) / power, 1.0);
  measure[EVL_CROSS_SQUARED] = measure[EVL_CROSS_MAGNITUDE] * measure[EVL_CROSS_MAGNITUDE];
  measure[EVL_CROSS_IMAGINARY_SIGNED] = bounded(sums->imaginary / power);
  measure[EVL_CROSS_IMAGINARY] = fabs(measure[EVL_CROSS_IMAGINARY_SIGNED]);
  measure[EVL_CROSS_PLV] = fmin(sqrt(phases) / n, 1.0);
  measure[EVL_CROSS_PPC] = bounded((phases - n) / ((double)n * (n - 1)));
  /* Imaginary parts that are rounding: the lag is zero and its sign too. */
  const bool no_lag = sums->size <= 1e-10 * power;
  measure[EVL_CROSS_PLI_SIGNED] = no_lag ? 0.0 : sums->sign / n;
  measure[EVL_CROSS_PLI] = fabs(measure[EVL_CROSS_PLI_SIGNED]);
  if (no_lag) return;
  measure[EVL_CROSS_WPLI_SIGNED] = bounded(sums->imaginary / sums->size);
  measure[EVL_CROSS_WPLI] = fabs(measure[EVL_CROSS_WPLI_SIGNED]);
  const double pairs = sums->size * sums->size - sums->square; /* 0 where a single observation has a lag */
  if (pairs > 1e-10 * sums->square)
    measure[EVL_CROSS_WPLI_DEBIASED] = bounded((sums->imaginary * sums->imaginary - sums->square) / pairs);
}
