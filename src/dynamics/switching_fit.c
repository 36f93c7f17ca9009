/* switching_fit: expectation and maximisation on sums over segments (Hamilton 1990, doi:10.1016/0304-4076(90)90093-9).

   All that a segment says of a regime (B, S) is in its sums G: with C = (I, -B)' the residuals' products are C' G C,
   and its log likelihood is - length / 2 (n ln 2 pi + ln det S) - tr(inv(S) C' G C) / 2. */
#include <string.h>

#include "switching_priv.h"

#include "eveil/dynamics.h"

evl_status evl_switching_plan(evl_switching *s, const char *entry, evl_arena *arena) {
  const size_t n = (size_t)s->n, lags = (size_t)s->order * n, most = (size_t)s->most, all = (size_t)s->most_segments;
  s->wide = (s->order + 1) * s->n;
  if (s->wide > 256)
    return evl_fail(EVL_USAGE, "%s: %d lags of %d coordinates: expected at most 256 with the present ones", entry,
                    s->order, s->n);
  const size_t square = (size_t)s->wide * (size_t)s->wide;
  EVL_NEW(arena, s->gram, all * square);
  EVL_NEW(arena, s->beta, most * lags * n);
  EVL_NEW(arena, s->factor, most * n * n);
  EVL_NEW(arena, s->log_determinant, most);
  EVL_NEW(arena, s->transition, most * most);
  EVL_NEW(arena, s->share, most);
  EVL_NEW(arena, s->weight, all * most);
  EVL_NEW(arena, s->likelihood, all * most);
  EVL_NEW(arena, s->forward, all * most);
  EVL_NEW(arena, s->backward, all * most);
  EVL_NEW(arena, s->work, 2 * square);
  EVL_NEW(arena, s->sum, square);
  return EVL_OK;
}

void evl_switching_sum(const evl_switching *s, const double *z, size_t ld, int first, double *gram) {
  for (int i = 0; i < s->wide; i++)
    for (int j = i; j < s->wide; j++) {
      const double *a = z + (size_t)(i % s->n) * ld + (size_t)(first - i / s->n);
      const double *b = z + (size_t)(j % s->n) * ld + (size_t)(first - j / s->n);
      double sum = 0.0;
      for (int t = 0; t < s->length; t++) sum += a[t] * b[t];
      gram[i * s->wide + j] = gram[j * s->wide + i] = sum;
    }
}

/* C' G C into `products` n x n; work: wide x n twice. */
static void residual(const evl_switching *s, const double *gram, const double *beta, double *products, double *work) {
  const int n = s->n, wide = s->wide, lags = s->order * n;
  double *c = work, *gc = work + wide * n;
  memset(c, 0, (size_t)(wide * n) * sizeof *c);
  for (int a = 0; a < n; a++) {
    c[a * wide + a] = 1.0;
    for (int r = 0; r < lags; r++) c[a * wide + n + r] = -beta[a * lags + r];
  }
  evl_gemm(false, false, wide, n, wide, 1.0, gram, wide, c, wide, 0.0, gc, wide);
  evl_gemm(true, false, n, n, wide, 1.0, c, wide, gc, wide, 0.0, products, n);
}

