/* Step band: Butterworth band-, high- or low-pass, applied forward and backward. */
#include "conditioning_priv.h"

const evl_param evl_step_band_params[] = {
  {"band_hz", EVL_REALS, "(0.5, 45.0)", 0.0, 1e6, NULL, "Hz",
   "edges (low, high) of the band kept; 0 as low or high leaves that end open, () leaves out the step"},
  {"band_order", EVL_INT, "4", 1, 8, NULL, "",
   "order of the Butterworth design (scipy.signal.butter's N); forward and backward together act as twice that"},
  {0}};

const evl_step evl_step_band = {
  .name = "band",
  .summary = "zero-phase Butterworth band-pass",
  .definition = "y = reverse(B(reverse(B(x)))) with the Butterworth sections B of order N: gain |H(f)|^2, one half at "
                "both edges (-6 dB), phase 0. Bilinear transform with prewarped edges. At the edges of a stretch x is "
                "continued oddly, 2 x[edge] - x[mirrored], by the memory of the filter (slowest pole below 1e-12).",
  .cite = "Oppenheim & Schafer 2010, Discrete-Time Signal Processing, 3rd ed., sections 7.2 and B.1",
  .version = 1,
  .params = evl_step_band_params};

evl_status evl_band_edges(const evl_params *params, double *low_hz, double *high_hz) {
  const evl_value *band = evl_params_value(params, "band_hz");
  *low_hz = *high_hz = 0.0;
  if (band->n == 0) return EVL_OK;
  if (band->n != 2)
    return evl_fail(EVL_USAGE, "conditioning.band_hz: expected two numbers (low, high) or (), found %d", band->n);
  *low_hz = band->reals[0];
  *high_hz = band->reals[1];
  if (*high_hz != 0.0 && !(*low_hz < *high_hz))
    return evl_fail(EVL_USAGE, "conditioning.band_hz: expected low < high, found (%g, %g)", *low_hz, *high_hz);
  return EVL_OK;
}

evl_status evl_band_sections(const evl_params *params, double fs_hz, double top_hz, evl_biquad *section, int *n) {
  double low_hz, high_hz;
  *n = 0;
  EVL_TRY(evl_band_edges(params, &low_hz, &high_hz));
  double edge_hz = high_hz > 0.0 ? high_hz : low_hz;
  if (edge_hz == 0.0) return EVL_OK;
  if (!(edge_hz < top_hz))
    return evl_fail(EVL_USAGE, "conditioning.band_hz: edge %g Hz is not below %g Hz, the Nyquist frequency of "
                               "the recording or of resample_hz", edge_hz, top_hz);
  int order = (int)evl_params_int(params, "band_order");
  if (low_hz > 0.0 && high_hz > 0.0) return evl_butterworth_band(order, low_hz, high_hz, fs_hz, section, n);
  if (high_hz > 0.0) return evl_butterworth_low(order, high_hz, fs_hz, section, n);
  return evl_butterworth_high(order, low_hz, fs_hz, section, n);
}

double evl_band_removed(const evl_params *params, double fs_hz) {
  evl_biquad section[EVL_MAX_SECTIONS];
  double low_hz, high_hz;
  int n;
  if (evl_band_edges(params, &low_hz, &high_hz) != EVL_OK || high_hz == 0.0 ||
      evl_band_sections(params, fs_hz, 0.5 * fs_hz, section, &n) != EVL_OK) {
    evl_error_clear();
    return INFINITY;
  }
  double kept = high_hz, removed = 0.5 * fs_hz;
  for (int i = 0; i < 30; i++) {
    double middle = 0.5 * (kept + removed), gain = evl_biquad_gain(section, n, middle, fs_hz);
    *(gain * gain < 1e-5 ? &removed : &kept) = middle;
  }
  return removed;
}
