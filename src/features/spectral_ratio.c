/* spectral_ratio: power of bands over power of other bands. */
#include <string.h>

#include "features_priv.h"

enum { MOST_BANDS = 32 };

/* Bands of a side, as bits. */
typedef struct ratio { uint32_t above, below; } ratio;

typedef struct kernel {
  evl_products *products;
  evl_psd *psd;
  int n_bands, n_ratios;
  evl_bins *band;  /* [n_bands] */
  ratio *ratio;    /* [n_ratios] */
} kernel;

static const evl_param params[] = {
    {"ratios", EVL_STRINGS,
     "[\"alpha_over_delta\", \"theta_over_delta\", \"theta_over_beta\", \"delta+theta_over_alpha+beta\"]", 0, 0, NULL,
     "", "Ratios, bands of a side joined by +: a+b_over_c+d."},
    {"bands", EVL_BANDS, "{ delta = (1.0, 4.0); theta = (4.0, 8.0); alpha = (8.0, 13.0); beta = (13.0, 30.0); }", 0.0,
     1e5, NULL, "Hz", "Bands that ratios name, low <= f < high; I-CARE has delta = (0.5, 4.0)."},
    EVL_PSD_PARAMS,
    {0}};

static const evl_output outputs[] = {
    {"ratio", EVL_PER_CHANNEL, "ratios", false, "1", 0.0, EVL_ANY_MAX, "Power of the bands above over that below."},
    {"log", EVL_PER_CHANNEL, "ratios", false, "1", -EVL_ANY_MAX, EVL_ANY_MAX,
     "Its natural logarithm: nearer to normal, and minus that of the inverse ratio."},
    {0}};

/* Names between first and end, joined by +. */
static evl_status side(const evl_value *bands, const char *text, const char *first, const char *end, uint32_t *bits) {
  *bits = 0;
  for (const char *name = first; name <= end;) {
    const char *plus = memchr(name, '+', (size_t)(end - name)), *stop = plus ? plus : end;
    int b = 0;
    while (b < bands->n && (strncmp(bands->bands[b].name, name, (size_t)(stop - name)) ||
                            bands->bands[b].name[stop - name] != 0))
      b++;
    if (b == bands->n)
      return evl_fail(EVL_USAGE, "spectral_ratio.ratios: \"%s\": expected names of bands, found \"%.*s\"", text,
                      (int)(stop - name), name);
    *bits |= UINT32_C(1) << b;
    name = stop + 1;
  }
  return EVL_OK;
}

static evl_status parse(const evl_value *bands, const char *text, ratio *r) {
  static const char over[] = "_over_";
  const char *middle = strstr(text, over);
  if (!middle) return evl_fail(EVL_USAGE, "spectral_ratio.ratios: expected a_over_b, found \"%s\"", text);
  EVL_TRY(side(bands, text, text, middle, &r->above));
  return side(bands, text, middle + strlen(over), text + strlen(text), &r->below);
}

static evl_status plan(const evl_params *p, const evl_shape *shape, evl_products *products, evl_arena *arena,
                       void **planned) {
  const evl_value *bands = evl_params_value(p, "bands"), *ratios = evl_params_value(p, "ratios");
  kernel *k;
  EVL_NEW(arena, k, 1);
  k->products = products;
  k->n_bands = bands->n;
  k->n_ratios = ratios->n;
  if (bands->n > MOST_BANDS)
    return evl_fail(EVL_USAGE, "spectral_ratio.bands: expected at most %d, found %d", (int)MOST_BANDS, bands->n);
  EVL_NEW(arena, k->band, k->n_bands);
  EVL_NEW(arena, k->ratio, k->n_ratios);
  EVL_TRY(evl_psd_plan(p, shape, products, arena, &k->psd));
  for (int b = 0; b < bands->n; b++) {
    const evl_band *band = &bands->bands[b];
    k->band[b] = evl_psd_between(k->psd, band->low_hz, band->high_hz, false);
    if (k->band[b].complete && k->band[b].first >= k->band[b].end)
      return evl_fail(EVL_USAGE, "spectral_ratio: %s (%g to %g Hz) is too narrow for frequencies %g Hz apart",
                      band->name, band->low_hz, band->high_hz, evl_psd_step_hz(k->psd));
  }
  for (int r = 0; r < k->n_ratios; r++) EVL_TRY(parse(bands, ratios->strings[r], &k->ratio[r]));
  *planned = k;
  return EVL_OK;
}

static double sum_of(const double *power, int n_bands, uint32_t bits) {
  double sum = 0.0;
  for (int b = 0; b < n_bands; b++)
    if (bits >> b & 1) sum += power[b];
  return sum;
}

static void run(void *planned, const evl_window *window, evl_out *out) {
  const kernel *k = planned;
  const uint8_t *usable = evl_products_usable(k->products);
  const size_t n_channels = (size_t)window->n_channels, n_ratios = (size_t)k->n_ratios;
  double power[MOST_BANDS];
  for (size_t c = 0; c < n_channels; c++) {
    if (!usable[c]) continue;
    const double *density = evl_psd_channel(k->psd, window, (int)c);
    for (int b = 0; b < k->n_bands; b++)
      power[b] = k->band[b].complete ? evl_sum(density + k->band[b].first, k->band[b].end - k->band[b].first) : NAN;
    for (size_t r = 0; r < n_ratios; r++) {
      const double above = sum_of(power, k->n_bands, k->ratio[r].above);
      const double below = sum_of(power, k->n_bands, k->ratio[r].below);
      if (!(above > 0.0 && below > 0.0)) continue;
      evl_put(out, r * n_channels + c, above / below);
      evl_put(out, (n_ratios + r) * n_channels + c, log(above / below));
    }
  }
}

static double cost_us(const evl_params *p, const evl_shape *shape) {
  const int columns = evl_params_value(p, "bands")->n + evl_params_value(p, "ratios")->n;
  return evl_psd_cost_us(p, shape) + 0.03 * shape->n_channels * columns;
}

const evl_entry evl_feature_spectral_ratio = {
    .name = "spectral_ratio",
    .summary = "Ratios of band powers: alpha over delta, theta over delta, slow over fast, ...",
    .definition = "ratio = sum of the density over the bins of the bands above / the same below; log = ln ratio. By "
                  "default the alpha-delta ratio, which falls with ischaemia and depth of coma, the theta-delta and "
                  "theta-beta ratios, and slow over fast, (delta + theta) / (alpha + beta).",
    .cite = "Claassen et al. 2004, doi:10.1016/j.clinph.2004.06.017 (alpha over delta); Finnigan et al. 2016, "
            "doi:10.1016/j.clinph.2015.07.014 (slow over fast)",
    .version = 1,
    .params = params,
    .outputs = outputs,
    .invariant = EVL_INVARIANT_OFFSET | EVL_INVARIANT_SCALE | EVL_INVARIANT_ORDER | EVL_INVARIANT_SIGN,
    .cost_us = cost_us,
    .plan = plan,
    .run = run,
};
