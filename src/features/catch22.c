/* catch22: 22 canonical features of a time series, with its mean and standard deviation. */
#include "catch22_priv.h"

static const evl_param params[] = {{0}};

#define MOST EVL_ANY_MAX
#define OUTPUT(name, unit, low, high, text) {name, EVL_PER_CHANNEL, NULL, false, unit, low, high, text}

static const evl_output outputs[] = {
    OUTPUT("mode_5", "1", -MOST, MOST, "DN_HistogramMode_5: middle of the fullest of 5 bins of the z-scored series."),
    OUTPUT("mode_10", "1", -MOST, MOST, "DN_HistogramMode_10: the same of 10 bins."),
    OUTPUT("acf_timescale", "samples", 0.0, MOST, "CO_f1ecac: lag at which the autocorrelation falls below 1/e."),
    OUTPUT("acf_first_min", "samples", 0.0, MOST, "CO_FirstMin_ac: first minimum of the autocorrelation."),
    OUTPUT("ami2", "nats", -MOST, MOST, "CO_HistogramAMI_even_2_5: mutual information at lag 2, 5 bins."),
    OUTPUT("trev", "1", -MOST, MOST, "CO_trev_1_num: mean cube of differences; 0 for time-reversible series."),
    OUTPUT("high_fluctuation", "1", 0.0, 1.0, "MD_hrv_classic_pnn40: share of differences over 0.04 sd."),
    OUTPUT("stretch_high", "samples", 0.0, MOST, "SB_BinaryStats_mean_longstretch1: longest stretch above the mean."),
    OUTPUT("transition_matrix", "1", 0.0, MOST,
           "SB_TransitionMatrix_3ac_sumdiagcov: spread of the transitions between thirds, at the first zero of the "
           "autocorrelation."),
    OUTPUT("periodicity", "samples", 0.0, MOST,
           "PD_PeriodicityWang_th0_01: first clear peak of the autocovariance of the detrended series; 0: none."),
    OUTPUT("embedding_dist", "1", 0.0, MOST,
           "CO_Embed2_Dist_tau_d_expfit_meandiff: deviation of distances in a two-dimensional embedding from an "
           "exponential distribution."),
    OUTPUT("ami_timescale", "samples", 0.0, MOST,
           "IN_AutoMutualInfoStats_40_gaussian_fmmi: first minimum of the Gaussian mutual information, at most 40."),
    OUTPUT("whiten_timescale", "1", 0.0, MOST,
           "FC_LocalSimple_mean1_tauresrat: first zero of the autocorrelation of differences over that of the series."),
    OUTPUT("outlier_timing_pos", "1", -1.0, 1.0,
           "DN_OutlierInclude_p_001_mdrmd: place of large positive values, -1 at the start, 1 at the end."),
    OUTPUT("outlier_timing_neg", "1", -1.0, 1.0, "DN_OutlierInclude_n_001_mdrmd: the same of negative ones."),
    OUTPUT("low_freq_power", "1", 0.0, MOST,
           "SP_Summaries_welch_rect_area_5_1: power in the lowest fifth of frequencies."),
    OUTPUT("stretch_decreasing", "samples", 0.0, MOST,
           "SB_BinaryStats_diff_longstretch0: longest stretch of falling steps."),
    OUTPUT("entropy_pairs", "nats", 0.0, MOST, "SB_MotifThree_quantile_hh: entropy of successive pairs of thirds."),
    OUTPUT("rs_range", "1", 0.0, 1.0,
           "SC_FluctAnal_2_rsrangefit_50_1_logi_prop_r1: where the scaling of detrended ranges breaks."),
    OUTPUT("dfa", "1", 0.0, 1.0, "SC_FluctAnal_2_dfa_50_1_2_logi_prop_r1: where the scaling of fluctuations breaks."),
    OUTPUT("centroid_freq", "rad/sample", 0.0, 3.14159265359,
           "SP_Summaries_welch_rect_centroid: frequency that halves the power."),
    OUTPUT("forecast_error", "1", 0.0, MOST, "FC_LocalSimple_mean3_stderr: error of the mean of three as forecast."),
    OUTPUT("mean", "uV", -MOST, MOST, "DN_Mean: of the series itself."),
    OUTPUT("SD", "uV", 0.0, MOST, "DN_Spread_Std: of the series itself, n - 1."),
    {0}};

enum { OUTPUTS = sizeof outputs / sizeof *outputs - 1 };

