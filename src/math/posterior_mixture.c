/* posterior_mixture: a mixture of Student laws fitted to points. */
#include <string.h>

#include "posterior_priv.h"

enum { MOST = EVL_MIXTURE_MOST, ITERATIONS = 25 };
static const double wide_share = 0.1, wide_scale = 1.5; /* of the component that covers all points */
static const double ridge = 2e-3; /* of the whole sample's variance: repeated points are no component */

static size_t keep_size(size_t n) { return MOST * (2 + n + 2 * n * n); }

evl_status evl_mixture_plan(int max_n, int max_points, evl_arena *arena, evl_mixture *m) {
  const size_t n = (size_t)max_n, points = (size_t)max_points;
  *m = (evl_mixture){.max_n = max_n, .max_points = max_points};
  double *all;
  EVL_NEW(arena, all, keep_size(n));
  EVL_NEW(arena, m->keep, keep_size(n));
  m->weight = all;
  m->log_scale = all + MOST;
  m->mean = all + 2 * MOST;
  m->root = m->mean + MOST * n;
  m->inverse = m->root + MOST * n * n;
  EVL_NEW(arena, m->share, points * MOST);
  EVL_NEW(arena, m->white, points * n);
  EVL_NEW(arena, m->away, points * n);
  EVL_NEW(arena, m->sum, points);
  return EVL_OK;
}

