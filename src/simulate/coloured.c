#include "simulate_priv.h"

#include <math.h>

#define LOWEST_HZ 0.1

double evl_coloured_power(const evl_coloured *b, double hz, double fs_hz) {
  double c = cos(2 * acos(-1.0) * hz / fs_hz), power = b->gain * b->gain;
  for (int j = 0; j < EVL_COLOURED_STAGES; j++)
    power *= (1 - 2 * b->zero[j] * c + b->zero[j] * b->zero[j]) / (1 - 2 * b->pole[j] * c + b->pole[j] * b->pole[j]);
  return power;
}

/* By Simpson's rule in the logarithm of frequency. */
double evl_coloured_band(const evl_coloured *b, double low_hz, double high_hz, double fs_hz) {
  enum { STEPS = 512 };
  double step = log(high_hz / low_hz) / STEPS, sum = 0;
  for (int i = 0; i <= STEPS; i++) {
    double hz = low_hz * exp(i * step), weight = i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2;
    sum += weight * hz * evl_coloured_power(b, hz, fs_hz);
  }
  return sum * step / 3 * 2 / fs_hz;
}

void evl_coloured_design(double chi, double fs_hz, evl_coloured *b) {
  double ratio = pow(fs_hz / LOWEST_HZ, 1.0 / EVL_COLOURED_STAGES), turn = 2 * acos(-1.0) / fs_hz;
  *b = (evl_coloured){.gain = 1};
  for (int j = 0; j < EVL_COLOURED_STAGES; j++) {
    b->pole[j] = exp(-turn * LOWEST_HZ * pow(ratio, j + 0.5 - chi / 4));
    b->zero[j] = exp(-turn * LOWEST_HZ * pow(ratio, j + 0.5 + chi / 4));
  }
  b->gain = 1 / sqrt(evl_coloured_band(b, 0.5, fmin(45, fs_hz / 2), fs_hz));
}

void evl_coloured_run(evl_coloured *b, double *s, size_t ld, int n) {
  for (int t = 0; t < n; t++) {
    double *x = s + (size_t)t * ld;
    for (int j = 0; j < EVL_COLOURED_STAGES; j++) {
      double pole = b->pole[j], zero = b->zero[j], *in = b->in[j], *out = b->out[j];
      for (int k = 0; k < EVL_HEAD_BACKGROUND; k++) {
        out[k] = x[k] - zero * in[k] + pole * out[k];
        in[k] = x[k];
        x[k] = out[k];
      }
    }
    for (int k = 0; k < EVL_HEAD_BACKGROUND; k++) x[k] *= b->gain;
  }
}
