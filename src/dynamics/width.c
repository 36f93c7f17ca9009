/* width: how wide the windows of a weak form are.

   Narrow windows leave more noise in the products of rows, wide ones smooth away what tells the terms apart. Both show in
   the covariance of the coefficients: the width is the one of the least mean log variance of the coefficients of all
   terms (D-optimality). Narrower than 6 samples the trapezoids err; wider than what leaves three blocks a term the
   covariance is too badly known; of large libraries only the lower degrees take part, whose best width is much the same. */
#include <string.h>

#include "weak_priv.h"

enum { NARROWEST = 6, MOST_TERMS = 50, MOST_BLOCKS = 200, FEWEST_BLOCKS = 40, BLOCKS_A_TERM = 3 };
static const double WIDER = 1.45;      /* from one width to the next */
static const double HOPELESS = 1.5;    /* so much worse than the best that wider ones need no trial */

struct evl_width {
  evl_weak *weak;
  evl_choice *choice;
  int n_samples, most_half;
};

evl_status evl_width_plan(const evl_library_spec *spec, double dt_s, int most_half, int most_series, int n_samples,
                          evl_arena *arena, evl_width **width) {
  evl_width *w;
  evl_library *library;
  evl_library_spec small = *spec;
  EVL_NEW(arena, w, 1);
  EVL_TRY(evl_library_plan(&small, arena, &library));
  while (evl_library_terms(library) > MOST_TERMS && small.degree > 1) {
    small.degree--;
    EVL_TRY(evl_library_plan(&small, arena, &library));
  }
  int blocks = BLOCKS_A_TERM * evl_library_terms(library);
  if (blocks < FEWEST_BLOCKS) blocks = FEWEST_BLOCKS;
  if (blocks > MOST_BLOCKS) blocks = MOST_BLOCKS;
  const int widest = n_samples / (4 * blocks);
  w->n_samples = n_samples;
  w->most_half = most_half < widest ? most_half : widest;
  if (w->most_half < NARROWEST) w->most_half = NARROWEST < most_half ? NARROWEST : most_half;
  EVL_TRY(evl_weak_plan(&(evl_weak_spec){.library = library, .dt_s = dt_s, .most_half = w->most_half,
                                         .most_blocks = MOST_BLOCKS}, most_series, arena, &w->weak));
  EVL_TRY(evl_choice_plan(evl_library_terms(library), spec->n_states, MOST_BLOCKS + most_series, arena, &w->choice));
  *width = w;
  return EVL_OK;
}

static double variance_at(evl_width *w, int half, const evl_series *series, int n_series, const double *noise_sd) {
  evl_weak_begin(w->weak, half, w->n_samples, noise_sd);
  for (int s = 0; s < n_series; s++)
    if (evl_weak_add(w->weak, series[s].z, series[s].ld, series[s].first, series[s].n) != EVL_FIT_DONE) return INFINITY;
  return evl_choice_variance(w->choice, w->weak);
}

int evl_width_choose(evl_width *w, const evl_series *series, int n_series, const double *noise_sd) {
  enum { MOST = 32 };
  int half[MOST], n = 0, chosen = 0;
  double variance[MOST], best = INFINITY;
  for (double h = NARROWEST; n < MOST && round(h) <= w->most_half; h *= WIDER) {
    half[n] = (int)round(h);
    variance[n] = variance_at(w, half[n], series, n_series, noise_sd);
    best = fmin(best, variance[n++]);
    if (variance[n - 1] > best + HOPELESS) break;
  }
  if (n == 0 || !isfinite(best)) return w->most_half < NARROWEST ? w->most_half : NARROWEST;
  while (variance[chosen] > best) chosen++;
  return half[chosen];
}
