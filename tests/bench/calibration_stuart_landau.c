/* Simulation-based calibration of stuart_landau (calibration_spectral.h), sigma and rms with it. Argument: number of draws
   (500). */
#include "../../src/dynamics/stuart_landau.c"
#include "calibration_spectral.h"

int main(int n_arguments, char **argument) {
  static study s = {.unknown = unknown, .n_extra = 2, .extra = {Q_SIGMA, Q_RMS}, .extra_name = {"sigma", "rms"},
                    .dof = 110.0}; /* of four minutes in segments of 4 s */
  const int n = n_arguments > 1 ? atoi(argument[1]) : 500;
  evl_arena *arena = evl_arena_create();
  evl_params *p;
  if (!arena || evl_params_default(params, arena, &p) != EVL_OK || plan_model(p, &s.model) != EVL_OK) return 1;
  const int status = calibrate(&s, p, 133, 2.0, n, arena);
  evl_arena_free(arena);
  return status;
}
