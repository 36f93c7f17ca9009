/* zero_one_chaos: the 0-1 test for chaos without an embedding, and the nearness to the edge of chaos.

   The test drives a walk in the plane, z_j = sum_{k <= j} x_k exp(i k c), and asks whether its mean square displacement
   M_c(n) grows with n. A displacement is a sum of x_k x_l exp(i (k - l) c) over a stretch, so the sums over all stretches
   of the products at distance d = k - l serve every c: M_c is a small matrix product instead of a walk each. */
#include <string.h>

#include "nonlinear_priv.h"

enum { LEAST_SAMPLES = 50, LANES = 8 };
static const double OVERSAMPLED = 10.0; /* range over the mean step */

typedef enum { NONE, EXTREMA, HALVE } rule;

typedef struct kernel {
  evl_products *products;
  evl_series *series;
  rule rule;
  int n_c, most;       /* frequencies; longest displacement */
  double noise, alpha;
  bool random;
  double *wave;        /* [most + 1 of d][n_c, rounded up] cos(d c) */
  double *value;       /* [1 + surrogates][2] */
} kernel;

/* Scratch of a run; n_lags rounded up to LANES where rows of lags are run through. */
typedef struct work {
  double *y;           /* [samples + lags] the series of the test, then zeros */
  double *sum, *sum2;  /* [lags] of products at distance d: up to k, and the sums of these */
  double *low, *high;  /* [lags + 2][lags] sum2 at k = 0, 1, ... and at the last k */
  double *product;     /* [lags of n][lags of d] */
  double *displacement; /* [lags of n][n_c] */
  double *k;           /* [n_c] */
} work;

static const evl_param params[] = {
    {"lowpass_hz", EVL_REAL, "0.0", 0.0, 1e5, NULL, "Hz",
     "Low-pass before everything else, 0 for none. Toker et al. 2022 set it by the spectrum, to a few Hz, with windows "
     "that hold some hundred extrema then."},
    {"oversampling", EVL_STRING, "\"extrema\"", 0, 0, "extrema|halve|none", "",
     "What is done if the range exceeds 10 mean steps between samples: extrema keeps local minima and maxima, halve "
     "every second sample until it does not. The signal decides for its surrogates."},
    {"frequencies", EVL_INT, "100", 1, 10000, NULL, "", "Values of c in (pi/5, 4 pi/5)."},
    {"grid", EVL_STRING, "\"even\"", 0, 0, "even|random", "",
     "even: midpoints of equal intervals, which cover the range better than random ones and give the same value every "
     "time; random: as published."},
    {"noise", EVL_REAL, "0.0", 0.0, 10.0, NULL, "1",
     "Width of the uniform noise added to M(n), of a signal of sd 0.5. 0.5 as published, to hide weak oscillations of "
     "M(n); 0 by default, because it adds chance to every value and the rank tells weak from none."},
    {"alpha", EVL_REAL, "0.85", 0.01, 0.99, NULL, "1", "K at the edge of chaos."},
    EVL_SERIES_PARAMS,
    {0}};

static const evl_output outputs[] = {
    EVL_RANKED("k", NULL, "1", -1.0, 1.0, "About 0 for regular, 1 for chaotic or random signals."),
    EVL_RANKED("criticality", NULL, "1", 0.0, 1.0, "Nearness to the edge of chaos: 1 where k = alpha."),
    {0}};

static size_t round_up(size_t n) { return (n + LANES - 1) / LANES * LANES; }

/* Lays the buffers out from `at` (NULL: only counts); returns their doubles. */
static size_t lay_out(const kernel *k, double *at, work *w) {
  const size_t n = (size_t)evl_series_samples(k->series);
  const size_t lags = round_up((size_t)k->most + 1), n_c = round_up((size_t)k->n_c);
  double **const part[] = {&w->y, &w->sum, &w->sum2, &w->low, &w->high, &w->product, &w->displacement, &w->k};
  const size_t size[] = {round_up(n + lags), lags, lags, (lags + 2) * lags, (lags + 2) * lags, lags * lags, lags * n_c,
                         n_c};
  size_t used = 0;
  for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
    if (at) *part[i] = at + used;
    used += size[i];
  }
  return used;
}

