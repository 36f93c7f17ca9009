#include "simulate_priv.h"

#include <math.h>

/* x[t] = a1 x[t-1] - a2 x[t-2] + e[t], poles r exp(+-i w); its variance for white e of variance 1 is
   (1 + a2) / ((1 - a2) ((1 + a2)^2 - a1^2)) (Box & Jenkins, section 3.2.4). */
void evl_rhythm_design(double centre_hz, double width_hz, double fs_hz, evl_rhythm *r) {
  double pi = acos(-1.0), radius = exp(-pi * width_hz / fs_hz);
  *r = (evl_rhythm){.a1 = 2 * radius * cos(2 * pi * centre_hz / fs_hz), .a2 = radius * radius};
  double variance = (1 + r->a2) / ((1 - r->a2) * ((1 + r->a2) * (1 + r->a2) - r->a1 * r->a1));
  r->gain = 1 / sqrt(variance);
}

void evl_rhythm_run(evl_rhythm *r, double *s, size_t ld, int n) {
  for (int t = 0; t < n; t++) {
    double *x = s + (size_t)t * ld;
    for (int k = 0; k < EVL_HEAD_RHYTHM; k++) {
      double now = r->gain * x[k] + r->a1 * r->past[0][k] - r->a2 * r->past[1][k];
      r->past[1][k] = r->past[0][k];
      r->past[0][k] = now;
      x[k] = now;
    }
  }
}
