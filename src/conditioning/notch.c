/* Step notch: the power line and its harmonics, applied forward and backward. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conditioning_priv.h"

const evl_param evl_step_notch_params[] = {
  {"notch", EVL_STRING, "\"auto\"", 0, 0, "auto|none|50|60", "Hz",
   "power line to remove with its harmonics; auto: as found in the recording or told by its sidecar"},
  {"notch_width_hz", EVL_REAL, "1.0", 0.1, 10.0, NULL, "Hz",
   "full width of each notch at -6 dB (forward and backward together)"},
  {"notch_method", EVL_STRING, "\"notch\"", 0, 0, "notch|regression", "",
   "notch: a filter; regression: sinusoids fitted to the line as it drifts are subtracted, and 1 Hz beside it nothing "
   "changes"},
  {0}};

const evl_step evl_step_notch = {
  .name = "notch",
  .summary = "power line and its harmonics, by zero-phase notches or by regression of sinusoids",
  .definition = "Second-order notches at k f_line, all of the same width w in Hz (Q = k f_line / w), below the Nyquist "
                "frequency of input and output, applied forward and backward: gain |H|^2, 0 at the line, 1/2 at w/2 "
                "from it, 0.80 at w from it. Harmonics that the band-pass leaves below 1e-4 get no notch. "
                "regression: the line's frequency f is measured over the recording's segments; behind the filters, "
                "sinusoids at k f whose amplitude and phase follow a polynomial of degree 2 are fitted in windows of "
                "4 s (Hann), one a second at fixed places of the stretch, and subtracted, each fit fading into the "
                "next.",
  .cite = "Orfanidis 1996, Introduction to Signal Processing, eq. 11.3.19; Mitra & Bokil 2007, Observed Brain "
          "Dynamics, section 7.3.4",
  .version = 2,
  .params = evl_step_notch_params};

bool evl_notch_fits(const evl_params *params) {
  return strcmp(evl_params_string(params, "notch_method"), "regression") == 0;
}

/* What was measured near 50 or 60 Hz is that. */
static double nominal(double line_hz) {
  if (fabs(line_hz - 50.0) < 0.5) return 50.0;
  return fabs(line_hz - 60.0) < 0.5 ? 60.0 : line_hz;
}

evl_status evl_notch_lines(const evl_params *params, double line_hz, double fs_hz, double top_hz,
                           const evl_biquad *band, int n_band, bool exact, double *hz, int *n) {
  const char *notch = evl_params_string(params, "notch");
  double width_hz = evl_params_real(params, "notch_width_hz");
  *n = 0;
  if (strcmp(notch, "none") == 0) return EVL_OK;
  if (strcmp(notch, "auto") != 0 && nominal(line_hz) != strtod(notch, NULL)) line_hz = strtod(notch, NULL);
  if (line_hz == 0.0) return EVL_OK;
  if (!(line_hz >= 10.0))
    return evl_fail(EVL_USAGE, "line frequency: expected 0, 50 or 60 Hz, found %g Hz", line_hz);
  if (!exact) line_hz = nominal(line_hz);
  for (int k = 1; k * line_hz + 0.5 * width_hz < top_hz; k++) {
    double gain = evl_biquad_gain(band, n_band, k * line_hz, fs_hz);
    if (gain * gain < 1e-4) continue;
    if (*n == EVL_MAX_SECTIONS)
      return evl_fail(EVL_USAGE, "conditioning.notch: more than %d harmonics of %g Hz below %g Hz; close band_hz at "
                                 "its upper end or choose a lower resample_hz", EVL_MAX_SECTIONS, line_hz, top_hz);
    hz[(*n)++] = k * line_hz;
  }
  return EVL_OK;
}

evl_status evl_notch_sections(const evl_params *params, double line_hz, double fs_hz, double top_hz,
                              const evl_biquad *band, int n_band, evl_biquad *section, int *n) {
  double hz[EVL_MAX_SECTIONS], width_hz = evl_params_real(params, "notch_width_hz");
  EVL_TRY(evl_notch_lines(params, line_hz, fs_hz, top_hz, band, n_band, false, hz, n));
  for (int k = 0; k < *n; k++) section[k] = evl_notch_design(hz[k], hz[k] / width_hz, fs_hz);
  return EVL_OK;
}
