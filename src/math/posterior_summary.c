/* posterior_summary: what draws of several chains say, and whether the chains agree (Vehtari, Gelman, Simpson, Carpenter &
   Buerkner 2021, doi:10.1214/20-BA1221; Geyer 1992, doi:10.1214/ss/1177011137). */
#include <string.h>

#include "posterior_priv.h"

struct evl_draws {
  int chains, draws;
  double *normal;   /* [2 n + 1] quantile of rank / 2 */
  double *sorted, *series, *scores, *scratch; /* [n] */
  double *covariance; /* [draws] */
};

evl_status evl_draws_plan(int chains, int draws, evl_arena *arena, evl_draws **planned) {
  evl_draws *s;
  const int n = chains * draws;
  EVL_NEW(arena, s, 1);
  s->chains = chains;
  s->draws = draws;
  EVL_NEW(arena, s->normal, 2 * n + 1);
  EVL_NEW(arena, s->sorted, n);
  EVL_NEW(arena, s->series, n);
  EVL_NEW(arena, s->scores, n);
  EVL_NEW(arena, s->scratch, n);
  EVL_NEW(arena, s->covariance, draws);
  for (int twice = 2; twice <= 2 * n; twice++)
    s->normal[twice] = evl_normal_quantile((0.5 * twice - 0.375) / (n + 0.25)); /* Blom 1958 */
  *planned = s;
  return EVL_OK;
}

/* First place in sorted x that is not below value (not above it: `after`). */
static int place(const double *x, int n, double value, bool after) {
  int low = 0, high = n;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (x[middle] < value || (after && x[middle] == value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/* Normal scores of the ranks, equal values sharing theirs. */
static void normal_scores(evl_draws *s, const double *x, int n) {
  memcpy(s->sorted, x, (size_t)n * sizeof *x);
  evl_radix_sort(s->sorted, (size_t)n, s->scratch);
  for (int i = 0; i < n; i++)
    s->scores[i] = s->normal[1 + place(s->sorted, n, x[i], false) + place(s->sorted, n, x[i], true)];
}

/* Half h of the chains, each cut in two; an odd draw in the middle is left out. */
static const double *half(const evl_draws *s, const double *x, int h, int *n) {
  *n = s->draws / 2;
  return x + (h / 2) * s->draws + (h % 2 ? s->draws - *n : 0);
}

static double split_r_hat(const evl_draws *s, const double *x) {
  double within = 0.0, mean = 0.0, between = 0.0;
  int n;
  for (int h = 0; h < 2 * s->chains; h++) {
    const double *part = half(s, x, h, &n);
    within += evl_variance(part, (size_t)n, 1) / (2 * s->chains);
    mean += evl_mean(part, (size_t)n) / (2 * s->chains);
  }
  for (int h = 0; h < 2 * s->chains; h++) {
    const double *part = half(s, x, h, &n);
    const double d = evl_mean(part, (size_t)n) - mean;
    between += d * d / (2 * s->chains - 1);
  }
  if (!(within > 0.0)) return INFINITY; /* chains that do not move */
  return sqrt((between / within * n + n - 1.0) / n);
}

/* Geyer's initial monotone sequence over all halves. */
static double split_ess(evl_draws *s, const double *x) {
  double *covariance = s->covariance, within = 0.0, means = 0.0, mean = 0.0;
  const int halves = 2 * s->chains, n = s->draws / 2;
  int unused;
  for (int h = 0; h < halves; h++) mean += evl_mean(half(s, x, h, &unused), (size_t)n) / halves;
  for (int h = 0; h < halves; h++) {
    const double own = evl_mean(half(s, x, h, &unused), (size_t)n);
    double *centred = s->scratch + h * n;
    for (int t = 0; t < n; t++) centred[t] = half(s, x, h, &unused)[t] - own;
    means += (own - mean) * (own - mean) / (halves - 1);
  }
  double plus = 0.0, last = INFINITY, sum = 0.0;
  for (int lag = 0; lag < n; lag += 2) {
    double rho[2];
    for (int k = 0; k < 2; k++) {
      double c = 0.0;
      for (int h = 0; h < halves && lag + k < n; h++) {
        const double *a = s->scratch + h * n, *b = a + lag + k;
        for (int t = 0; t + lag + k < n; t++) c += a[t] * b[t];
      }
      covariance[k] = c / n / halves;
      if (lag + k == 0) {
        within = c / (n - 1.0) / halves;
        plus = within * (n - 1.0) / n + means;
        if (!(plus > 0.0)) return NAN;
      }
      rho[k] = lag + k == 0 ? 1.0 : 1.0 - (within - covariance[k]) / plus;
    }
    double pair = rho[0] + rho[1];
    if (!(pair > 0.0)) break;
    pair = fmin(pair, last);
    last = pair;
    sum += pair;
  }
  const double all = (double)halves * n, tau = fmax(2.0 * sum - 1.0, 1.0 / log10(all));
  return all / tau;
}

/* Of the indicator of what lies beyond a quantile. */
static double tail_ess(evl_draws *s, const double *x, double cut) {
  for (int i = 0; i < s->chains * s->draws; i++) s->scores[i] = x[i] <= cut;
  return split_ess(s, s->scores);
}

/* Nats from the uniform law of [low, high]: Vasicek's spacings (1976) with the correction of Van Es (1992). */
static double from_uniform(const double *sorted, int n, double low, double high) {
  const int m = (int)(sqrt(n) + 0.5);
  const double range = high - low;
  double sum = 0.0, harmonic = 0.0;
  for (int i = 0; i < n - m; i++) sum += log(fmax((n + 1.0) / m * (sorted[i + m] - sorted[i]) / range, 1e-12));
  for (int k = m; k <= n; k++) harmonic += 1.0 / k;
  return fmax(0.0, -(sum / (n - m) + harmonic + log(m) - log(n + 1.0)));
}

evl_summary evl_draws_summary(evl_draws *s, const double *x, double low, double high) {
  const int n = s->chains * s->draws;
  evl_summary out = {.mean = evl_mean(x, (size_t)n), .sd = sqrt(evl_variance(x, (size_t)n, 1))};
  normal_scores(s, x, n);
  out.q05 = evl_quantile_sorted(s->sorted, (size_t)n, 0.05);
  out.q50 = evl_quantile_sorted(s->sorted, (size_t)n, 0.5);
  out.q95 = evl_quantile_sorted(s->sorted, (size_t)n, 0.95);
  out.kl = low < high ? from_uniform(s->sorted, n, low, high) : NAN;
  out.r_hat = split_r_hat(s, s->scores);
  out.ess = split_ess(s, s->scores);
  for (int i = 0; i < n; i++) s->series[i] = fabs(x[i] - out.q50);
  normal_scores(s, s->series, n);
  out.r_hat = fmax(out.r_hat, split_r_hat(s, s->scores));
  const double left = tail_ess(s, x, out.q05), right = tail_ess(s, x, out.q95);
  out.ess_tail = fmin(left, right); /* fmin takes the one that is a number */
  return out;
}
