/* var_forecast: a fitted vector autoregression left to itself. */
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
