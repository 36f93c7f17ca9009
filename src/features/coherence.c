/* coherence: linear dependence of pairs of channels by frequency. */
#include "cross_spectra_priv.h"

typedef struct kernel { evl_cross *cross; bool keep_sign; } kernel;

static const evl_param params[] = {
    {"keep_sign", EVL_BOOL, "false", 0, 0, NULL, "",
     "Average the imaginary part over a band with its sign, positive where the first channel of the pair leads; else "
     "its magnitude."},
    EVL_CROSS_PARAMS("2.0"),
    {0}};

static const evl_output outputs[] = {
    {"magnitude", EVL_PER_PAIR, "bands", false, "1", 0.0, 1.0, "Magnitude |C| of coherency."},
    {"squared", EVL_PER_PAIR, "bands", false, "1", 0.0, 1.0, "Magnitude-squared coherence |C|^2."},
    {"imaginary", EVL_PER_PAIR, "bands", false, "1", -1.0, 1.0,
     "Imaginary part of coherency, blind to sources that both channels see without delay."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->keep_sign = evl_params_bool(p, "keep_sign");
  *planned = k;
  return evl_cross_plan(p, shape, "coherence", 0, products, arena, &k->cross);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const evl_cross_kind kind[] = {EVL_CROSS_MAGNITUDE, EVL_CROSS_SQUARED,
                                 k->keep_sign ? EVL_CROSS_IMAGINARY_SIGNED : EVL_CROSS_IMAGINARY};
  evl_cross_put(k->cross, window, kind, 3, out);
}

const evl_entry evl_feature_coherence = {
    .name = "coherence",
    .summary = "Coherence of pairs of channels in frequency bands: magnitude, squared and imaginary.",
    .definition = "C(f) = S_xy / sqrt(S_xx S_yy), S_xy = sum of X conj(Y) over the spectra of segments; a band's value "
                  "is the mean over its frequencies of |C|, |C|^2 and |Im C| (keep_sign: Im C). Of n independent "
                  "spectra of unrelated channels |C|^2 is 1 / n on average: compare windows of equal length. Segments "
                  "of 2 s, half overlapping under a Hann taper, give twice as many spectra as 4 s and still resolve "
                  "delta; estimator = mne_connectivity or spectral_connectivity gives the values of these programs.",
    .cite = "Nunez et al. 1997, doi:10.1016/S0013-4694(97)00066-7; Nolte et al. 2004, "
            "doi:10.1016/j.clinph.2004.04.029 (imaginary)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .cost_us = evl_cross_cost_us,
    .plan = plan,
    .run = run,
};
