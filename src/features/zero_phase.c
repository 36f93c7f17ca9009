/* zero_phase: forward-backward filtering of one window; one channel, or several abreast with the same bits. */
#include <string.h>

#include "features_priv.h"

/* One sample of every channel that runs abreast. */
typedef double lanes __attribute__((vector_size(8 * EVL_ZERO_PHASE_LANES), aligned(8), may_alias));

/* Defines, for samples that are doubles or lanes:
   settle_NAME: state of the sections (transposed direct form II) on which a constant input has settled;
   cascade_NAME: in place, from y[0] by steps of `stride`; sections run abreast so that their latencies overlap. */
#define CASCADE(name, sample)                                                                                    \
  static void settle_##name(const evl_biquad *section, int n_sections, sample input, sample(*state)[2]) {        \
    for (int s = 0; s < n_sections; s++) {                                                                       \
      const evl_biquad *q = &section[s];                                                                         \
      const sample output = input * (q->b0 + q->b1 + q->b2) / (1.0 + q->a1 + q->a2);                             \
      state[s][0] = output - q->b0 * input;                                                                      \
      state[s][1] = q->b2 * input - q->a2 * output;                                                              \
      input = output;                                                                                            \
    }                                                                                                            \
  }                                                                                                              \
                                                                                                                 \
  static void cascade_##name(const evl_biquad *section, int n_sections, sample *y, int n, ptrdiff_t stride) {    \
    sample state[EVL_MAX_SECTIONS][2];                                                                           \
    settle_##name(section, n_sections, y[0], state);                                                             \
    for (int t = 0; t < n; t++, y += stride) {                                                                   \
      sample v = *y;                                                                                             \
      for (int s = 0; s < n_sections; s++) {                                                                     \
        const evl_biquad *q = &section[s];                                                                       \
        const sample output = q->b0 * v + state[s][0];                                                           \
        state[s][0] = q->b1 * v - q->a1 * output + state[s][1];                                                  \
        state[s][1] = q->b2 * v - q->a2 * output;                                                                \
        v = output;                                                                                              \
      }                                                                                                          \
      *y = v;                                                                                                    \
    }                                                                                                            \
  }

CASCADE(one, double)
CASCADE(abreast, lanes)

/* Odd extension; sample t of the padded signal is at y[t * stride]. */
static void extend(const double *x, int n, int pad, double *y, ptrdiff_t stride) {
  for (int t = 0; t < pad; t++) {
    y[t * stride] = 2.0 * x[0] - x[pad - t];
    y[(pad + n + t) * stride] = 2.0 * x[n - 1] - x[n - 2 - t];
  }
  for (int t = 0; t < n; t++) y[(pad + t) * stride] = x[t];
}

void evl_zero_phase(const evl_biquad *section, int n_sections, const double *x, int n, int pad, double *y) {
  const int all = n + 2 * pad;
  extend(x, n, pad, y, 1);
  cascade_one(section, n_sections, y, all, 1);
  cascade_one(section, n_sections, y + all - 1, all, -1);
}

void evl_zero_phase_rows(const evl_biquad *section, int n_sections, const double *const *x, int n_rows, int n, int pad,
                         double *abreast, double *const *y) {
  const int all = n + 2 * pad;
  lanes *samples = (lanes *)abreast;
  for (int i = 0; i < EVL_ZERO_PHASE_LANES; i++)
    extend(x[i < n_rows ? i : 0], n, pad, abreast + i, EVL_ZERO_PHASE_LANES);
  cascade_abreast(section, n_sections, samples, all, 1);
  cascade_abreast(section, n_sections, samples + all - 1, all, -1);
  for (int i = 0; i < n_rows; i++)
    for (int t = 0; t < n; t++) y[i][t] = abreast[(size_t)(pad + t) * EVL_ZERO_PHASE_LANES + (size_t)i];
}
