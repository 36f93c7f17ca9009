/* band_bins: the frequencies of a grid that fall into an entry's bands. */
#include <string.h>

#include "bands_priv.h"

evl_status evl_band_bins_find(const evl_params *params, double fs_hz, int length, const char *entry,
                              evl_band_bins *bins) {
  const evl_value *bands = evl_params_value(params, "bands");
  const bool closed = !strcmp(evl_params_string(params, "edges"), "closed");
  const double step_hz = fs_hz / length, slack = 1e-9; /* of a bin: edges that are bins count as such */
  for (int b = 0; b < bands->n; b++) {
    const evl_band *band = &bands->bands[b];
    const double high = band->high_hz / step_hz;
    bins[b] = (evl_band_bins){0, 0};
    if (band->high_hz > fs_hz / 2.0 * (1.0 + 1e-12)) continue;
    bins[b].first = (int)ceil(band->low_hz / step_hz - slack);
    bins[b].end = (int)(closed ? floor(high + slack) + 1.0 : ceil(high - slack));
    if (bins[b].first >= bins[b].end)
      return evl_fail(EVL_USAGE, "%s.bands: %s (%g to %g Hz) is too narrow for frequencies %g Hz apart", entry,
                      band->name, band->low_hz, band->high_hz, step_hz);
  }
  return EVL_OK;
}

double evl_near_one(const double *x, int n) {
  enum { LANES = 16 };
  double lane[LANES] = {0}, largest = 0.0;
  int t = 0;
  for (; t + LANES <= n; t += LANES)
    for (int i = 0; i < LANES; i++) {
      const double far = fabs(x[t + i] - x[0]);
      lane[i] = far > lane[i] ? far : lane[i];
    }
  for (; t < n; t++) largest = fmax(largest, fabs(x[t] - x[0]));
  for (int i = 0; i < LANES; i++) largest = fmax(largest, lane[i]);
  return largest > 0.0 ? ldexp(1.0, -ilogb(largest)) : 1.0;
}
