/* aperiodic_priv: a log-spectrum as an aperiodic curve with Gaussian peaks on it. */
#ifndef EVEIL_APERIODIC_PRIV_H
#define EVEIL_APERIODIC_PRIV_H

#include "features_priv.h"

typedef struct evl_gaussian { double centre_hz, height, sd_hz; } evl_gaussian;

typedef struct evl_aperiodic_settings {
  bool knee;
  int max_peaks;
  double low_width_hz, high_width_hz; /* of peaks: two standard deviations */
  double min_height, threshold;       /* in log10 power; in standard deviations of the flattened spectrum */
  double tolerance;                   /* of the optimiser */
} evl_aperiodic_settings;

typedef struct evl_aperiodic_fit {
  double offset, knee, exponent;
  int n_peaks;
  const evl_gaussian *peak; /* [n_peaks] by centre, valid until the next run */
  const double *flat;       /* [n] modelled height of all peaks */
  double error, r2;         /* mean absolute difference, squared correlation of model and spectrum */
} evl_aperiodic_fit;

typedef struct evl_aperiodic evl_aperiodic;
/* Spectra of n frequencies hz, ascending and positive, n >= 3; hz must live as long. */
evl_status evl_aperiodic_plan(const evl_aperiodic_settings *settings, const double *hz, int n, evl_arena *arena,
                              evl_aperiodic **model) EVL_MUST_USE;
/* log_power [n], log10. Errors: EVL_NUMERIC where the optimiser did not end. */
evl_status evl_aperiodic_run(evl_aperiodic *model, const double *log_power, evl_aperiodic_fit *fit) EVL_MUST_USE;

#endif
