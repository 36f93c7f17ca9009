/* psd: the power spectral densities of a window, shared by all entries that ask for the same ones. */
#include "welch_priv.h"

struct evl_psd {
  evl_products *products;
  evl_welch *welch;
  double fs_hz;
  int nfft, n_bins;
  double *density;           /* [n_channels][n_bins] */
  uint64_t serial;           /* of the window that density is of */
};

static evl_status plan_new(const evl_welch_spec *spec, evl_products *products, evl_arena *arena, evl_psd **psd) {
  const evl_shape *shape = evl_products_shape(products);
  evl_psd *p;
  EVL_NEW(arena, p, 1);
  p->products = products;
  p->fs_hz = shape->fs_hz;
  p->nfft = spec->nfft;
  p->n_bins = spec->nfft / 2 + 1;
  EVL_TRY(evl_welch_plan(spec, shape->n_samples, arena, &p->welch));
  EVL_NEW(arena, p->density, (size_t)shape->n_channels * (size_t)p->n_bins);
  *psd = p;
  return EVL_OK;
}

evl_status evl_psd_plan(const evl_params *params, const evl_shape *shape, evl_products *products, evl_arena *arena,
                        evl_psd **psd) {
  evl_welch_spec spec;
  EVL_TRY(evl_welch_spec_of(params, shape, &spec));
  evl_product *product;
  EVL_TRY(evl_product_find(products, "psd", &spec, sizeof spec, arena, &product));
  if (!product->own) {
    EVL_TRY(plan_new(&spec, products, arena, psd));
    product->own = *psd;
  }
  *psd = product->own;
  return EVL_OK;
}

double evl_psd_step_hz(const evl_psd *psd) { return psd->fs_hz / psd->nfft; }
int evl_psd_bins(const evl_psd *psd) { return psd->n_bins; }

double evl_psd_cost_us(const evl_params *params, const evl_shape *shape) {
  evl_welch_spec spec;
  if (evl_welch_spec_of(params, shape, &spec) != EVL_OK) return 1.0; /* the plan refuses it with a message */
  const double transforms = (double)evl_welch_transforms(&spec, shape->n_samples) * shape->n_channels;
  return transforms * (spec.nfft * (6e-4 + 1e-4 * log2(spec.nfft)) + spec.segment * 7e-4);
}

static void compute(evl_psd *psd, const evl_window *window) {
  const uint8_t *usable = evl_products_usable(psd->products);
  for (size_t c = 0; c < (size_t)window->n_channels; c++)
    if (usable[c])
      evl_welch_run(psd->welch, window->x + c * window->ld, window->n_samples, window->fs_hz,
                    psd->density + c * (size_t)psd->n_bins);
}

const double *evl_psd_channel(evl_psd *psd, const evl_window *window, int channel) {
  if (psd->serial != evl_products_serial(psd->products)) compute(psd, window);
  psd->serial = evl_products_serial(psd->products);
  return psd->density + (size_t)channel * (size_t)psd->n_bins;
}

evl_bins evl_bins_between(double fs_hz, int nfft, double low_hz, double high_hz, bool closed) {
  const double step = fs_hz / nfft, slack = 1e-9; /* of a bin: edges that are bins count as such */
  const double first = ceil(low_hz / step - slack), n_bins = nfft / 2 + 1;
  const double end = closed ? floor(high_hz / step + slack) + 1.0 : ceil(high_hz / step - slack);
  return (evl_bins){
      .first = (int)fmin(fmax(first, 0.0), n_bins),
      .end = (int)fmin(fmax(end, 0.0), n_bins),
      .complete = high_hz <= fs_hz / 2.0 * (1.0 + 1e-12),
  };
}

evl_bins evl_psd_between(const evl_psd *psd, double low_hz, double high_hz, bool closed) {
  return evl_bins_between(psd->fs_hz, psd->nfft, low_hz, high_hz, closed);
}

evl_status evl_bins_range(double fs_hz, int nfft, const evl_params *params, const char *entry, const char *name,
                          evl_bins *bins) {
  const evl_value *v = evl_params_value(params, name);
  if (v->n != 2 || !(v->reals[0] < v->reals[1]))
    return evl_fail(EVL_USAGE, "%s.%s: expected (low, high) in Hz, found %d numbers%s", entry, name, v->n,
                    v->n == 2 ? ", the lower not first" : "");
  *bins = evl_bins_between(fs_hz, nfft, v->reals[0], v->reals[1], true);
  if (bins->complete && bins->first >= bins->end)
    return evl_fail(EVL_USAGE, "%s.%s = (%g, %g): no frequency lies within; they are %g Hz apart", entry, name,
                    v->reals[0], v->reals[1], fs_hz / nfft);
  return EVL_OK;
}

evl_status evl_psd_range(const evl_psd *psd, const evl_params *params, const char *entry, const char *name,
                         evl_bins *bins) {
  return evl_bins_range(psd->fs_hz, psd->nfft, params, entry, name, bins);
}

double evl_sum(const double *x, int n) {
  enum { LANES = 4 };
  double lane[LANES] = {0};
  int k = 0;
  for (; k + LANES <= n; k += LANES)
    for (int i = 0; i < LANES; i++) lane[i] += x[k + i];
  for (int i = 0; k + i < n; i++) lane[i] += x[k + i];
  return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}
