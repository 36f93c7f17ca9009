/* dmd_start: eigenvalues by linear algebra.

   With X the delayed series but for its last column and Y but for its first, exact DMD of rank r is A = U' Y V inv(S),
   X = U S V' truncated (Tu et al. 2014, algorithm 2); with V inv(S) = X' U inv(S^2) it takes the products X X' and Y X'
   of rows alone. Their blocks for delays k, l follow from those for k - 1, l - 1 by moving the range of the sum, so
   that only the first ones are summed. Singular values below 1e-7 of the largest have no digits in X X': rank. */
#include <string.h>

#include "dmd_priv.h"

struct evl_dmd_start {
  int most_rows, most_delays, most_rank;
  double *own, *cross;          /* X X' (Y Y' backward), Y X' (X Y'): (rows delays)^2, column-major */
  double *vector, *value;       /* leading directions */
  double *half, *forward, *backward, *real, *imaginary, *work;
  int *pivot;
};

evl_status evl_dmd_start_plan(int most_rows, int most_delays, int most_rank, evl_arena *arena, evl_dmd_start **start) {
  evl_dmd_start *s;
  const size_t n = (size_t)most_rows * (size_t)most_delays, r = (size_t)most_rank;
  EVL_NEW(arena, s, 1);
  s->most_rows = most_rows;
  s->most_delays = most_delays;
  s->most_rank = most_rank;
  EVL_NEW(arena, s->own, n * n);
  EVL_NEW(arena, s->cross, n * n);
  EVL_NEW(arena, s->vector, n * r);
  EVL_NEW(arena, s->value, r);
  EVL_NEW(arena, s->half, n * r);
  EVL_NEW(arena, s->forward, r * r);
  EVL_NEW(arena, s->backward, r * r);
  EVL_NEW(arena, s->real, r);
  EVL_NEW(arena, s->imaginary, r);
  EVL_NEW(arena, s->pivot, r);
  const size_t symmetric = evl_symmetric_largest_work((int)n), general = evl_eigenvalues_work((int)r);
  EVL_NEW(arena, s->work, symmetric > general ? symmetric : general);
  *start = s;
  return EVL_OK;
}

void evl_dmd_delay_products(const double *y, size_t ld, int p, int n, int delays, int step, int from, int by,
                            double *to) {
  const size_t width = (size_t)p * (size_t)delays;
  for (int k = 0; k < delays; k++) /* first column and first row of blocks */
    for (int side = 0; side < (k ? 2 : 1); side++) {
      const int row = side ? 0 : k, column = side ? k : 0;
      evl_gemm(true, false, p, p, n, 1.0, y + from + row * step, (int)ld, y + by + column * step, (int)ld, 0.0,
               to + (size_t)(column * p) * width + (size_t)(row * p), (int)width);
    }
  for (int l = 1; l < delays; l++)
    for (int k = 1; k < delays; k++)
      for (int b = 0; b < p; b++)
        for (int a = 0; a < p; a++) {
          const double *ya = y + (size_t)a * ld + from + (k - 1) * step, *yb = y + (size_t)b * ld + by + (l - 1) * step;
          double sum = to[(size_t)((l - 1) * p + b) * width + (size_t)((k - 1) * p + a)];
          for (int t = 0; t < step; t++) sum += ya[n + t] * yb[n + t] - ya[t] * yb[t];
          to[(size_t)(l * p + b) * width + (size_t)(k * p + a)] = sum;
        }
}

/* A = U' (Y X') U inv(S^2) from series shifted by `from` (Y) against `by` (X). */
static evl_fit propagator(evl_dmd_start *s, const double *y, size_t ld, int p, int n, int delays, int step, int from,
                          int by, int rank, double *a) {
  const int width = p * delays;
  evl_dmd_delay_products(y, ld, p, n, delays, step, by, by, s->own);
  evl_dmd_delay_products(y, ld, p, n, delays, step, from, by, s->cross);
  if (evl_symmetric_largest(width, s->own, width, rank, s->value, s->vector, width, s->work) != EVL_OK) {
    evl_error_clear();
    return EVL_FIT_UNSETTLED;
  }
  if (!(s->value[rank - 1] > 1e-14 * s->value[0])) return EVL_FIT_RANK;
  evl_gemm(false, false, width, rank, width, 1.0, s->cross, width, s->vector, width, 0.0, s->half, width);
  evl_gemm(true, false, rank, rank, width, 1.0, s->vector, width, s->half, width, 0.0, a, rank);
  for (int j = 0; j < rank; j++)
    for (int i = 0; i < rank; i++) a[j * rank + i] /= s->value[j];
  return EVL_FIT_DONE;
}

/* Logarithms of eigenvalues, or of their principal square roots, one a pair. */
static evl_fit logarithms(const evl_dmd_start *s, int rank, bool root, evl_rates *rates) {
  rates->n = 0;
  rates->n_basis = rank;
  for (int i = 0; i < rank; i++) {
    const double size = hypot(s->real[i], s->imaginary[i]), half = root ? 0.5 : 1.0;
    if (!(size > 1e-300) || !isfinite(size)) return EVL_FIT_RANK;
    if (s->imaginary[i] < 0.0) continue;
    rates->growth[rates->n] = half * log(size);
    rates->turn[rates->n++] = half * atan2(s->imaginary[i], s->real[i]);
    if (root && s->imaginary[i] == 0.0 && s->real[i] < 0.0) return EVL_FIT_RANK; /* no real root */
  }
  return EVL_FIT_DONE;
}

evl_fit evl_dmd_start_find(evl_dmd_start *s, bool backward_too, const double *y, size_t ld, int n_rows, int n,
                           int delays, int step, int rank, evl_rates *rates) {
  const int columns = n - (delays - 1) * step - 1;
  if (rank > n_rows * delays) return EVL_FIT_RANK;
  if (columns <= rank) return EVL_FIT_SHORT;
  evl_fit fit = propagator(s, y, ld, n_rows, columns, delays, step, 1, 0, rank, s->forward);
  if (fit != EVL_FIT_DONE) return fit;
  if (backward_too) {
    fit = propagator(s, y, ld, n_rows, columns, delays, step, 0, 1, rank, s->backward);
    if (fit != EVL_FIT_DONE) return fit;
    /* eigenvalues of forward inv(backward) are those of inv(backward) forward */
    if (evl_solve(rank, rank, s->backward, rank, s->pivot, s->forward, rank) != EVL_OK) {
      evl_error_clear();
      return EVL_FIT_RANK;
    }
  }
  if (evl_eigenvalues(rank, s->forward, rank, s->real, s->imaginary, s->work) != EVL_OK) {
    evl_error_clear();
    return EVL_FIT_UNSETTLED;
  }
  return logarithms(s, rank, backward_too, rates);
}
