/* dmd_forecast: patterns of modes, and forecasts by them.

   A mode is pattern times exp(lambda t) times what it carries at the moment, which the last samples tell. Under fitted
   covariances R(lag) = sum_k basis_k(lag) B_k the best linear forecast from the past p = (z(t), z(t - 1), ...) is
     z(t + h) = sum_l R(h + l) (inv(C) p)_l,  C = <p p'> (Wiener, Akaike),
   and by the addition theorems each function carries on gain times past: what follows is exact for a linear system
   driven by noise. A transient without noise has the least-squares amplitudes of its patterns over the past instead. */
#include <string.h>

#include "dmd_priv.h"

/* Of the past's variance; the one that foretells the training part best: the less the covariances are those of a few
   modes, the more the past has to be damped. */
static const double ridges[] = {1e-3, 1e-2, 1e-1, 1.0};

evl_status evl_dmd_predictor_plan(int n, int past, int most_basis, evl_arena *arena, evl_dmd_predictor *p) {
  const size_t width = (size_t)n * (size_t)past, r = (size_t)most_basis;
  *p = (evl_dmd_predictor){.n = n, .past = past};
  EVL_NEW(arena, p->mode, r * (size_t)n);
  EVL_NEW(arena, p->gain, r * (size_t)n * width);
  EVL_NEW(arena, p->room, 2 * width * width + 2 * r * width + width + r * (size_t)n + 2 * r);
  return evl_rates_plan(most_basis, arena, &p->rates);
}

/* The leading left singular vector of the complex n x m amplitudes c - i s of one rate (s NULL: real), by power
   iteration on their products; element (i, j) stands at (j n + i) r. */
static void leading(int n, int m, int r, const double *c, const double *s, double *re, double *im) {
  enum { ITERATIONS = 100 };
  int best = 0;
  double most = -1.0;
  for (int j = 0; j < m; j++) {
    double square = 0.0;
    for (int i = 0; i < n; i++) {
      const size_t at = (size_t)(j * n + i) * (size_t)r;
      square += c[at] * c[at] + (s ? s[at] * s[at] : 0.0);
    }
    if (square > most) most = square, best = j;
  }
  for (int i = 0; i < n; i++) {
    const size_t at = (size_t)(best * n + i) * (size_t)r;
    re[i] = c[at];
    im[i] = s ? -s[at] : 0.0;
  }
  for (int pass = 0; pass < ITERATIONS && m > 1; pass++) {
    double to_re[64] = {0}, to_im[64] = {0}, length = 0.0;
    for (int j = 0; j < m; j++) {
      double a = 0.0, b = 0.0; /* conjugate of column j times the vector */
      for (int i = 0; i < n; i++) {
        const size_t at = (size_t)(j * n + i) * (size_t)r;
        const double x = c[at], y = s ? -s[at] : 0.0;
        a += x * re[i] + y * im[i];
        b += x * im[i] - y * re[i];
      }
      for (int i = 0; i < n; i++) {
        const size_t at = (size_t)(j * n + i) * (size_t)r;
        const double x = c[at], y = s ? -s[at] : 0.0;
        to_re[i] += x * a - y * b;
        to_im[i] += x * b + y * a;
      }
    }
    for (int i = 0; i < n; i++) length += to_re[i] * to_re[i] + to_im[i] * to_im[i];
    length = sqrt(length);
    if (!(length > 0.0)) return;
    for (int i = 0; i < n; i++) re[i] = to_re[i] / length, im[i] = to_im[i] / length;
  }
}

static void find_modes(evl_dmd_predictor *p, int n_rows, const double *amplitude) {
  const int n = p->n, r = p->n_basis;
  double none[64];
  for (int i = 0, at = 0; i < p->rates.n; i++) {
    const bool pair = evl_rate_is_pair(&p->rates, i);
    double *re = p->mode + at * n, *im = pair ? re + n : none;
    leading(n, n_rows / n, r, amplitude + at, pair ? amplitude + at + 1 : NULL, re, im);
    for (int k = 0; pair && k < n; k++) im[k] = -im[k];
    at += pair ? 2 : 1;
  }
}

/* C of all stretches of the training part that are long enough: covariances of different stretches need not belong
   together. Delays run forwards, the past backwards. c has room for two. */
static void past_covariance(const evl_dmd_predictor *p, const double *z, size_t ld, int n_train, double *c) {
  const int n = p->n, width = n * p->past, samples = n_train - p->past + 1;
  double *forwards = c + (size_t)width * (size_t)width;
  evl_dmd_delay_products(z, ld, n, samples, p->past, 1, 0, 0, forwards);
  for (int k = 0; k < p->past; k++)
    for (int l = 0; l < p->past; l++)
      for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
          const int row = (p->past - 1 - k) * n + i, column = (p->past - 1 - l) * n + j;
          c[(l * n + j) * width + k * n + i] = forwards[column * width + row] / samples;
        }
}

