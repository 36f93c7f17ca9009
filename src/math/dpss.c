/* dpss: discrete prolate spheroidal sequences, the tapers of multitaper spectra. */
#include <math.h>

#include "eveil/math.h"

/* The symmetric tridiagonal matrix that shares its eigenvectors with the concentration problem (Slepian 1978;
   Percival & Walden 1993, section 8.3). */
static void fill_tridiagonal(int n, double bandwidth, double *diagonal, double *beside) {
  for (int t = 0; t < n; t++) {
    const double from_centre = 0.5 * (n - 1 - 2 * t);
    diagonal[t] = from_centre * from_centre * cos(2.0 * M_PI * bandwidth);
    if (t > 0) beside[t - 1] = 0.5 * t * (n - (double)t);
  }
}

/* Even tapers have a positive mean, odd ones begin with a positive lobe (Percival & Walden 1993, p. 379). */
static void fix_sign(int n, bool odd, double *v) {
  const double clear = 0.5 / n; /* of the mean square: above rounding, below the first lobe */
  double sign = 0.0;
  if (odd)
    for (int t = 0; t < n && sign == 0.0; t++) sign = v[t] * v[t] > clear ? v[t] : 0.0;
  else
    for (int t = 0; t < n; t++) sign += v[t];
  if (sign < 0.0)
    for (int t = 0; t < n; t++) v[t] = -v[t];
}

/* The eigenvalue of sin(2 pi W (s - t)) / (pi (s - t)), read off the row where v is largest. */
static double eigenvalue(int n, double bandwidth, const double *v) {
  int row = 0;
  for (int t = 1; t < n; t++)
    if (fabs(v[t]) > fabs(v[row])) row = t;
  double sum = 2.0 * bandwidth * v[row];
  for (int t = 0; t < n; t++)
    if (t != row) sum += sin(2.0 * M_PI * bandwidth * (row - t)) / (M_PI * (row - t)) * v[t];
  return sum / v[row];
}

static evl_status solve(int n, int all, double bandwidth, int n_tapers, evl_arena *arena, double *taper,
                        double *concentration) {
  double *diagonal, *beside, *value, *vector, *work;
  EVL_NEW(arena, diagonal, all);
  EVL_NEW(arena, beside, all);
  EVL_NEW(arena, value, all);
  EVL_NEW(arena, vector, (size_t)all * (size_t)n_tapers);
  EVL_NEW(arena, work, evl_tridiagonal_work(all));
  fill_tridiagonal(all, bandwidth, diagonal, beside);
  EVL_TRY(evl_tridiagonal_largest(all, diagonal, beside, n_tapers, value, vector, work));
  for (int k = 0; k < n_tapers; k++) {
    double *v = vector + (size_t)(n_tapers - 1 - k) * (size_t)all;
    fix_sign(all, k % 2 == 1, v);
    concentration[k] = eigenvalue(all, bandwidth, v);
    for (int t = 0; t < n; t++) taper[(size_t)k * (size_t)n + (size_t)t] = v[t];
  }
  return EVL_OK;
}

evl_status evl_dpss(int n, double half_bandwidth, int n_tapers, bool periodic, evl_arena *arena, double *taper,
                    double *concentration) {
  const int all = periodic ? n + 1 : n;
  if (n < 1 || n_tapers < 1 || n_tapers > n || !(half_bandwidth > 0.0) || !(half_bandwidth < 0.5 * all))
    return evl_fail(EVL_USAGE, "%d prolate tapers of %d samples and time-bandwidth %g: expected 1 to %d tapers and a "
                    "product between 0 and %g", n_tapers, n, half_bandwidth, n, 0.5 * all);
  const evl_mark mark = evl_arena_mark(arena);
  const evl_status status = solve(n, all, half_bandwidth / all, n_tapers, arena, taper, concentration);
  evl_arena_release(arena, mark);
  return status;
}
