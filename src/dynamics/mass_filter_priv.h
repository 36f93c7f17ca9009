/* mass_filter_priv: Kalman filter of a neural mass whose synaptic gains drift (Freestone et al. 2014,
   doi:10.3389/fnins.2014.00383; Karoly et al. 2018, doi:10.1371/journal.pcbi.1006403). Mean and covariance go
   through the error-function sigmoid exactly, as those of a Gaussian state do. */
#ifndef EVEIL_MASS_FILTER_PRIV_H
#define EVEIL_MASS_FILTER_PRIV_H

#include "fit_priv.h"

/* Synapses: pyramidal cells to excitatory, pyramidal to inhibitory, excitatory to pyramidal, inhibitory to
   pyramidal. Each has a potential and tau times its derivative (mV); then the mean input to pyramidal cells (mV);
   then the gains: what the potential would be if the cells before fired at their most, mV (A / a C 2 e0 of Jansen &
   Rit); then what the observation has more than the pyramidal cells' potential, mV: EEG knows no zero. */
enum { EVL_SYNAPSES = 4, EVL_FILTER_INPUT = 8, EVL_FILTER_GAIN = 9, EVL_FILTER_OFFSET = 13, EVL_FILTER_STATES = 14,
       EVL_FILTER_LD = 16 };

typedef struct evl_mass_filter {
  /* given */
  double dt_s, tau_s[EVL_SYNAPSES];
  double threshold_mv, spread_mv;              /* of the sigmoid Phi((v - threshold) / spread) */
  double q_rush, q_input, q_gain[EVL_SYNAPSES]; /* mV^2 a step: noise of synapse ep; walks */
  double r;                                    /* mV^2: noise of the observation */
  /* state */
  double mean[EVL_FILTER_LD], p[EVL_FILTER_STATES][EVL_FILTER_LD];
  /* by begin */
  double a[EVL_SYNAPSES][2][2], b[EVL_SYNAPSES][2]; /* of a step, exact for a constant rate */
} evl_mass_filter;

/* Fills a and b, the state with those gains [4] and their sd as shares [4], at rest at the threshold; offset 0 with
   that sd. */
void evl_mass_filter_begin(evl_mass_filter *filter, const double *gain_mv, const double *gain_share, double offset_mv);
/* One step ahead. */
void evl_mass_filter_predict(evl_mass_filter *filter);
/* The pyramidal cells' potential and the offset are observed as y, with noise of inflation * r; returns the
   innovation and its variance. Gains stay 0 or more. */
double evl_mass_filter_update(evl_mass_filter *filter, double y, double inflation, double *variance);

/* Moments of h_n = gain_n Phi((m - threshold) / spread), m the potential before synapse n, of the present state:
   mean [4], covariance [4][4], covariance with the state [4][EVL_FILTER_LD]. */
void evl_mass_filter_moments(const evl_mass_filter *filter, double *mean, double covariance[EVL_SYNAPSES][EVL_SYNAPSES],
                             double with_state[EVL_SYNAPSES][EVL_FILTER_LD]);

#endif