/* Factor of C with a ridge. */
static bool damp(const double *c, int width, double ridge, double *factor) {
  memcpy(factor, c, (size_t)width * (size_t)width * sizeof *c);
  for (int i = 0; i < width; i++) factor[(size_t)i * (size_t)width + (size_t)i] += ridge;
  if (evl_cholesky(width, factor, width) == EVL_OK) return true;
  evl_error_clear();
  return false;
}

/* Gains before inv(C). */
static void covariance_gains(evl_dmd_predictor *p, const double *amplitude, double *basis) {
  const int n = p->n, r = p->n_basis, width = n * p->past;
  for (int l = 0; l < p->past; l++) {
    evl_rates_at(&p->rates, l, basis);
    for (int i = 0, at = 0; i < p->rates.n; i++) {
      const bool pair = evl_rate_is_pair(&p->rates, i);
      const double co = basis[at], si = pair ? basis[at + 1] : 0.0;
      for (int row = 0; row < n; row++)
        for (int j = 0; j < n; j++) {
          const double *b = amplitude + (size_t)(j * n + row) * (size_t)r + at;
          const double bs = pair ? b[1] : 0.0;
          double *gain = p->gain + (size_t)(at * n + row) * (size_t)width + (size_t)(l * n + j);
          gain[0] = co * b[0] + si * bs;
          if (pair) gain[(size_t)n * (size_t)width] = co * bs - si * b[0];
        }
      at += pair ? 2 : 1;
    }
  }
}

static bool foretell(const evl_dmd_predictor *p, const double *z, size_t ld, int t, int steps, double *room,
                     double *ahead) {
  const int n = p->n, r = p->n_basis, width = n * p->past;
  double *past = room, *carried = past + width, *basis = carried + (size_t)r * (size_t)n;
  if (t + 1 < p->past) return false;
  for (int k = 0; k < p->past; k++)
    for (int j = 0; j < n; j++) past[k * n + j] = z[(size_t)j * ld + (size_t)(t - k)];
  evl_gemm(true, false, r * n, 1, width, 1.0, p->gain, width, past, width, 0.0, carried, r * n);
  for (int h = 1; h <= steps; h++) {
    evl_rates_at(&p->rates, h, basis);
    double *to = ahead + (size_t)(h - 1) * (size_t)n;
    for (int i = 0; i < n; i++) {
      to[i] = 0.0;
      for (int k = 0; k < r; k++) to[i] += basis[k] * carried[k * n + i];
      if (!(fabs(to[i]) <= EVL_DIVERGED_SD)) return false;
    }
  }
  return true;
}

/* Mean squared error 1 to STEPS samples ahead, from starts all over the training part. */
static double training_error(const evl_dmd_predictor *p, const double *z, size_t ld, int n_train, double *room) {
  enum { STARTS = 128, STEPS = 8 };
  double ahead[STEPS * 64], sum = 0.0;
  const int from = p->past - 1, span = n_train - STEPS - from;
  if (span < STARTS) return 0.0;
  for (int s = 0; s < STARTS; s++) {
    const int t = from + (int)((int64_t)s * span / STARTS);
    if (!foretell(p, z, ld, t, STEPS, room, ahead)) return INFINITY;
    for (int h = 0; h < STEPS; h++)
      for (int i = 0; i < p->n; i++) {
        const double e = z[(size_t)i * ld + (size_t)(t + 1 + h)] - ahead[h * p->n + i];
        sum += e * e;
      }
  }
  return sum;
}

/* Gains under the best of the ridges. */
static bool choose_gains(evl_dmd_predictor *p, const double *z, size_t ld, int n_train, const double *amplitude) {
  enum { RIDGES = sizeof ridges / sizeof *ridges };
  const int n = p->n, r = p->n_basis, width = n * p->past;
  double *c = p->room, *factor = c + (size_t)width * (size_t)width, *rest = factor + (size_t)width * (size_t)width;
  double least = INFINITY;
  int best = -1;
  if (n_train < 2 * p->past) return false;
  past_covariance(p, z, ld, n_train, c);
  for (int i = 0; i <= RIDGES; i++) { /* the last time with the best */
    if (i == RIDGES && best < 0) return false;
    if (!damp(c, width, ridges[i < RIDGES ? i : best], factor)) continue;
    covariance_gains(p, amplitude, rest);
    evl_cholesky_solve(width, r * n, factor, width, p->gain, width);
    const double error = i < RIDGES ? training_error(p, z, ld, n_train, rest) : INFINITY;
    if (error < least) least = error, best = i;
  }
  return true;
}