double evl_catch22_sum(const double *x, int n) {
  double sum = 0.0;
  for (int t = 0; t < n; t++) sum += x[t];
  return sum;
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  (void)p;
  evl_catch22 *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n = shape->n_samples;
  EVL_TRY(evl_catch22_plan_correlation(k, arena));
  EVL_TRY(evl_catch22_plan_fluctuation(k, arena));
  const size_t n = (size_t)k->n, levels = 2 * (size_t)evl_catch22_levels(k->n);
  evl_scratch_plan(products, (3 * n + EVL_CATCH22_SPARE + levels) * sizeof(double) + n);
  *planned = k;
  return EVL_OK;
}

/* y = (x - mean) / sd, both by sums in the order of time; false where that is not possible. */
static bool z_score(const double *x, int n, double *y, double *mean, double *sd) {
  double squares = 0.0;
  *mean = evl_catch22_sum(x, n) / n;
  for (int t = 0; t < n; t++) squares += (x[t] - *mean) * (x[t] - *mean);
  *sd = sqrt(squares / (n - 1));
  if (!(*sd > 0.0) || !isfinite(*sd)) return false;
  for (int t = 0; t < n; t++) y[t] = (x[t] - *mean) / *sd;
  return true;
}

static void run_channel(evl_catch22 *k, double mean, double sd, double value[OUTPUTS]) {
  double low_freq_power, centroid_freq;
  k->first_zero = evl_catch22_first_zero(k->acf, k->n);
  k->mean = evl_catch22_sum(k->y, k->n) / k->n;
  evl_catch22_range(k->y, k->n, &k->low, &k->high);
  evl_catch22_spectrum(k, &low_freq_power, &centroid_freq);
  const double all[OUTPUTS] = {
      evl_catch22_mode(k, 5), evl_catch22_mode(k, 10), evl_catch22_acf_timescale(k), evl_catch22_acf_first_min(k),
      evl_catch22_ami2(k), evl_catch22_trev(k), evl_catch22_high_fluctuation(k), evl_catch22_stretch_high(k),
      evl_catch22_transition_matrix(k), evl_catch22_periodicity(k), evl_catch22_embedding_dist(k),
      evl_catch22_ami_timescale(k), evl_catch22_whiten_timescale(k), evl_catch22_outlier_timing(k, 1.0),
      evl_catch22_outlier_timing(k, -1.0), low_freq_power, evl_catch22_stretch_decreasing(k),
      evl_catch22_entropy_pairs(k), evl_catch22_rs_range(k), evl_catch22_dfa(k), centroid_freq,
      evl_catch22_forecast_error(k), mean, sd};
  for (int i = 0; i < OUTPUTS; i++) value[i] = all[i];
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  evl_catch22 *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  double *y = evl_scratch(k->products), mean, sd, value[OUTPUTS];
  k->y = y;
  k->work = y + k->n;
  k->level = k->work + 2 * (size_t)k->n + EVL_CATCH22_SPARE;
  k->letter = (uint8_t *)(k->level + 2 * (size_t)evl_catch22_levels(k->n));
  if (k->n < 2) return;
  for (int c = 0; c < window->n_channels; c++) {
    if (!usable[c] || !z_score(window->x + (size_t)c * window->ld, k->n, y, &mean, &sd)) continue;
    k->acf = evl_autocorrelation_channel(k->autocorrelation, window, c);
    run_channel(k, mean, sd, value);
    for (int i = 0; i < OUTPUTS; i++) evl_put(out, (size_t)(i * window->n_channels + c), value[i]);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  (void)p;
  return shape->n_channels * (evl_correlator_cost_us(shape->n_samples, shape->n_samples) + 0.3 * shape->n_samples);
}

const evl_entry evl_feature_catch22 = {
    .name = "catch22",
    .summary = "catch22: 22 canonical features of a time series, and its mean and standard deviation.",
    .definition = "Each feature as published, of the series z-scored with n - 1; names and order of pycatch22 "
                  "(catch24). Like pycatch22, and not like the program that reads files, all features get the z-scored "
                  "series and mean and SD the series itself. Lags that are not found are the length of the series, "
                  "periodicity without a peak, rs_range and dfa of fewer than 12 box lengths (below about 34 samples), "
                  "embedding_dist without spread and outlier_timing without outliers are 0, as there. What pycatch22 "
                  "returns for constant series (0 or NaN) is undefined here.",
    .cite = "Lubba et al. 2019, doi:10.1007/s10618-019-00647-x, table 1",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_ORDER,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
