/* var_modes: eigenvalues of the companion matrix. */
#include <math.h>
#include <string.h>

#include "var_priv.h"

evl_status evl_modes_plan(evl_modes *modes, int n, evl_arena *arena) {
  EVL_NEW(arena, modes->companion, (size_t)n * (size_t)n);
  EVL_NEW(arena, modes->real, n);
  EVL_NEW(arena, modes->imaginary, n);
  EVL_NEW(arena, modes->radius, n);
  EVL_NEW(arena, modes->oscillating, n);
  EVL_NEW(arena, modes->work, evl_eigenvalues_work(n));
  return EVL_OK;
}

/* Coefficients in the first rows, ones below the diagonal blocks. */
static void fill_companion(evl_modes *modes, const double *beta, int n_used) {
  const size_t n = (size_t)modes->n, m = (size_t)n_used;
  memset(modes->companion, 0, n * n * sizeof *modes->companion);
  for (size_t k = 0; k < n; k++)
    for (size_t a = 0; a < m; a++) modes->companion[k * n + a] = beta[a * n + k];
  for (size_t k = 0; k + m < n; k++) modes->companion[k * n + k + m] = 1.0;
}

static double radius(const evl_modes *modes, int k) { return hypot(modes->real[k], modes->imaginary[k]); }

/* Few ever change places: LAPACK gives them almost in order. */
static void order_oscillating(evl_modes *modes) {
  modes->n_oscillating = 0;
  for (int k = 0; k < modes->n; k++) {
    if (!(modes->imaginary[k] > 0.0)) continue;
    int at = modes->n_oscillating++;
    for (; at > 0 && radius(modes, modes->oscillating[at - 1]) < radius(modes, k); at--)
      modes->oscillating[at] = modes->oscillating[at - 1];
    modes->oscillating[at] = k;
  }
}

int evl_modes_find(evl_modes *modes, const double *beta, int n_used, int order) {
  modes->n = order * n_used;
  fill_companion(modes, beta, n_used);
  if (evl_eigenvalues(modes->n, modes->companion, modes->n, modes->real, modes->imaginary, modes->work) != EVL_OK) {
    evl_error_clear();
    return EVL_WHY_UNCONVERGED;
  }
  modes->largest = 0;
  for (int k = 0; k < modes->n; k++) {
    modes->radius[k] = radius(modes, k);
    if (modes->radius[k] > modes->radius[modes->largest]) modes->largest = k;
  }
  evl_sort(modes->radius, (size_t)modes->n);
  order_oscillating(modes);
  return EVL_WHY_VALUE;
}

double evl_modes_hz(const evl_modes *modes, int k, double fs_hz) {
  return atan2(modes->imaginary[k], modes->real[k]) / (2.0 * M_PI) * fs_hz;
}

double evl_modes_per_s(const evl_modes *modes, int k, double fs_hz) { return -log(radius(modes, k)) * fs_hz; }
