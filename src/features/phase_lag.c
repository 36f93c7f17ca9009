/* phase_lag: how consistently one channel of a pair leads the other. */
#include "cross_spectra_priv.h"

typedef struct kernel { evl_cross *cross; bool keep_sign; } kernel;

static const evl_param params[] = {
    {"keep_sign", EVL_BOOL, "false", 0, 0, NULL, "",
     "Keep the sign of pli and wpli, positive where the first channel of the pair leads; else their magnitude."},
    EVL_CROSS_PARAMS("2.0"),
    {0}};

static const evl_output outputs[] = {
    {"pli", EVL_PER_PAIR, "bands", false, "1", -1.0, 1.0, "Phase-lag index; 0 without any lag."},
    {"wpli", EVL_PER_PAIR, "bands", false, "1", -1.0, 1.0, "Weighted phase-lag index; undefined without any lag."},
    {"dwpli", EVL_PER_PAIR, "bands", false, "1", -1.0, 1.0,
     "Debiased estimate of the squared weighted phase-lag index; about 0, also below, for unrelated channels."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->keep_sign = evl_params_bool(p, "keep_sign");
  *planned = k;
  return evl_cross_plan(p, shape, "phase_lag", 0, products, arena, &k->cross);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const evl_cross_kind kind[] = {k->keep_sign ? EVL_CROSS_PLI_SIGNED : EVL_CROSS_PLI,
                                 k->keep_sign ? EVL_CROSS_WPLI_SIGNED : EVL_CROSS_WPLI, EVL_CROSS_WPLI_DEBIASED};
  evl_cross_put(k->cross, window, kind, 3, out);
}

const evl_entry evl_feature_phase_lag = {
    .name = "phase_lag",
    .summary = "Phase-lag indices of pairs of channels in frequency bands: PLI, wPLI and debiased wPLI.",
    .definition = "With imaginary parts I of the n cross-spectra of segments at a frequency: pli = |sum sign I| / n, "
                  "wpli = |sum I| / sum |I|, dwpli = ((sum I)^2 - sum I^2) / ((sum |I|)^2 - sum I^2); averaged over "
                  "the frequencies of a band. Sources that both channels see without delay add nothing to I in "
                  "expectation. Imaginary parts below 1e-10 of the power are rounding: pli 0, the others undefined.",
    .cite = "Stam et al. 2007, doi:10.1002/hbm.20346; Vinck et al. 2011, doi:10.1016/j.neuroimage.2011.01.055",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .cost_us = evl_cross_cost_us,
    .plan = plan,
    .run = run,
};