/* Lower triangle L of a = L L', row by row, in place, and its inverse; false where a is not positive definite. */
static bool factor(double *a, double *inverse, int n) {
  for (int i = 0; i < n; i++) {
    for (int j = 0; j <= i; j++) {
      double sum = a[i * n + j];
      for (int k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
      if (i == j && !(sum > 0.0 && isfinite(sum))) return false;
      a[i * n + j] = i == j ? sqrt(sum) : sum / a[j * n + j];
    }
    for (int j = i + 1; j < n; j++) a[i * n + j] = 0.0;
  }
  memset(inverse, 0, (size_t)n * (size_t)n * sizeof *inverse);
  for (int j = 0; j < n; j++)
    for (int i = j; i < n; i++) {
      double sum = i == j ? 1.0 : 0.0;
      for (int k = j; k < i; k++) sum -= a[i * n + k] * inverse[k * n + j];
      inverse[i * n + j] = sum / a[i * n + i];
    }
  return true;
}

static double log_root(const double *root, int n) {
  double sum = 0.0;
  for (int i = 0; i < n; i++) sum += log(root[i * n + i]);
  return sum;
}

/* |inv(L) (z - mean)|^2 */
static double square_distance(const double *inverse, const double *mean, const double *z, int n) {
  double sum = 0.0;
  for (int i = 0; i < n; i++) {
    double y = 0.0;
    for (int j = 0; j <= i; j++) y += inverse[i * n + j] * (z[j] - mean[j]);
    sum += y * y;
  }
  return sum;
}

/* Mean and covariance of the points into component 0, then white = inv(L) (z - mean). */
static bool whiten(evl_mixture *m, const double *z, int points) {
  const int n = m->n;
  memset(m->mean, 0, (size_t)n * sizeof *m->mean);
  memset(m->root, 0, (size_t)(n * n) * sizeof *m->root);
  for (int p = 0; p < points; p++)
    for (int i = 0; i < n; i++) m->mean[i] += z[p * n + i] / points;
  for (int p = 0; p < points; p++)
    for (int i = 0; i < n; i++)
      for (int j = 0; j <= i; j++)
        m->root[i * n + j] += (z[p * n + i] - m->mean[i]) * (z[p * n + j] - m->mean[j]) / points;
  for (int i = 0; i < n; i++) m->root[i * n + i] += 1e-12 * m->root[i * n + i] + 1e-24;
  if (!factor(m->root, m->inverse, n)) return false;
  for (int p = 0; p < points; p++)
    for (int i = 0; i < n; i++) {
      double y = 0.0;
      for (int j = 0; j <= i; j++) y += m->inverse[i * n + j] * (z[p * n + j] - m->mean[j]);
      m->white[i * points + p] = y;
    }
  return true;
}

/* away = white - mean, row by row; share[k] = |inv(L) away|^2. */
static void distances(evl_mixture *m, int k, int points) {
  const int n = m->n;
  const double *mean = m->mean + k * n, *inverse = m->inverse + k * n * n;
  double *out = m->share + (size_t)k * (size_t)points, *y = m->sum;
  for (int i = 0; i < n; i++)
    for (int p = 0; p < points; p++) m->away[i * points + p] = m->white[i * points + p] - mean[i];
  memset(out, 0, (size_t)points * sizeof *out);
  for (int i = 0; i < n; i++) {
    memset(y, 0, (size_t)points * sizeof *y);
    for (int j = 0; j <= i; j++) {
      const double w = inverse[i * n + j], *row = m->away + j * points;
      for (int p = 0; p < points; p++) y[p] += w * row[p];
    }
    for (int p = 0; p < points; p++) out[p] += y[p] * y[p];
  }
}

/* Points far from each other (k-means++) as first means; share[MOST - 1] keeps the square distance to the nearest one. */
static void first_means(evl_mixture *m, int points, evl_random *random) {
  const int n = m->n;
  double *nearest = m->share + (size_t)(MOST - 1) * (size_t)points;
  for (int p = 0; p < points; p++) nearest[p] = 1.0;
  for (int k = 0; k < m->k; k++) {
    double *root = m->root + k * n * n, *inverse = m->inverse + k * n * n, total = 0.0;
    for (int p = 0; p < points; p++) total += nearest[p];
    double left = evl_random_uniform(random) * total;
    int chosen = 0;
    while (chosen < points - 1 && (left -= nearest[chosen]) > 0.0) chosen++;
    for (int i = 0; i < n; i++) m->mean[k * n + i] = m->white[i * points + chosen];
    for (int p = 0; p < points; p++) {
      double d = 0.0;
      for (int i = 0; i < n; i++) {
        const double y = m->white[i * points + p] - m->mean[k * n + i];
        d += y * y;
      }
      nearest[p] = k && nearest[p] < d ? nearest[p] : d;
    }
    memset(root, 0, (size_t)(n * n) * sizeof *root);
    memset(inverse, 0, (size_t)(n * n) * sizeof *inverse);
    for (int i = 0; i < n; i++) root[i * n + i] = m->k > 1 ? 0.5 : 1.0, inverse[i * n + i] = 1.0 / root[i * n + i];
    m->weight[k] = 1.0 / m->k;
  }
}

/* Shares of the components in every point; returns the log likelihood of the normal mixture. */
static double expect(evl_mixture *m, int points) {
  double *most = m->sum, sum = 0.0;
  for (int k = 0; k < m->k; k++) {
    const double constant = log(m->weight[k]) - log_root(m->root + k * m->n * m->n, m->n);
    double *share = m->share + (size_t)k * (size_t)points;
    distances(m, k, points);
    for (int p = 0; p < points; p++) share[p] = constant - 0.5 * share[p];
  }
  memcpy(most, m->share, (size_t)points * sizeof *most);
  for (int k = 1; k < m->k; k++)
    for (int p = 0; p < points; p++) {
      const double share = m->share[(size_t)k * (size_t)points + (size_t)p];
      most[p] = most[p] > share ? most[p] : share;
    }
  for (int p = 0; p < points; p++) sum += most[p];
  for (int k = 0; k < m->k; k++)
    for (int p = 0; p < points; p++) m->share[(size_t)k * (size_t)points + (size_t)p] -= most[p];
  evl_exponential(m->share, (size_t)m->k * (size_t)points);
  memset(most, 0, (size_t)points * sizeof *most);
  for (int k = 0; k < m->k; k++)
    for (int p = 0; p < points; p++) most[p] += m->share[(size_t)k * (size_t)points + (size_t)p];
  for (int k = 0; k < m->k; k++)
    for (int p = 0; p < points; p++) m->share[(size_t)k * (size_t)points + (size_t)p] /= most[p];
  for (int p = 0; p < points; p++) sum += log(most[p]);
  return sum;
}

/* Eight sums side by side. */
static double dot(const double *a, const double *b, int n) {
  enum { LANES = 8 };
  double lane[LANES] = {0};
  int p = 0;
  for (; p + LANES <= n; p += LANES)
    for (int i = 0; i < LANES; i++) lane[i] += a[p + i] * b[p + i];
  for (int i = 0; p + i < n; i++) lane[i] += a[p + i] * b[p + i];
  return ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

static bool maximise(evl_mixture *m, int points) {
  const int n = m->n;
  for (int p = 0; p < points; p++) m->sum[p] = 1.0;
  for (int k = 0; k < m->k; k++) {
    double *mean = m->mean + k * n, *root = m->root + k * n * n, *share = m->share + (size_t)k * (size_t)points;
    const double total = dot(share, m->sum, points) + 1e-300;
    for (int i = 0; i < n; i++) mean[i] = dot(share, m->white + i * points, points) / total;
    for (int i = 0; i < n; i++) {
      double *row = m->away + i * points; /* share (white - mean) */
      for (int p = 0; p < points; p++) row[p] = share[p] * (m->white[i * points + p] - mean[i]);
    }
    for (int i = 0; i < n; i++)
      for (int j = 0; j <= i; j++) root[i * n + j] = dot(m->away + i * points, m->white + j * points, points) / total;
    for (int i = 0; i < n; i++) root[i * n + i] += ridge;
    if (!factor(root, m->inverse + k * n * n, n)) return false;
    m->weight[k] = fmax(total / points, 1e-6);
  }
  return true;
}

/* AIC of the fit with m->k components, in whitened coordinates; INFINITY where there is none. */
static double fit_components(evl_mixture *m, int points, double effective, evl_random *random) {
  double last = -INFINITY;
  first_means(m, points, random);
  for (int i = 0; i < ITERATIONS; i++) {
    const double now = expect(m, points);
    if (!isfinite(now)) return INFINITY;
    if (i > 2 && now - last < 1e-4 * points) break;
    last = now;
    if (!maximise(m, points)) return INFINITY;
  }
  const double unknowns = m->k * (1.0 + m->n + 0.5 * m->n * (m->n + 1)) - 1.0;
  return -2.0 * last * effective / points + 2.0 * unknowns;
}

/* The best fit back from whitened coordinates: mean + L mean', L L'. */
static bool unwhiten(evl_mixture *m, const double *mean, const double *root) {
  const int n = m->n;
  double move[64], product[64];
  for (int k = 0; k < m->k; k++) {
    double *own_mean = m->mean + k * n, *own = m->root + k * n * n;
    for (int i = 0; i < n; i++) {
      move[i] = mean[i];
      for (int j = 0; j <= i; j++) move[i] += root[i * n + j] * own_mean[j];
    }
    memcpy(own_mean, move, (size_t)n * sizeof *move);
    for (int j = 0; j < n; j++) { /* column by column */
      for (int i = 0; i < n; i++) {
        product[i] = 0.0;
        for (int l = j; l <= i; l++) product[i] += root[i * n + l] * own[l * n + j];
      }
      for (int i = 0; i < n; i++) own[i * n + j] = product[i];
    }
    double *inverse = m->inverse + k * n * n;
    memset(inverse, 0, (size_t)(n * n) * sizeof *inverse);
    for (int j = 0; j < n; j++)
      for (int i = j; i < n; i++) {
        double sum = i == j ? 1.0 : 0.0;
        for (int l = j; l < i; l++) sum -= own[i * n + l] * inverse[l * n + j];
        if (!(own[i * n + i] > 0.0)) return false;
        inverse[i * n + j] = sum / own[i * n + i];
      }
    m->log_scale[k] = log(m->weight[k]) - log_root(own, n) + lgamma(0.5 * (EVL_MIXTURE_DF + n)) -
                      lgamma(0.5 * EVL_MIXTURE_DF) - 0.5 * n * log(M_PI * EVL_MIXTURE_DF);
  }
  return true;
}

/* In whitened coordinates: the standard normal law, wider. */
static void add_wide(evl_mixture *m) {
  const int n = m->n, k = m->k++;
  for (int i = 0; i < k; i++) m->weight[i] *= 1.0 - wide_share;
  m->weight[k] = wide_share;
  memset(m->mean + k * n, 0, (size_t)n * sizeof *m->mean);
  memset(m->root + k * n * n, 0, (size_t)(n * n) * sizeof *m->root);
  for (int i = 0; i < n; i++) m->root[k * n * n + i * n + i] = wide_scale;
}

double evl_mixture_fit(evl_mixture *m, int n, const double *z, int points, double effective, evl_random *random) {
  static const int tried[] = {1, 2, 3, 4, 6, MOST - 1};
  double best = INFINITY, mean[64], root[64 * 64];
  int best_k = 0;
  m->n = n;
  if (!whiten(m, z, points)) return INFINITY;
  memcpy(mean, m->mean, (size_t)n * sizeof *mean);
  memcpy(root, m->root, (size_t)(n * n) * sizeof *root);
  for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
    m->k = tried[i];
    const double aic = fit_components(m, points, effective, random);
    if (aic < best) {
      best = aic;
      best_k = m->k;
      memcpy(m->keep, m->weight, keep_size((size_t)m->max_n) * sizeof *m->keep);
    } else if (m->k > best_k + 1) {
      break;
    }
  }
  if (!best_k) return INFINITY;
  m->k = best_k;
  memcpy(m->weight, m->keep, keep_size((size_t)m->max_n) * sizeof *m->keep);
  double total = 0.0;
  for (int k = 0; k < m->k; k++) total += m->weight[k];
  for (int k = 0; k < m->k; k++) m->weight[k] /= total;
  add_wide(m);
  return unwhiten(m, mean, root) ? best + 2.0 * effective * log_root(root, n) : INFINITY;
}

double evl_mixture_log(const evl_mixture *m, const double *z) {
  const int n = m->n;
  double term[MOST], most = -INFINITY, sum = 0.0;
  for (int k = 0; k < m->k; k++) {
    const double d = square_distance(m->inverse + k * n * n, m->mean + k * n, z, n);
    term[k] = m->log_scale[k] - 0.5 * (EVL_MIXTURE_DF + n) * log1p(d / EVL_MIXTURE_DF);
    most = fmax(most, term[k]);
  }
  if (m->k == 1) return most;
  for (int k = 0; k < m->k; k++) sum += exp(term[k] - most);
  return most + log(sum);
}

static int component(const evl_mixture *m, evl_random *random) {
  double left = evl_random_uniform(random);
  int k = 0;
  while (k < m->k - 1 && (left -= m->weight[k]) > 0.0) k++;
  return k;
}

static void coloured(const double *root, int n, double scale, evl_random *random, double *z) {
  double white[64];
  for (int i = 0; i < n; i++) white[i] = scale * evl_random_normal(random);
  for (int i = 0; i < n; i++) {
    z[i] = 0.0;
    for (int j = 0; j <= i; j++) z[i] += root[i * n + j] * white[j];
  }
}

void evl_mixture_draw(const evl_mixture *m, evl_random *random, double *z) {
  const int k = component(m, random);
  double chi2 = 1.0;
  for (int i = 0; i < EVL_MIXTURE_DF / 2; i++) chi2 *= evl_random_uniform(random);
  chi2 = -2.0 * log(chi2);
  coloured(m->root + k * m->n * m->n, m->n, sqrt(EVL_MIXTURE_DF / chi2), random, z);
  for (int i = 0; i < m->n; i++) z[i] += m->mean[k * m->n + i];
}

void evl_mixture_step(const evl_mixture *m, double scale, evl_random *random, double *step) {
  coloured(m->root + component(m, random) * m->n * m->n, m->n, scale, random, step);
}
