/* var_forecast: a fitted vector autoregression left to itself. */
#include <string.h>

#include "var_priv.h"

bool evl_var_ahead(const evl_var *v, int t, int steps, double *ahead) {
  const int m = v->n_used, rows = v->order * m;
  for (int h = 0; h < steps; h++)
    for (int a = 0; a < m; a++) {
      const double *beta = v->beta + (size_t)a * (size_t)rows;
      double sum = 0.0;
      for (int i = 1; i <= v->order; i++)
        for (int b = 0; b < m; b++) {
          const int at = h - i; /* made already, or of the past */
          if (at < 0 && t + 1 + at < 0) return false;
          const double z = at >= 0 ? ahead[at * m + b] : v->z[(size_t)b * v->ld + (size_t)(t + 1 + at)];
          sum += beta[(i - 1) * m + b] * z;
        }
      ahead[h * m + a] = sum;
      if (!(fabs(sum) < 1e6)) return false;
    }
  return true;
}

enum { SLICE = 512 };

evl_status evl_var_score_plan(const evl_var_spec *spec, int n, const double *ahead, evl_var_score *score,
                              evl_arena *arena) {
  const size_t c = (size_t)spec->n_channels, each = (size_t)spec->max_order * c * c;
  *score = (evl_var_score){.n = n, .ahead = ahead};
  EVL_NEW(arena, score->model, n);
  EVL_NEW(arena, score->persistence, n);
  EVL_NEW(arena, score->power, each);
  EVL_NEW(arena, score->next, each);
  EVL_NEW(arena, score->error, SLICE * c);
  return EVL_OK;
}

void evl_var_step(const evl_var *v, const double *beta, const double *now, double *next) {
  const int m = v->n_used, rows = v->order * m;
  for (int a = 0; a < m; a++) {
    memcpy(next + a * rows, now + a * rows + m, (size_t)(rows - m) * sizeof *next);
    memset(next + (a + 1) * rows - m, 0, (size_t)m * sizeof *next);
  }
  evl_gemm(false, false, rows, m, m, 1.0, beta, rows, now, rows, 1.0, next, rows);
}

static void compare(const evl_var *v, int first, int end, int h, evl_var_score *s, int at) {
  enum { FEWEST = 16 };
  const int m = v->n_used, rows = v->order * m, begin = first + v->order - 1, all = end - h - begin;
  double model = 0.0, persistence = 0.0;
  for (int from = begin; from < begin + all; from += SLICE) {
    const int n = begin + all - from < SLICE ? begin + all - from : SLICE;
    for (int a = 0; a < m; a++) {
      const double *now = v->z + (size_t)a * v->ld + from, *target = now + h;
      memcpy(s->error + a * n, target, (size_t)n * sizeof *target);
      for (int t = 0; t < n; t++) persistence += (target[t] - now[t]) * (target[t] - now[t]);
    }
    for (int k = 0; k < v->order; k++)
      evl_gemm(false, false, n, m, m, -1.0, v->z + from - k, (int)v->ld, s->power + k * m, rows, 1.0, s->error, n);
    for (int k = 0; k < n * m; k++) model += s->error[k] * s->error[k];
  }
  s->model[at] = all < FEWEST ? NAN : model / ((double)all * m);
  s->persistence[at] = all < FEWEST ? NAN : persistence / ((double)all * m);
}

void evl_var_score_run(const evl_var *v, int first, int end, evl_var_score *s) {
  const size_t each = (size_t)v->order * (size_t)v->n_used * (size_t)v->n_used;
  int longest = 0;
  for (int i = 0; i < s->n; i++)
    if (s->ahead[i] > longest) longest = (int)s->ahead[i];
  memcpy(s->power, v->beta, each * sizeof *s->power);
  for (int h = 1; h <= longest; h++) {
    if (h > 1) {
      double *now = s->power;
      evl_var_step(v, v->beta, now, s->next);
      s->power = s->next;
      s->next = now;
    }
    for (int i = 0; i < s->n; i++)
      if ((int)s->ahead[i] == h) compare(v, first, end, h, s, i);
  }
}
