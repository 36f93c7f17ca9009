/* phase_locking: how constant the phase difference of pairs of channels is. */
#include "cross_spectra_priv.h"

static const evl_param params[] = {EVL_CROSS_PARAMS("2.0"), {0}};

static const evl_output outputs[] = {
    {"plv", EVL_PER_PAIR, "bands", false, "1", 0.0, 1.0, "Phase-locking value; 1 / sqrt(n) of n unrelated phases."},
    {"ppc", EVL_PER_PAIR, "bands", false, "1", -1.0, 1.0, "Pairwise phase consistency: the square without that bias."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  evl_cross *cross;
  EVL_TRY(evl_cross_plan(p, shape, "phase_locking", 0, products, arena, &cross));
  *planned = cross;
  return EVL_OK;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  static const evl_cross_kind kind[] = {EVL_CROSS_PLV, EVL_CROSS_PPC};
  evl_cross_put(planned, window, kind, 2, out);
}

const evl_entry evl_feature_phase_locking = {
    .name = "phase_locking",
    .summary = "Phase locking of pairs of channels in frequency bands: PLV and PPC.",
    .definition = "With phases phi of the n cross-spectra of segments at a frequency: plv = |sum exp(i phi)| / n, ppc "
                  "= (|sum exp(i phi)|^2 - n) / (n (n - 1)), the mean cosine of all pairs of phases; averaged over the "
                  "frequencies of a band. Both also see sources that reach both channels at once (phase_lag does not).",
    .cite = "Lachaux et al. 1999, doi:10.1002/(SICI)1097-0193(1999)8:4<194::AID-HBM4>3.0.CO;2-C; Vinck et al. 2010, "
            "doi:10.1016/j.neuroimage.2010.01.073 (ppc)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .cost_us = evl_cross_cost_us,
    .plan = plan,
    .run = run,
};