/* Ridge regression of one regime on the weighted segments. */
static bool fit_regime(evl_switching *s, int n_segments, int regime) {
  const int n = s->n, wide = s->wide, lags = s->order * n;
  double *beta = s->beta + regime * lags * n, *factor = s->factor + regime * n * n, samples = 0.0;
  memset(s->sum, 0, (size_t)(wide * wide) * sizeof *s->sum);
  for (int k = 0; k < n_segments; k++) {
    const double w = s->weight[k * s->most + regime], *gram = s->gram + (size_t)k * (size_t)(wide * wide);
    samples += w * s->length;
    for (int i = 0; i < wide * wide; i++) s->sum[i] += w * gram[i];
  }
  s->share[regime] = samples / ((double)n_segments * s->length);
  if (samples < 2.0 * wide || samples < s->length) return false;
  double *normal = s->work;
  for (int c = 0; c < lags; c++) {
    memcpy(normal + c * lags, s->sum + (n + c) * wide + n, (size_t)lags * sizeof *normal);
    normal[c * lags + c] += s->ridge * samples;
  }
  for (int a = 0; a < n; a++) memcpy(beta + a * lags, s->sum + a * wide + n, (size_t)lags * sizeof *beta);
  bool regular = evl_cholesky(lags, normal, lags) == EVL_OK;
  if (regular) {
    evl_cholesky_solve(lags, n, normal, lags, beta, lags);
    residual(s, s->sum, beta, factor, s->work);
    for (int i = 0; i < n * n; i++) factor[i] /= samples;
    for (int a = 0; a < n; a++) factor[a * n + a] += s->ridge;
    regular = evl_cholesky(n, factor, n) == EVL_OK;
  }
  if (!regular) {
    evl_error_clear();
    return false;
  }
  s->log_determinant[regime] = evl_cholesky_log_determinant(n, factor, n);
  return true;
}

double evl_switching_likelihood(evl_switching *s, const double *gram, int regime) {
  const int n = s->n;
  double *products = s->work, trace = 0.0;
  residual(s, gram, s->beta + regime * s->order * n * n, products, s->work + n * n);
  evl_cholesky_solve(n, n, s->factor + regime * n * n, n, products, n);
  for (int a = 0; a < n; a++) trace += products[a * n + a];
  return -0.5 * (s->length * (n * log(2.0 * M_PI) + s->log_determinant[regime]) + trace);
}

static void likelihoods(evl_switching *s, int first, int end) {
  for (int k = first; k < end; k++)
    for (int r = 0; r < s->n_regimes; r++)
      s->likelihood[k * s->most + r] =
          evl_switching_likelihood(s, s->gram + (size_t)k * (size_t)(s->wide * s->wide), r);
}

/* Probabilities of the regimes given the segments from `first` to this one; ln p of the segment given those before. */
static double filter(evl_switching *s, int first, int k) {
  double *now = s->forward + k * s->most, most = -INFINITY, sum = 0.0;
  for (int r = 0; r < s->n_regimes; r++) {
    double prior = k == first ? s->share[r] : 0.0;
    for (int q = 0; q < s->n_regimes && k > first; q++) prior += now[q - s->most] * s->transition[q * s->most + r];
    now[r] = prior;
    if (prior > 0.0) most = fmax(most, s->likelihood[k * s->most + r]);
  }
  for (int r = 0; r < s->n_regimes; r++) sum += now[r] *= exp(s->likelihood[k * s->most + r] - most);
  for (int r = 0; r < s->n_regimes; r++) now[r] /= sum;
  return most + log(sum);
}

void evl_switching_foretell(evl_switching *s, int first, int end, double *ahead) {
  likelihoods(s, first, end);
  for (int k = first; k < end; k++) ahead[k - first] = filter(s, first, k);
}

