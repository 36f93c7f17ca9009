/* gram: sums of products of a regression. */
#include <string.h>

#include "sindy_priv.h"

evl_status evl_gram_plan(int p, int d, evl_arena *arena, evl_gram *gram) {
  *gram = (evl_gram){.p = p, .d = d};
  EVL_NEW(arena, gram->g, (size_t)p * (size_t)p);
  EVL_NEW(arena, gram->b, (size_t)d * (size_t)p);
  EVL_NEW(arena, gram->yy, d);
  return EVL_OK;
}

void evl_gram_clear(evl_gram *gram) {
  const size_t p = (size_t)gram->p, d = (size_t)gram->d;
  gram->n = 0.0;
  memset(gram->g, 0, p * p * sizeof(double));
  memset(gram->b, 0, d * p * sizeof(double));
  memset(gram->yy, 0, d * sizeof(double));
}

static void add(double *restrict sum, double weight, const double *restrict part, size_t n) {
  for (size_t i = 0; i < n; i++) sum[i] += weight * part[i];
}

void evl_gram_add(evl_gram *sum, double weight, const evl_gram *part) {
  const size_t p = (size_t)sum->p, d = (size_t)sum->d;
  sum->n += weight * part->n;
  add(sum->g, weight, part->g, p * p);
  add(sum->b, weight, part->b, d * p);
  add(sum->yy, weight, part->yy, d);
}

void evl_gram_rows(evl_gram *gram, const double *theta, size_t ld_theta, const double *y, size_t ld_y, int n) {
  enum { PANEL = 48 }; /* columns: of a symmetric product, little more than the lower half is computed */
  const int p = gram->p, d = gram->d, ld = (int)ld_theta;
  for (int j = 0; j < p; j += PANEL) {
    const int m = p - j < PANEL ? p - j : PANEL;
    const double *panel = theta + (size_t)j * ld_theta;
    evl_gemm(true, false, p - j, m, n, 1.0, panel, ld, panel, ld, 1.0, gram->g + (size_t)j * (size_t)(p + 1), p);
  }
  for (int j = 0; j < p; j++)
    for (int i = 0; i < j; i++) gram->g[(size_t)j * (size_t)p + (size_t)i] = gram->g[(size_t)i * (size_t)p + (size_t)j];
  evl_gemm(true, false, p, d, n, 1.0, theta, ld, y, (int)ld_y, 1.0, gram->b, p);
  for (int j = 0; j < d; j++) {
    const double *target = y + (size_t)j * ld_y;
    evl_gemm(true, false, 1, 1, n, 1.0, target, n, target, n, 1.0, gram->yy + j, 1);
  }
  gram->n += n;
}

double evl_gram_rss(const evl_gram *gram, int j, const double *w) {
  const size_t p = (size_t)gram->p;
  const double *b = gram->b + (size_t)j * p;
  double rss = gram->yy[j];
  for (size_t i = 0; i < p; i++) {
    if (w[i] == 0.0) continue;
    double gw = -2.0 * b[i];
    for (size_t k = 0; k < p; k++) gw += gram->g[i * p + k] * w[k];
    rss += w[i] * gw;
  }
  return rss > 0.0 ? rss : 0.0;
}
