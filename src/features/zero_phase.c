/* zero_phase: forward-backward filtering of one window. */
#include <string.h>

#include "features_priv.h"

/* State of a section (transposed direct form II) on which a constant input has settled. */
static void settle(const evl_biquad *section, int n_sections, double input, double (*state)[2]) {
  for (int s = 0; s < n_sections; s++) {
    const evl_biquad *q = &section[s];
    const double output = input * (q->b0 + q->b1 + q->b2) / (1.0 + q->a1 + q->a2);
    state[s][0] = output - q->b0 * input;
    state[s][1] = q->b2 * input - q->a2 * output;
    input = output;
  }
}

/* In place, from y[0] by steps of `stride`; sections run abreast so that their latencies overlap. */
static void cascade(const evl_biquad *section, int n_sections, double *y, int n, ptrdiff_t stride) {
  double state[EVL_MAX_SECTIONS][2];
  settle(section, n_sections, y[0], state);
  for (int t = 0; t < n; t++, y += stride) {
    double v = *y;
    for (int s = 0; s < n_sections; s++) {
      const evl_biquad *q = &section[s];
      const double output = q->b0 * v + state[s][0];
      state[s][0] = q->b1 * v - q->a1 * output + state[s][1];
      state[s][1] = q->b2 * v - q->a2 * output;
      v = output;
    }
    *y = v;
  }
}

void evl_zero_phase(const evl_biquad *section, int n_sections, const double *x, int n, int pad, double *y) {
  for (int t = 0; t < pad; t++) {
    y[t] = 2.0 * x[0] - x[pad - t];
    y[pad + n + t] = 2.0 * x[n - 1] - x[n - 2 - t];
  }
  memcpy(y + pad, x, (size_t)n * sizeof *x);
  const int all = n + 2 * pad;
  cascade(section, n_sections, y, all, 1);
  cascade(section, n_sections, y + all - 1, all, -1);
}
