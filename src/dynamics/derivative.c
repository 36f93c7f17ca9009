/* derivative: which method does what.

   difference: central differences of order 2, 4, 6, at the ends one-sided of the same width. smoothed: Savitzky-Golay
   (1964, doi:10.1021/ac60214a047), then differences of what it leaves. savitzky_golay: the derivative of its
   polynomial. spline: of a smoothing spline of degree 5 with a knot a sample. variation: the slope of least total
   variation. */
#include <string.h>

#include "derivative_priv.h"

enum { SPLINE_DEGREE = 5, STRETCH = 2048 };

struct evl_derivative {
  evl_derivative_spec spec;
  int n_samples;
  double *difference, *value, *slope; /* stencils */
  evl_smoother *smoother;
  int n_spline; /* samples that the smoother is set for */
  double *coefficient;
  evl_total_variation *variation;
};

evl_status evl_derivative_plan(const evl_derivative_spec *spec, int n_samples, const char *entry, evl_arena *arena,
                               evl_derivative **derivative) {
  const bool differences = spec->method == EVL_DIFFERENCE || spec->method == EVL_SMOOTHED;
  const bool polynomials = spec->method == EVL_SMOOTHED || spec->method == EVL_SAVITZKY_GOLAY;
  const int order = spec->order, window = spec->window;
  if (differences && order != 2 && order != 4 && order != 6)
    return evl_fail(EVL_USAGE, "%s: expected differences of order 2, 4 or 6, found %d", entry, order);
  if (polynomials && (window % 2 == 0 || spec->polynomial < 1 || spec->polynomial >= window))
    return evl_fail(EVL_USAGE, "%s: expected an odd window longer than the polynomial's degree, found %d and %d", entry,
                    window, spec->polynomial);
  evl_derivative *d;
  EVL_NEW(arena, d, 1);
  d->spec = *spec;
  d->n_samples = n_samples;
  if (differences) {
    EVL_NEW(arena, d->difference, (order + 1) * (order + 1));
    evl_difference_stencil(order + 1, d->difference);
  }
  if (polynomials) {
    double *work;
    EVL_NEW(arena, work, 2 * (spec->polynomial + 1) * window);
    EVL_NEW(arena, d->value, (size_t)window * (size_t)window);
    EVL_NEW(arena, d->slope, (size_t)window * (size_t)window);
    evl_polynomial_stencil(window, spec->polynomial, work, d->value, d->slope);
  }
  if (spec->method == EVL_SPLINE) {
    d->n_spline = n_samples;
    EVL_TRY(evl_smoother_plan(n_samples, 1.0, 1, SPLINE_DEGREE, arena, &d->smoother));
    EVL_NEW(arena, d->coefficient, evl_bspline_functions(evl_smoother_basis(d->smoother)));
  }
  if (spec->method == EVL_VARIATION) EVL_TRY(evl_total_variation_plan(n_samples, arena, &d->variation));
  *derivative = d;
  return EVL_OK;
}

static bool smooth_by_spline(evl_derivative *d, const double *x, int n, double lambda, evl_smoothed *found) {
  if (n != d->n_spline) evl_smoother_length(d->smoother, d->n_spline = n);
  if (evl_smoother_run(d->smoother, x, lambda, d->coefficient, found) == EVL_OK) return true;
  evl_error_clear();
  return false;
}

static bool by_spline(evl_derivative *d, const double *x, int n, double *smooth, double *slope) {
  evl_smoothed found = {.lambda = d->spec.lambda};
  const int stretch = n < STRETCH ? n : STRETCH;
  if (!(found.lambda > 0.0) && !smooth_by_spline(d, x + (n - stretch) / 2, stretch, 0.0, &found)) return false;
  if (!smooth_by_spline(d, x, n, found.lambda, &found)) return false;
  for (int t = 0; t < n; t++) {
    smooth[t] = evl_bspline_value(evl_smoother_basis(d->smoother), d->coefficient, 1, t, 0);
    slope[t] = evl_bspline_value(evl_smoother_basis(d->smoother), d->coefficient, 1, t, 1);
  }
  return true;
}

/* White noise by differences of order 6, whose squares sum to 924; smooth parts leave little in them. */
static double noise_of(const double *x, int n) {
  double sum = 0.0;
  for (int t = 3; t < n - 3; t++) {
    const double e = x[t - 3] + x[t + 3] - 6.0 * (x[t - 2] + x[t + 2]) + 15.0 * (x[t - 1] + x[t + 1]) - 20.0 * x[t];
    sum += e * e;
  }
  return n > 6 ? sqrt(sum / (924.0 * (n - 6))) : 0.0;
}

/* The lambda that takes off as much as there is noise (Morozov 1966): bisection of its logarithm, for what is taken off
   grows with it. NaN: a search that did not settle. */
static double find_lambda(evl_derivative *d, const double *x, int n, double noise, double *smooth) {
  enum { STEPS = 9 };
  double low = log(0.1), high = log(1e3);
  for (int k = 0; k < STEPS; k++) {
    const double middle = 0.5 * (low + high);
    double sum = 0.0;
    if (!evl_total_variation_run(d->variation, x, n, noise * exp(middle), smooth)) return NAN;
    for (int t = 0; t < n; t++) sum += (x[t] - smooth[t]) * (x[t] - smooth[t]);
    if (sum < noise * noise * n) low = middle;
    else high = middle;
  }
  return noise * exp(low);
}

static bool by_variation(evl_derivative *d, const double *x, int n, double *smooth) {
  const int stretch = n < STRETCH ? n : STRETCH;
  const double noise = noise_of(x, n);
  double lambda = d->spec.lambda;
  if (!(lambda > 0.0) && noise > 0.0) lambda = find_lambda(d, x + (n - stretch) / 2, stretch, noise, smooth);
  return !isnan(lambda) && evl_total_variation_run(d->variation, x, n, lambda, smooth);
}

bool evl_derivative_run(evl_derivative *d, const double *x, int n, double dt_s, double *smooth, double *slope) {
  static const double central[9] = {-1.5, 2.0, -0.5, -0.5, 0.0, 0.5, 0.5, -2.0, 1.5};
  const evl_derivative_spec *s = &d->spec;
  const bool polynomials = s->method == EVL_SMOOTHED || s->method == EVL_SAVITZKY_GOLAY;
  const int least = polynomials && s->window > s->order ? s->window : s->order + 1;
  if (n < least || n < 3 || n > d->n_samples) return false;
  if (polynomials) evl_stencil_run(s->window, d->value, x, n, smooth);
  else memcpy(smooth, x, (size_t)n * sizeof *x);
  switch (s->method) {
  case EVL_DIFFERENCE:
  case EVL_SMOOTHED: evl_stencil_run(s->order + 1, d->difference, smooth, n, slope); break;
  case EVL_SAVITZKY_GOLAY: evl_stencil_run(s->window, d->slope, x, n, slope); break;
  case EVL_SPLINE:
    if (!by_spline(d, x, n, smooth, slope)) return false;
    break;
  default:
    if (!by_variation(d, x, n, smooth)) return false;
    evl_stencil_run(3, central, smooth, n, slope); /* between the slopes on both sides */
  }
  for (int t = 0; t < n; t++) slope[t] /= dt_s;
  return true;
}