static void fill_wave(const kernel *k, evl_random *random) {
  const size_t ld = round_up((size_t)k->n_c);
  for (int i = 0; i < k->n_c; i++) {
    const double at = random ? evl_random_uniform(random) : (i + 0.5) / k->n_c, c = M_PI / 5.0 * (1.0 + 3.0 * at);
    for (int d = 0; d <= k->most; d++) k->wave[(size_t)d * ld + (size_t)i] = cos(d * c);
  }
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)shape;
  const char *oversampling = evl_params_string(p, "oversampling");
  kernel *k;
  work w;
  EVL_NEW(arena, k, 1);
  k->products = products;
  EVL_TRY(evl_series_plan(p, evl_params_real(p, "lowpass_hz"), products, arena, &k->series));
  k->rule = !strcmp(oversampling, "extrema") ? EXTREMA : !strcmp(oversampling, "halve") ? HALVE : NONE;
  k->n_c = (int)evl_params_int(p, "frequencies");
  k->most = evl_series_samples(k->series) / 10;
  k->noise = evl_params_real(p, "noise");
  k->alpha = evl_params_real(p, "alpha");
  k->random = !strcmp(evl_params_string(p, "grid"), "random");
  EVL_NEW(arena, k->value, 2 * evl_series_count(k->series));
  EVL_NEW(arena, k->wave, ((size_t)k->most + 1) * round_up((size_t)k->n_c));
  fill_wave(k, NULL);
  evl_scratch_plan(products, lay_out(k, NULL, &w) * sizeof(double));
  *planned = k;
  return EVL_OK;
}

static bool oversampled(const double *x, int n, int step) {
  double low = x[0], high = x[0], path = 0.0;
  int steps = 0;
  for (int t = step; t < n; t += step, steps++) {
    low = fmin(low, x[t]);
    high = fmax(high, x[t]);
    path += fabs(x[t] - x[t - step]);
  }
  return (high - low) * steps > OVERSAMPLED * path;
}

/* Every how many samples are kept; 0: extrema. */
static int step_of(const kernel *k, const double *x, int n) {
  if (k->rule == NONE || !oversampled(x, n, 1)) return 1;
  if (k->rule == EXTREMA) return 0;
  int step = 2;
  while (step < n / LEAST_SAMPLES && oversampled(x, n, step)) step *= 2;
  return step;
}

/* The series of the test; its length. */
static int reduce(const double *x, int n, int step, double *y) {
  int m = 0;
  if (step > 0)
    for (int t = 0; t < n; t += step) y[m++] = x[t];
  else
    for (int t = 1; t + 1 < n; t++)
      if ((x[t] > x[t - 1] && x[t] > x[t + 1]) || (x[t] < x[t - 1] && x[t] < x[t + 1])) y[m++] = x[t];
  return m;
}

/* Of a(k) = y_k y_{k+d}, k = 1, 2, ...: sum2(k) = sum of sum(v) over v < k, sum(v) = sum of a(u) over 1 <= u < v. */
static void run_sums(const work *w, int n, int lags) {
  const size_t ld = round_up((size_t)lags);
  memset(w->sum, 0, ld * sizeof *w->sum);
  memset(w->sum2, 0, ld * sizeof *w->sum2);
  for (int k = 1; k <= n + 1; k++) {
    if (k <= lags + 1) memcpy(w->low + (size_t)k * ld, w->sum2, ld * sizeof *w->sum2);
    if (k > n - lags) memcpy(w->high + (size_t)(k - (n - lags)) * ld, w->sum2, ld * sizeof *w->sum2);
    if (k > n) return;
    for (size_t d = 0; d < ld; d++) {
      w->sum2[d] += w->sum[d];
      w->sum[d] += w->y[k] * w->y[(size_t)k + d];
    }
  }
}

/* product[n - 1][d]: sum over stretches of length n, beginning at 1 ... N - n, of y_k y_{k+d} with both within. */
static void sum_stretches(const work *w, int lags) {
  const size_t ld = round_up((size_t)lags);
  for (int n = 1; n <= lags; n++) {
    double *row = w->product + (size_t)(n - 1) * ld;
    const double *last = w->high + (size_t)(lags - n + 1) * ld;
    memset(row, 0, ld * sizeof *row);
    for (int d = 0; d < n; d++) {
      const double ends = w->high[(size_t)(lags - d + 1) * ld + (size_t)d];
      const double begins = w->low[(size_t)(n - d + 1) * ld + (size_t)d];
      row[d] = (d > 0 ? 2.0 : 1.0) * (ends - begins - last[d]);
    }
  }
}

/* Correlation of n = 1 ... lags with each c's displacements, displacement[n - 1][c]; NaN where these are constant. */
static void correlate(const work *w, int lags, int n_c, size_t ld) {
  const double centre = 0.5 * (lags + 1.0), own = lags * (lags * (double)lags - 1.0) / 12.0;
  for (int c = 0; c < n_c; c++) {
    double sum = 0.0, cross = 0.0, square = 0.0;
    for (int n = 0; n < lags; n++) sum += w->displacement[(size_t)n * ld + (size_t)c];
    for (int n = 0; n < lags; n++) {
      const double v = w->displacement[(size_t)n * ld + (size_t)c] - sum / lags;
      cross += (n + 1 - centre) * v;
      square += v * v;
    }
    w->k[c] = cross / sqrt(own * square);
  }
}

