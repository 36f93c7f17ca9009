/* What differs between subjects, drawn from (seed, the subject's id, the name of the truth): nobody else's draws
   matter. */
#include "simulate_priv.h"

#include <math.h>

#define CUT_SD 2.5 /* normal draws end here, inside what the generators can make */

double evl_draw_normal(uint64_t seed, const char *id, const char *what) {
  evl_random random;
  evl_random_begin(&random, seed, id, what, 0);
  return fmin(CUT_SD, fmax(-CUT_SD, evl_random_normal(&random)));
}

double evl_draw_uniform(uint64_t seed, const char *id, const char *what) {
  evl_random random;
  evl_random_begin(&random, seed, id, what, 0);
  return evl_random_uniform(&random);
}

evl_status evl_draw_pair(const evl_params *params, const char *name, double pair[2]) {
  const evl_value *v = evl_params_value(params, name);
  pair[0] = pair[1] = 0;
  if (v->n != 2) return evl_fail(EVL_USAGE, "%s: expected two numbers, found %d", name, v->n);
  pair[0] = v->reals[0];
  pair[1] = v->reals[1];
  return EVL_OK;
}

evl_status evl_draw_linear(const evl_params *params, const char *name, uint64_t seed, const char *id, double *value,
                           double *z) {
  double pair[2];
  EVL_TRY(evl_draw_pair(params, name, pair));
  *z = evl_draw_normal(seed, id, name);
  *value = pair[0] + pair[1] * *z;
  return EVL_OK;
}

evl_status evl_draw_exponent(const evl_params *params, const char *name, uint64_t seed, const char *id, double *value,
                             double *z) {
  double pair[2];
  EVL_TRY(evl_draw_pair(params, name, pair));
  double low = pair[0] - CUT_SD * pair[1], high = pair[0] + CUT_SD * pair[1];
  if (low <= 0 || high >= 2)
    return evl_fail(EVL_USAGE, "%s: mean +- 2.5 sd must lie between 0 and 2, found %g to %g", name, low, high);
  return evl_draw_linear(params, name, seed, id, value, z);
}

evl_status evl_draw_logarithmic(const evl_params *params, const char *name, uint64_t seed, const char *id,
                                double *value, double *z) {
  double pair[2];
  EVL_TRY(evl_draw_pair(params, name, pair));
  *z = evl_draw_normal(seed, id, name);
  *value = pair[0] * exp(pair[1] * *z);
  return EVL_OK;
}

/* z is uniform with sd 1; 0 where there is nothing to draw. */
evl_status evl_draw_between(const evl_params *params, const char *name, uint64_t seed, const char *id, double *value,
                            double *z) {
  double pair[2];
  EVL_TRY(evl_draw_pair(params, name, pair));
  if (pair[0] > pair[1])
    return evl_fail(EVL_USAGE, "%s: expected lowest <= highest, found (%g, %g)", name, pair[0], pair[1]);
  double u = evl_draw_uniform(seed, id, name);
  *z = pair[1] > pair[0] ? (u - 0.5) * sqrt(12) : 0;
  *value = pair[0] + (pair[1] - pair[0]) * u;
  return EVL_OK;
}