/* Weights of the segments, and the transitions: one of its kind, three to stay, are added to those seen. */
static void expect(evl_switching *s, int n) {
  const int most = s->most, regimes = s->n_regimes;
  double *seen = s->sum;
  likelihoods(s, 0, n);
  for (int k = 0; k < n; k++) filter(s, 0, k);
  for (int r = 0; r < regimes; r++) {
    s->backward[(n - 1) * most + r] = 1.0;
    for (int q = 0; q < regimes; q++) seen[r * regimes + q] = r == q ? 3.0 : 1.0;
  }
  for (int k = n - 1; k >= 0; k--) {
    double *b = s->backward + k * most, scale = 0.0, sum = 0.0, top = -INFINITY;
    if (k < n - 1) {
      const double *next = s->likelihood + (k + 1) * most;
      for (int q = 0; q < regimes; q++) top = fmax(top, next[q]);
      for (int r = 0; r < regimes; r++) {
        b[r] = 0.0;
        for (int q = 0; q < regimes; q++) b[r] += s->transition[r * most + q] * exp(next[q] - top) * b[most + q];
        scale += b[r];
      }
      for (int r = 0; r < regimes; r++) b[r] /= scale;
    }
    for (int r = 0; r < regimes; r++) sum += s->weight[k * most + r] = s->forward[k * most + r] * b[r];
    for (int r = 0; r < regimes; r++) s->weight[k * most + r] /= sum;
  }
  for (int k = 1; k < n; k++) {
    double pair[64], all = 0.0, top = -INFINITY;
    const double *next = s->likelihood + k * most;
    for (int q = 0; q < regimes; q++) top = fmax(top, next[q]);
    for (int r = 0; r < regimes; r++)
      for (int q = 0; q < regimes; q++)
        all += pair[r * regimes + q] = s->forward[(k - 1) * most + r] * s->transition[r * most + q] *
                                       exp(next[q] - top) * s->backward[k * most + q];
    for (int i = 0; i < regimes * regimes; i++) seen[i] += pair[i] / all;
  }
  for (int r = 0; r < regimes; r++) {
    double sum = 0.0;
    for (int q = 0; q < regimes; q++) sum += seen[r * regimes + q];
    for (int q = 0; q < regimes; q++) s->transition[r * most + q] = seen[r * regimes + q] / sum;
  }
}

static bool maximise(evl_switching *s, int n) {
  for (int r = 0; r < s->n_regimes; r++)
    if (!fit_regime(s, n, r)) return false;
  return true;
}

/* The share 1 / (regimes + 1) of the segments that are least likely under all the present regimes begins a new one. */
static void split(evl_switching *s, int n) {
  const int most = s->most, added = s->n_regimes, wanted = n / (added + 1) > 0 ? n / (added + 1) : 1;
  double *best = s->backward;
  likelihoods(s, 0, n);
  for (int k = 0; k < n; k++) {
    best[k] = -INFINITY;
    for (int r = 0; r < added; r++) best[k] = fmax(best[k], s->likelihood[k * most + r]);
  }
  memcpy(s->forward, best, (size_t)n * sizeof *best);
  evl_sort(s->forward, (size_t)n);
  const double cut = s->forward[wanted - 1];
  for (int k = 0; k < n; k++) {
    const bool moves = best[k] <= cut;
    for (int r = 0; r < added; r++)
      if (moves) s->weight[k * most + r] = 0.0;
    s->weight[k * most + added] = moves ? 1.0 : 0.0;
  }
  s->n_regimes = added + 1;
  for (int r = 0; r <= added; r++)
    for (int q = 0; q <= added; q++) s->transition[r * most + q] = r == q ? 0.8 : 0.2 / added;
}

bool evl_switching_fit(evl_switching *s, int n, int n_regimes) {
  enum { ROUNDS = 15 };
  s->n_regimes = 1;
  s->transition[0] = 1.0;
  for (int k = 0; k < n; k++) s->weight[k * s->most] = 1.0;
  if (!maximise(s, n)) return false;
  while (s->n_regimes < n_regimes) {
    split(s, n);
    if (!maximise(s, n)) return false;
    for (int round = 0; round < ROUNDS; round++) {
      expect(s, n);
      if (!maximise(s, n)) return false;
    }
  }
  likelihoods(s, 0, n);
  return true;
}

double evl_switching_distance(const evl_switching *s, int n) {
  double total = 0.0;
  int pairs = 0;
  for (int r = 0; r < s->n_regimes; r++)
    for (int q = 0; q < s->n_regimes; q++) {
      if (q == r) continue;
      double sum = 0.0, all = 0.0;
      for (int k = 0; k < n; k++) {
        const double w = s->weight[k * s->most + r], *l = s->likelihood + k * s->most;
        sum += w * (l[r] - l[q]);
        all += w;
      }
      total += sum / (all * s->length);
      pairs++;
    }
  return pairs ? total / pairs : 0.0;
}

int evl_switching_likeliest(const evl_switching *s, int segment) {
  int best = 0;
  for (int r = 1; r < s->n_regimes; r++)
    if (s->weight[segment * s->most + r] > s->weight[segment * s->most + best]) best = r;
  return best;
}
