/* multiscale_entropy: sample entropy of the signal averaged over ever longer stretches. */
#include <string.h>

#include "matches_priv.h"

typedef struct kernel {
  evl_products *products;
  evl_matching matching;
  int n_samples, n_scales;
  int *scale;       /* [n_scales] */
  double r;
  bool rescale;
  enum { COARSE, COMPOSITE, REFINED_COMPOSITE } method;
  size_t coarse_at; /* of the coarse signal in the scratch */
} kernel;

static const evl_param params[] = {
    {"scale", EVL_REALS, "(1, 2, 4, 8)", 1, 1000, NULL, "samples", "Samples that are averaged into one, integers."},
    {"method", EVL_STRING, "\"refined_composite\"", 0, 0, "coarse|composite|refined_composite", "",
     "coarse: one averaged signal a scale (Costa et al., EntropyHub); composite: the mean entropy of the signals "
     "that begin at each offset; refined_composite: the entropy of their counts added up, which has a value in "
     "shorter windows."},
    {"order", EVL_INT, "2", 1, 10, NULL, "samples", "Length m of the shorter templates."},
    {"r", EVL_REAL, "0.2", 1e-6, 100.0, NULL, "sd", "Tolerance in standard deviations."},
    {"rescale", EVL_BOOL, "false", 0, 0, NULL, "",
     "Take the standard deviation of each averaged signal instead of the window's (Nikulin and Brismar 2004)."},
    {0}};

static const evl_output outputs[] = {
    {"entropy", EVL_PER_CHANNEL, "scale", false, "nat", 0.0, EVL_ANY_MAX, "Sample entropy at a scale."},
    {"complexity", EVL_PER_CHANNEL, NULL, false, "nat", 0.0, EVL_ANY_MAX,
     "Complexity index: sum over the scales; undefined where one of them is."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const evl_value *scale = evl_params_value(p, "scale");
  const char *method = evl_params_string(p, "method");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_samples = shape->n_samples;
  k->matching = (evl_matching){.order = (int)evl_params_int(p, "order"), .delay = 1};
  k->r = evl_params_real(p, "r");
  k->rescale = evl_params_bool(p, "rescale");
  k->method = !strcmp(method, "coarse") ? COARSE : !strcmp(method, "composite") ? COMPOSITE : REFINED_COMPOSITE;
  k->n_scales = scale->n;
  EVL_NEW(arena, k->scale, scale->n);
  for (int i = 0; i < scale->n; i++) {
    if (scale->reals[i] != floor(scale->reals[i]))
      return evl_fail(EVL_USAGE, "multiscale_entropy.scale: expected integers, found %.9g", scale->reals[i]);
    k->scale[i] = (int)scale->reals[i];
  }
  k->coarse_at = evl_matches_bytes(&k->matching, shape->n_samples);
  evl_scratch_plan(products, k->coarse_at + (size_t)shape->n_samples * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* Means of `scale` samples each; returns how many. */
static int average(const double *x, int n, int scale, double *y) {
  const int m = n / scale;
  memset(y, 0, (size_t)m * sizeof *y);
  for (int j = 0; j < m; j++) {
    for (int i = 0; i < scale; i++) y[j] += x[j * scale + i];
    y[j] /= scale;
  }
  return m;
}

static double entropy_of(evl_match_pairs pairs) {
  return pairs.longer > 0 ? -log((double)pairs.longer / (double)pairs.shorter) : NAN;
}

static double entropy_at(const kernel *k, const double *x, int scale, double window_r) {
  char *scratch = evl_scratch(k->products);
  double *y = (double *)(scratch + k->coarse_at), sum = 0.0;
  evl_match_pairs all = {0, 0};
  const int offsets = k->method == COARSE ? 1 : scale;
  for (int offset = 0; offset < offsets; offset++) {
    const int m = offset < k->n_samples ? average(x + offset, k->n_samples - offset, scale, y) : 0;
    const double r = k->rescale && m > 0 ? evl_tolerance(y, m, k->r, 0) : window_r;
    if (m == 0 || isnan(r)) return NAN;
    const evl_match_pairs pairs = evl_count_pairs(&k->matching, y, m, r, scratch);
    all.shorter += pairs.shorter;
    all.longer += pairs.longer;
    sum += entropy_of(pairs);
  }
  return k->method == COMPOSITE ? sum / offsets : entropy_of(all);
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels;
  for (size_t c = 0; c < n_channels; c++) {
    const double *x = window->x + c * window->ld;
    double sum = 0.0;
    if (!usable[c]) continue;
    const double r = evl_tolerance(x, k->n_samples, k->r, 0);
    if (isnan(r)) continue;
    for (int s = 0; s < k->n_scales; s++) {
      const double entropy = entropy_at(k, x, k->scale[s], r);
      evl_put(out, (size_t)s * n_channels + c, entropy);
      sum += entropy;
    }
    evl_put(out, (size_t)k->n_scales * n_channels + c, sum);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const evl_value *scale = evl_params_value(p, "scale");
  const double n = shape->n_samples, order = (double)evl_params_int(p, "order");
  const bool one = !strcmp(evl_params_string(p, "method"), "coarse");
  double sum = 0.0;
  for (int i = 0; i < scale->n; i++) {
    const double s = scale->reals[i], m = n / s;
    sum += (one ? 1.0 : s) * (m * 0.06 * order + m * m * 1.2e-6 * order);
  }
  return shape->n_channels * sum;
}

const evl_entry evl_feature_multiscale_entropy = {
    .name = "multiscale_entropy",
    .summary = "Multiscale entropy: sample entropy of the signal averaged over ever longer stretches.",
    .definition = "y^{(s,o)}_j = mean of x_{o+js} ... x_{o+js+s-1}; with A and B the matching pairs of "
                  "sample_entropy in y^{(s,o)} at a tolerance of r sd(x), the same at all scales: entropy at s = "
                  "-ln(sum_o A / sum_o B) over the offsets o = 0..s-1 (refined composite), which unlike a single "
                  "averaged signal is defined and steady in windows of some thousand samples. White noise falls with "
                  "the scale, 1/f noise stays; a fixed tolerance makes both the variance and the order of the "
                  "averages count, as first published. Scales are in samples: 8 at 250 Hz average 32 ms.",
    .cite = "Costa, Goldberger and Peng 2002, doi:10.1103/PhysRevLett.89.068102; Wu et al. 2014, "
            "doi:10.1016/j.physleta.2014.03.034 (refined composite); Nikulin and Brismar 2004, "
            "doi:10.1103/PhysRevLett.92.089803",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 10.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
