/* Simulation-based calibration of robinson (calibration_spectral.h), the distance to instability with it. Argument: number
   of draws (500). */
#include "../../src/dynamics/robinson_fit.c"
#include "calibration_spectral.h"

int main(int n_arguments, char **argument) {
  enum { FREQUENCIES = 177 };
  static study s = {.unknown = xyz_unknown, .n_extra = 1, .extra = {Q_DISTANCE}, .extra_name = {"distance"},
                    .dof = 140.0}; /* of five minutes in segments of 4 s */
  static double hz[FREQUENCIES];
  const int n = n_arguments > 1 ? atoi(argument[1]) : 500;
  evl_arena *arena = evl_arena_create();
  evl_params *p;
  static kernel k;
  evl_welch_sum sum = {.n = FREQUENCIES, .hz = hz};
  for (int i = 0; i < FREQUENCIES; i++) hz[i] = 1.0 + 0.25 * i;
  if (!arena || evl_params_default(params, arena, &p) != EVL_OK || plan_model(p, &k) != EVL_OK ||
      plan_grid(&k, &sum, arena) != EVL_OK)
    return 1;
  s.model = k.model;
  const int status = calibrate(&s, p, FREQUENCIES, hz[0], n, arena);
  evl_arena_free(arena);
  return status;
}
