/* hjorth: activity, mobility and complexity from variances of the signal and its differences. */
#include <string.h>

#include "features_priv.h"
#include "lanes_priv.h"

typedef struct kernel {
  evl_products *products;
  int n_samples, ddof;
  bool leading_zeros;  /* mne_features */
  bool sums;           /* pyeeg */
  double rate;         /* mobility is multiplied by it */
} kernel;

static const evl_param params[] = {
    {"convention", EVL_STRING, "\"hjorth\"", 0, 0, "hjorth|antropy|mne_features|pyeeg", "",
     "hjorth: derivatives in time, so mobility is a frequency in 1/s and recordings of different rates compare; "
     "antropy: differences between samples; mne_features: as antropy with a zero put before the signal and before its "
     "differences, and n - 1 in the variances; pyeeg: sums of squares about zero, a zero put before the signal, and "
     "that of the signal not divided by n, which makes mobility sqrt(n) too small and complexity sqrt(n) too large."},
    {0}};

static const evl_output outputs[] = {
    {"activity", EVL_PER_CHANNEL, NULL, false, "uV^2", 0.0, EVL_ANY_MAX, "Variance of the signal."},
    {"mobility", EVL_PER_CHANNEL, NULL, false, "1/s", 0.0, EVL_ANY_MAX,
     "Mean angular frequency: sd of the derivative over sd of the signal (other conventions: per sample)."},
    {"complexity", EVL_PER_CHANNEL, NULL, false, "1", 0.0, EVL_ANY_MAX,
     "Mobility of the derivative over that of the signal; 1 for a sine."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const char *convention = evl_params_string(p, "convention");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->leading_zeros = !strcmp(convention, "mne_features");
  k->sums = !strcmp(convention, "pyeeg");
  k->ddof = k->leading_zeros ? 1 : 0;
  k->rate = strcmp(convention, "hjorth") ? 1.0 : shape->fs_hz;
  *planned = k;
  return EVL_OK;
}

/* Sums over a signal about its mean, its first and its second differences. */
typedef struct moments { double x1, x2, d1, d2, e1, e2; } moments;

static void add_one(moments *m, const double *x, int t, double mean) {
  const double v = x[t] - mean, d = x[t] - x[t - 1], e = d - (x[t - 1] - x[t - 2]);
  m->x1 += v;
  m->x2 += v * v;
  m->d2 += d * d;
  m->e2 += e * e;
}

/* One pass; sums of differences telescope. */
static moments sums(const double *x, int n, double mean) {
  evl_lanes x1 = {0}, x2 = {0}, d2 = {0}, e2 = {0};
  int t = 2;
  for (; t + EVL_LANES <= n; t += EVL_LANES) {
    const evl_lanes here = evl_load(x + t), before = evl_load(x + t - 1), v = here - mean, d = here - before;
    const evl_lanes e = d - (before - evl_load(x + t - 2));
    x1 += v;
    x2 += v * v;
    d2 += d * d;
    e2 += e * e;
  }
  const double a = x[0] - mean, b = x[1] - mean, first = x[1] - x[0], last = x[n - 1] - x[n - 2];
  moments m = {.x1 = evl_fold(x1) + (a + b), .x2 = evl_fold(x2) + (a * a + b * b), .d1 = x[n - 1] - x[0],
               .d2 = evl_fold(d2) + first * first, .e1 = last - first, .e2 = evl_fold(e2)};
  for (; t < n; t++) add_one(&m, x, t, mean);
  return m;
}

static double variance(double sum, double squares, double n, int ddof) {
  return (squares - sum * sum / n) / (n - ddof);
}

/* Variances of x, dx and ddx. */
typedef struct variances { double x, d, e; } variances;

static variances plain(const double *x, int n, double mean) {
  const moments m = sums(x, n, mean);
  return (variances){variance(m.x1, m.x2, n, 0), variance(m.d1, m.d2, n - 1, 0), variance(m.e1, m.e2, n - 2, 0)};
}

/* The mobility of mne_features is sd(diff(y)) / sd(y) with y = (0, signal), where the signal is x, and then
   dx = diff(0, x). `mobility2` is the square of the first, `next2` of the second. */
static void with_zeros(const double *x, int n, double mean, double *mobility2, double *next2) {
  const moments m = sums(x, n, mean);
  const double y1 = m.x1 - mean, y2 = m.x2 + mean * mean; /* (0, x) about the mean of x */
  const double d1 = x[n - 1], d2 = m.d2 + x[0] * x[0];    /* dx */
  const double second = x[1] - 2.0 * x[0], last = x[n - 1] - x[n - 2];
  const double e1 = last, e2 = m.e2 + x[0] * x[0] + second * second; /* diff(0, dx) */
  *mobility2 = variance(d1, d2, n, 1) / variance(y1, y2, n + 1, 1);
  *next2 = variance(e1, e2, n, 1) / variance(d1, d2, n + 1, 1);
}

/* Sums of squares about zero, of the signal [mean of squares times n], of dx = diff(0, x) and of diff(dx) over n. */
static void about_zero(const double *x, int n, double mean, double *mobility2, double *next2) {
  const moments m = sums(x, n, mean);
  const double x2 = m.x2 + mean * (2.0 * m.x1 + n * mean), second = x[1] - 2.0 * x[0];
  const double d2 = (m.d2 + x[0] * x[0]) / n, e2 = (m.e2 + second * second) / n;
  *mobility2 = d2 / x2;
  *next2 = e2 / d2;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels;
  const int n = k->n_samples;
  if (n < 4) return;
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c]) continue;
    const double *x = window->x + c * window->ld;
    const double mean = evl_mean(x, (size_t)n);
    const variances v = plain(x, n, mean);
    double mobility2 = v.d / v.x, next2 = v.e / v.d;
    if (k->leading_zeros) with_zeros(x, n, mean, &mobility2, &next2);
    if (k->sums) about_zero(x, n, mean, &mobility2, &next2);
    evl_put(out, c, v.x * n / (n - k->ddof));
    evl_put(out, n_channels + c, sqrt(mobility2) * k->rate);
    evl_put(out, 2 * n_channels + c, sqrt(next2 / mobility2));
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return 8e-4 * shape->n_channels * (double)shape->n_samples;
}

const evl_entry evl_feature_hjorth = {
    .name = "hjorth",
    .summary = "Hjorth's activity, mobility and complexity.",
    .definition = "activity = var x; mobility = sqrt(var x' / var x); complexity = mobility(x') / mobility(x); x' the "
                  "difference between samples times the sampling rate.",
    .cite = "Hjorth 1970, doi:10.1016/0013-4694(70)90143-4",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
