/* phase_synchrony: phase locking in time, of the analytic signals of a window. */
#include "analytic_priv.h"
#include "lanes_priv.h"

typedef struct kernel { evl_products *products; evl_analytic *analytic; int n_bands; } kernel;

static const evl_param params[] = {EVL_ANALYTIC_PARAMS, {0}};

static const evl_output outputs[] = {
    {"plv", EVL_PER_PAIR, "bands", false, "1", 0.0, 1.0, "Phase-locking value over the samples of the window."},
    {"ciplv", EVL_PER_PAIR, "bands", false, "1", 0.0, 1.0,
     "Corrected imaginary phase-locking value, blind to sources that both channels see without delay."},
    {0}};

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_bands = evl_params_value(p, "bands")->n;
  EVL_TRY(evl_analytic_plan(p, shape, "phase_synchrony", products, arena, &k->analytic));
  evl_scratch_plan(products, 2 * (size_t)shape->n_channels * evl_analytic_most(k->analytic) * sizeof(double));
  *planned = k;
  return EVL_OK;
}

/* Phasors [n_channels][re, im][stride]; zeros stay zeros. */
static void fill_phasors(const evl_signals *s, const uint8_t *usable, size_t n_channels, double *phasor) {
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c]) continue;
    const double *re = s->re + c * s->stride, *im = s->im + c * s->stride;
    double *u = phasor + 2 * c * s->stride, *v = u + s->stride;
    for (size_t t = 0; t < s->stride; t++) {
      const double size = sqrt(re[t] * re[t] + im[t] * im[t]), inverse = size > 0.0 ? 1.0 / size : 0.0;
      u[t] = re[t] * inverse;
      v[t] = im[t] * inverse;
    }
  }
}

static void put_pair(const evl_signals *s, const double *x, const double *y, size_t at, size_t next, evl_out *out) {
  evl_lanes re = {0}, im = {0};
  for (size_t t = 0; t < s->stride; t += EVL_LANES) {
    const evl_lanes a = evl_load(x + t), b = evl_load(x + s->stride + t), c = evl_load(y + t),
                    d = evl_load(y + s->stride + t);
    re += a * c + b * d;
    im += b * c - a * d;
  }
  const double real = evl_fold(re) / s->n, imaginary = fabs(evl_fold(im)) / s->n;
  evl_put(out, at, fmin(hypot(real, imaginary), 1.0));
  /* At |real| = 1 phases are equal all the time: nothing is left that could have a lag. */
  if (1.0 - real * real > 1e-12) evl_put(out, at + next, fmin(imaginary / sqrt(1.0 - real * real), 1.0));
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels, n_pairs = n_channels * (n_channels - 1) / 2;
  double *phasor = evl_scratch(k->products);
  for (size_t b = 0, at = 0; b < (size_t)k->n_bands; b++) {
    if (evl_analytic_samples(k->analytic, (int)b) == 0) {
      at += n_pairs;
      continue;
    }
    const evl_signals s = evl_analytic_band(k->analytic, window, (int)b);
    fill_phasors(&s, usable, n_channels, phasor);
    for (size_t i = 0; i < n_channels; i++)
      for (size_t j = i + 1; j < n_channels; j++, at++)
        if (usable[i] && usable[j])
          put_pair(&s, phasor + 2 * i * s.stride, phasor + 2 * j * s.stride, at, (size_t)k->n_bands * n_pairs, out);
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  return evl_analytic_cost_us(p, shape) * (1.0 + 0.03 * shape->n_channels);
}

const evl_entry evl_feature_phase_synchrony = {
    .name = "phase_synchrony",
    .summary = "Phase locking of pairs of channels over the samples of a window, per band.",
    .definition = "With analytic signals of a band, z = a exp(i phi): P = mean over the window (but for edge_s at both "
                  "ends) of exp(i (phi_x - phi_y)); plv = |P|, ciplv = |Im P| / sqrt(1 - (Re P)^2). phase_locking "
                  "looks at segments instead: constant phases at each frequency. bands = { all = (0.0, half the rate); "
                  "}, edges = closed, edge_s = 0 gives mne-features' phase_lock_val.",
    .cite = "Mormann et al. 2000, doi:10.1016/S0167-2789(00)00087-7; Bruna et al. 2018, "
            "doi:10.1088/1741-2552/aacfe4 (ciplv)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .usual_window_s = 60.0,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
