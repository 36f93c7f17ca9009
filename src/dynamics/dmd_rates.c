/* dmd_rates: sets of eigenvalues and their functions of time. */
#include <string.h>

#include "dmd_priv.h"

evl_status evl_rates_plan(int most_basis, evl_arena *arena, evl_rates *rates) {
  *rates = (evl_rates){0};
  EVL_NEW(arena, rates->growth, most_basis);
  EVL_NEW(arena, rates->turn, most_basis);
  return EVL_OK;
}

void evl_rates_copy(evl_rates *to, const evl_rates *from) {
  to->n = from->n;
  to->n_basis = from->n_basis;
  memcpy(to->growth, from->growth, (size_t)from->n * sizeof *to->growth);
  memcpy(to->turn, from->turn, (size_t)from->n * sizeof *to->turn);
}

void evl_rates_at(const evl_rates *rates, double t, double *basis) {
  for (int i = 0; i < rates->n; i++) {
    const double size = exp(rates->growth[i] * t);
    *basis++ = size * cos(rates->turn[i] * t);
    if (evl_rate_is_pair(rates, i)) *basis++ = size * sin(rates->turn[i] * t);
  }
}

/* Blocks begin with an exponential and go on by a table of powers: two roundings a value, however long the series. */
void evl_rates_basis(const evl_rates *rates, int first, int n, double *basis, size_t ld) {
  enum { BLOCK = 16 };
  for (int i = 0; i < rates->n; i++) {
    const double g = rates->growth[i], w = rates->turn[i];
    const bool pair = evl_rate_is_pair(rates, i);
    double re[BLOCK], im[BLOCK];
    for (int k = 0; k < BLOCK; k++) {
      re[k] = exp(g * k) * cos(w * k);
      im[k] = exp(g * k) * sin(w * k);
    }
    for (int t = 0; t < n; t += BLOCK) {
      const double at = first + t, size = exp(g * at), c = size * cos(w * at), s = size * sin(w * at);
      const int length = n - t < BLOCK ? n - t : BLOCK;
      for (int k = 0; k < length; k++) basis[t + k] = c * re[k] - s * im[k];
      if (pair)
        for (int k = 0; k < length; k++) basis[ld + (size_t)(t + k)] = c * im[k] + s * re[k];
    }
    basis += pair ? 2 * ld : ld;
  }
}
