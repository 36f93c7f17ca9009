/* var_spectrum: transfer functions of a vector autoregression. */
#include <string.h>

#include "var_priv.h"

evl_status evl_transfer_plan(const evl_params *params, const evl_shape *shape, const char *entry, evl_transfer *t,
                             evl_arena *arena) {
  const evl_value *bands = evl_params_value(params, "bands");
  const size_t c = (size_t)shape->n_channels;
  *t = (evl_transfer){.n_channels = shape->n_channels, .n_bands = bands->n, .fs_hz = shape->fs_hz,
                      .step_hz = evl_params_real(params, "step_hz")};
  EVL_NEW(arena, t->band, t->n_bands);
  EVL_NEW(arena, t->a, 2 * c * c);
  EVL_NEW(arena, t->h, 2 * c * c);
  EVL_NEW(arena, t->work, 4 * c * c);
  for (int b = 0; b < t->n_bands; b++) {
    const evl_band *band = &bands->bands[b];
    if (band->high_hz > 0.5 * shape->fs_hz * (1.0 + 1e-12)) continue;
    const int first = (int)ceil(band->low_hz / t->step_hz - 1e-9), end = (int)ceil(band->high_hz / t->step_hz - 1e-9);
    if (first >= end)
      return evl_fail(EVL_USAGE, "%s.bands: %s (%g to %g Hz) is too narrow for frequencies %g Hz apart", entry,
                      band->name, band->low_hz, band->high_hz, t->step_hz);
    t->band[b].first = first;
    t->band[b].end = end;
    if (end > t->n_frequencies) t->n_frequencies = end;
  }
  return EVL_OK;
}

void evl_transfer_denominator(evl_transfer *t, const double *beta, int rows, int n, int order, int f) {
  double *re = t->a, *im = t->a + n * n;
  memset(t->a, 0, 2 * (size_t)n * (size_t)n * sizeof *t->a);
  for (int i = 0; i < n; i++) re[i * n + i] = 1.0;
  for (int k = 1; k <= order; k++) {
    const double phase = 2.0 * M_PI * f * t->step_hz * k / t->fs_hz, cosine = cos(phase), sine = sin(phase);
    for (int i = 0; i < n; i++) {
      const double *from = beta + (size_t)i * (size_t)rows + (size_t)(k - 1) * (size_t)n;
      for (int j = 0; j < n; j++) {
        re[i * n + j] -= from[j] * cosine;
        im[i * n + j] += from[j] * sine;
      }
    }
  }
}

/* Row -= factor * other, complex. */
static void subtract(double *re, double *im, const double *other_re, const double *other_im, double factor_re,
                     double factor_im, int n) {
  for (int j = 0; j < n; j++) {
    re[j] -= factor_re * other_re[j] - factor_im * other_im[j];
    im[j] -= factor_re * other_im[j] + factor_im * other_re[j];
  }
}

static void swap_rows(double *a, double *b, int n) {
  for (int j = 0; j < n; j++) {
    const double v = a[j];
    a[j] = b[j];
    b[j] = v;
  }
}

/* Gauss and Jordan with the largest pivot of a column. */
static bool invert(evl_transfer *t, int n) {
  const int wide = 2 * n;
  double *re = t->work, *im = t->work + n * wide;
  memset(t->work, 0, 2 * (size_t)n * (size_t)wide * sizeof *t->work);
  for (int i = 0; i < n; i++) {
    memcpy(re + i * wide, t->a + i * n, (size_t)n * sizeof *re);
    memcpy(im + i * wide, t->a + n * n + i * n, (size_t)n * sizeof *im);
    re[i * wide + n + i] = 1.0;
  }
  for (int c = 0; c < n; c++) {
    int pivot = c;
    double most = 0.0;
    for (int i = c; i < n; i++) {
      const double size = hypot(re[i * wide + c], im[i * wide + c]);
      if (size > most) most = size, pivot = i;
    }
    if (!(most > 1e-300)) return false;
    swap_rows(re + c * wide, re + pivot * wide, wide);
    swap_rows(im + c * wide, im + pivot * wide, wide);
    const double pr = re[c * wide + c] / most / most, pi = -im[c * wide + c] / most / most; /* its inverse */
    for (int j = 0; j < wide; j++) {
      const double x = re[c * wide + j], y = im[c * wide + j];
      re[c * wide + j] = x * pr - y * pi;
      im[c * wide + j] = x * pi + y * pr;
    }
    for (int i = 0; i < n; i++)
      if (i != c)
        subtract(re + i * wide, im + i * wide, re + c * wide, im + c * wide, re[i * wide + c], im[i * wide + c], wide);
  }
  for (int i = 0; i < n; i++) {
    memcpy(t->h + i * n, re + i * wide + n, (size_t)n * sizeof *re);
    memcpy(t->h + n * n + i * n, im + i * wide + n, (size_t)n * sizeof *im);
  }
  return true;
}

bool evl_transfer_at(evl_transfer *t, const double *beta, int rows, int n, int order, int f) {
  evl_transfer_denominator(t, beta, rows, n, order, f);
  return invert(t, n);
}

double evl_transfer_cost_us(const evl_params *p, const evl_shape *shape) {
  const evl_value *bands = evl_params_value(p, "bands");
  const double c = shape->n_channels, lags = evl_var_lags(p);
  double frequencies = 0.0;
  for (int b = 0; b < bands->n; b++)
    frequencies += (bands->bands[b].high_hz - bands->bands[b].low_hz) / evl_params_real(p, "step_hz");
  return evl_var_cost_us(p, shape) + frequencies * c * c * (0.5 + 2e-3 * c + 1e-3 * lags);
}