/* Gains from patterns: amplitudes of least squares over the past. */
static bool pattern_gains(evl_dmd_predictor *p) {
  const int n = p->n, r = p->n_basis, width = n * p->past;
  double *gram = p->room, *o = gram + (size_t)r * (size_t)r, *basis = o + (size_t)r * (size_t)width;
  for (int l = 0; l < p->past; l++) {
    evl_rates_at(&p->rates, -l, basis);
    for (int i = 0, at = 0; i < p->rates.n; i++) {
      const bool pair = evl_rate_is_pair(&p->rates, i);
      for (int row = 0; row < n; row++) {
        const double fc = p->mode[at * n + row], fs = pair ? p->mode[(at + 1) * n + row] : 0.0;
        const double co = basis[at], si = pair ? basis[at + 1] : 0.0;
        o[(size_t)at * (size_t)width + (size_t)(l * n + row)] = co * fc + si * fs;
        if (pair) o[(size_t)(at + 1) * (size_t)width + (size_t)(l * n + row)] = si * fc - co * fs;
      }
      at += pair ? 2 : 1;
    }
  }
  evl_gemm(true, false, r, r, width, 1.0, o, width, o, width, 0.0, gram, r);
  double trace = 0.0;
  for (int k = 0; k < r; k++) trace += gram[k * r + k];
  for (int k = 0; k < r; k++) gram[k * r + k] += 1e-9 * trace;
  if (evl_cholesky(r, gram, r) != EVL_OK) {
    evl_error_clear();
    return false;
  }
  for (int column = 0; column < width; column++) {
    double *x = basis; /* amplitudes of a past that is 1 there */
    for (int k = 0; k < r; k++) x[k] = o[(size_t)k * (size_t)width + (size_t)column];
    evl_cholesky_solve(r, 1, gram, r, x, r);
    for (int i = 0, at = 0; i < p->rates.n; i++) {
      const bool pair = evl_rate_is_pair(&p->rates, i);
      for (int row = 0; row < n; row++) {
        const double fc = p->mode[at * n + row], fs = pair ? p->mode[(at + 1) * n + row] : 0.0;
        const double re = x[at], im = pair ? x[at + 1] : 0.0;
        double *gain = p->gain + (size_t)(at * n + row) * (size_t)width + (size_t)column;
        gain[0] = fc * re - fs * im;
        if (pair) gain[(size_t)n * (size_t)width] = fc * im + fs * re;
      }
      at += pair ? 2 : 1;
    }
  }
  return true;
}

evl_fit evl_dmd_predictor_fit(evl_dmd_predictor *p, const evl_dmd_series *s, const double *z, size_t ld,
                              const evl_dmd_fit *fit, const evl_rates *rates) {
  evl_rates_copy(&p->rates, rates);
  p->n_basis = rates->n_basis;
  find_modes(p, s->n_rows, fit->amplitude);
  const bool good =
      s->kind == EVL_DMD_COVARIANCE ? choose_gains(p, z, ld, s->n_train, fit->amplitude) : pattern_gains(p);
  return good ? EVL_FIT_DONE : EVL_FIT_COLLINEAR;
}

bool evl_dmd_ahead(void *model, const evl_latent *l, int t, int steps, double *ahead) {
  evl_dmd_predictor *p = model;
  return foretell(p, l->z, l->ld, t, steps, p->room, ahead);
}

bool evl_dmd_channels(const evl_latent *l, const evl_window *window, double *own, double *cross) {
  const int n = l->n, offset = window->n_samples - l->n_samples;
  evl_gemm(true, false, n, n, l->n_train, 1.0 / l->n_train, l->z, (int)l->ld, l->z, (int)l->ld, 0.0, own, n);
  evl_gemm(true, false, n, window->n_channels, l->n_train, 1.0 / l->n_train, l->z, (int)l->ld, window->x + offset,
           (int)window->ld, 0.0, cross, n);
  for (int i = 0; i < n; i++) own[i * n + i] += 1e-10;
  if (evl_cholesky(n, own, n) == EVL_OK) {
    evl_cholesky_solve(n, window->n_channels, own, n, cross, n);
    return true;
  }
  evl_error_clear();
  return false;
}

void evl_dmd_pattern(const evl_dmd_predictor *p, int i, const double *cross, const evl_window *window, double *re,
                     double *im) {
  const int n = p->n;
  int at = 0, best = -1;
  double square = 0.0, most = 0.0;
  for (int j = 0; j < i; j++) at += evl_rate_is_pair(&p->rates, j) ? 2 : 1;
  for (int c = 0; c < window->n_channels; c++) {
    if (window->channel_why[c] != 0) continue;
    re[c] = im[c] = 0.0;
    for (int j = 0; j < n; j++) {
      re[c] += cross[c * n + j] * p->mode[at * n + j];
      if (evl_rate_is_pair(&p->rates, i)) im[c] -= cross[c * n + j] * p->mode[(at + 1) * n + j];
    }
    const double size = re[c] * re[c] + im[c] * im[c];
    square += size;
    if (size > most) most = size, best = c;
  }
  if (best < 0) return;
  const double by = 1.0 / sqrt(square * most), x = re[best] * by, y = im[best] * by;
  for (int c = 0; c < window->n_channels; c++) {
    const double a = re[c], b = im[c];
    re[c] = a * x + b * y;
    im[c] = b * x - a * y;
  }
}
