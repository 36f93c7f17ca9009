#include "patterns_priv.h"

struct evl_quiet {
  evl_cortex *cortex;
  double most_uv;
};

#define EXPONENT 1.0
#define RMS_SHARE 0.6 /* of most_uv: bends the peaks only */

evl_status evl_quiet_plan(double limit_uv, const evl_making *making, evl_arena *arena, evl_quiet **quiet) {
  evl_quiet *q;
  EVL_NEW(arena, q, 1);
  q->most_uv = limit_uv / 4;
  evl_cortex_spec spec = {
      .purpose = "quiet", .exponent = EXPONENT, .edge_hz = {0.5, 0}, .background_uv = RMS_SHARE * q->most_uv};
  *quiet = q;
  return evl_cortex_plan(&spec, making, arena, &q->cortex);
}

/* x / most -> x (27 + x^2) / (27 + 9 x^2), a Pade form of tanh that reaches 1 at 3 with slope 0. */
void evl_quiet_run(evl_quiet *quiet, double *x, size_t ld, int n) {
  evl_cortex_run(quiet->cortex, NULL, x, ld, n);
  for (int c = 0; c < EVL_HEAD_CHANNELS; c++) {
    double *row = x + (size_t)c * ld;
    for (int t = 0; t < n; t++) {
      double v = row[t] / quiet->most_uv;
      v = v > 3 ? 3 : v < -3 ? -3 : v;
      row[t] = quiet->most_uv * (v * (27 + v * v) / (27 + 9 * v * v));
    }
  }
}

double evl_quiet_limit_uv(const evl_quiet *quiet) { return 1.001 * quiet->most_uv; }
