/* What stands between the electrodes and the file: gain and the amplifier's filters. */
#include "simulate_priv.h"

enum { HIGH_PASS_ORDER = 1 /* a coupling capacitor */, LOW_PASS_ORDER = 4 };

struct evl_device {
  double gain;
  int n_sections;
  evl_biquad section[EVL_MAX_SECTIONS];
  double past[EVL_MAX_SECTIONS][EVL_HEAD_CHANNELS][2];
};

evl_status evl_device_plan(const evl_site *site, evl_arena *arena, evl_device **device) {
  evl_device *d;
  int n = 0;
  EVL_NEW(arena, d, 1);
  d->gain = site->gain;
  if (site->high_pass_hz > 0) {
    EVL_TRY(evl_butterworth_high(HIGH_PASS_ORDER, site->high_pass_hz, site->fs_hz, d->section, &n));
    d->n_sections = n;
  }
  if (site->low_pass_hz > 0) {
    EVL_TRY(evl_butterworth_low(LOW_PASS_ORDER, site->low_pass_hz, site->fs_hz, d->section + d->n_sections, &n));
    d->n_sections += n;
  }
  *device = d;
  return EVL_OK;
}

/* Transposed direct form II. */
static void filter(const evl_biquad *s, double past[2], double *x, int n) {
  double p = past[0], q = past[1];
  for (int t = 0; t < n; t++) {
    double in = x[t], out = s->b0 * in + p;
    p = s->b1 * in - s->a1 * out + q;
    q = s->b2 * in - s->a2 * out;
    x[t] = out;
  }
  past[0] = p;
  past[1] = q;
}

void evl_device_run(evl_device *d, double *x, size_t ld, int n) {
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double *row = x + (size_t)c * ld;
    for (int t = 0; t < n; t++) row[t] *= d->gain;
    for (int s = 0; s < d->n_sections; s++) filter(&d->section[s], d->past[s][c], row, n);
  }
}

int64_t evl_device_memory(const evl_device *d) {
  return d->n_sections ? evl_biquad_margin(d->section, d->n_sections, 1e-12) : 0;
}