/* Median over c of the correlation for the n samples in w->y. */
static double test(const kernel *k, const work *w, int n, evl_random *random) {
  const int lags = n / 10;
  if (n < LEAST_SAMPLES) return NAN;
  const double sd = sqrt(evl_variance(w->y, (size_t)n, 0)), scale = 0.5 / sd, mean = evl_mean(w->y, (size_t)n) * scale;
  const size_t ld = round_up((size_t)lags), ld_c = round_up((size_t)k->n_c);
  if (!isfinite(scale)) return NAN;
  for (int t = 0; t < n; t++) w->y[t] *= scale;
  memset(w->y + n, 0, (ld + 1) * sizeof *w->y);
  if (k->random) fill_wave(k, random);
  run_sums(w, n, lags);
  sum_stretches(w, lags);
  evl_gemm(false, false, k->n_c, lags, lags, 1.0, k->wave, (int)ld_c, w->product, (int)ld, 0.0, w->displacement,
           (int)ld_c);
  for (int m = 1; m <= lags; m++)
    for (int c = 0; c < k->n_c; c++) {
      double *v = &w->displacement[(size_t)(m - 1) * ld_c + (size_t)c];
      const double oscillation = (1.0 - k->wave[(size_t)m * ld_c + (size_t)c]) / (1.0 - k->wave[ld_c + (size_t)c]);
      *v = *v / (n - m) - mean * mean * oscillation;
      if (k->noise > 0.0) *v += k->noise * (evl_random_uniform(random) - 0.5);
    }
  correlate(w, lags, k->n_c, ld_c);
  for (int c = 0; c < k->n_c; c++)
    if (!isfinite(w->k[c])) return NAN;
  evl_sort(w->k, (size_t)k->n_c);
  return evl_quantile_sorted(w->k, (size_t)k->n_c, 0.5);
}

/* Toker et al. 2022, eq. 15. */
static double criticality(double k, double alpha) {
  const double v = fmin(fmax(k, 0.0), 1.0);
  return v < alpha ? v / alpha : 1.0 - (v - alpha) / (1.0 - alpha);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const evl_montage *montage = evl_products_shape(k->products)->montage;
  const int n = evl_series_samples(k->series), count = evl_series_count(k->series);
  const size_t n_channels = (size_t)window->n_channels;
  work w;
  lay_out(k, evl_scratch(k->products), &w);
  for (size_t c = 0; c < n_channels; c++) {
    const double *x = evl_series_get(k->series, window, (int)c, 0);
    if (!x) continue;
    const int step = step_of(k, x, n);
    for (int s = 0; s < count; s++) {
      evl_random random;
      evl_random_begin(&random, window->key, "zero_one_chaos", montage->name[c], (uint64_t)s);
      const int m = reduce(evl_series_get(k->series, window, (int)c, s), n, step, w.y);
      k->value[2 * s] = test(k, &w, m, &random);
      k->value[2 * s + 1] = isfinite(k->value[2 * s]) ? criticality(k->value[2 * s], k->alpha) : NAN;
    }
    evl_put_ranked(out, c, n_channels + c, k->value, 2, count);
    evl_put_ranked(out, 2 * n_channels + c, 3 * n_channels + c, k->value + 1, 2, count);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const double n = evl_series_samples_at(p, shape) / 4.0, lags = n / 10.0; /* a quarter of the samples are extrema */
  return evl_series_cost_us(p, shape) + shape->n_channels * (1.0 + (double)evl_params_int(p, "surrogates")) *
         (5e-4 * n * lags + 2e-4 * lags * lags * (double)evl_params_int(p, "frequencies"));
}

const evl_entry evl_feature_zero_one_chaos = {
    .name = "zero_one_chaos",
    .summary = "0-1 test for chaos and the nearness to the edge of chaos.",
    .definition = "x scaled to sd 0.5, oversampled signals as their extrema; z_j = sum_{k <= j} x_k exp(i k c); M_c(n) = "
                  "mean_j |z_{j+n} - z_j|^2 - <x>^2 (1 - cos n c)/(1 - cos c), n <= N/10; k = median over c of the "
                  "correlation of n and M_c(n). criticality = k / alpha for k < alpha, else 1 - (k - alpha)/(1 - alpha), k "
                  "cut to 0 ... 1. Noise has k near 1 too: the rank says whether the signal differs from linear noise. "
                  "As published: grid = \"random\", frequencies = 1000, noise = 0.5." EVL_RANK_TEXT,
    .cite = "Gottwald and Melbourne 2009, doi:10.1137/080718851, eqs. 2.1-3.2; Toker et al. 2020, "
            "doi:10.1038/s42003-019-0715-9; Toker et al. 2022, doi:10.1073/pnas.2024455119, eq. 15",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .min_window_s = 4.0,
    .usual_window_s = 10.0,
    .usual_step_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
