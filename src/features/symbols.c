/* symbols: ordinal symbols of a window, epoch by epoch, and entropies of their kinds; computed once for all entries
   with the same order, delay, low-pass and epochs. Signals are filtered over the window, then cut (as NICE does). */
#include <string.h>

#include "symbols_priv.h"

enum { ABREAST = EVL_ZERO_PHASE_LANES, PAD = 21 }; /* 3 (order 6 + 1), as scipy pads */

typedef struct symbols_spec { int order, delay, lowpass, epoch; } symbols_spec;

struct evl_symbols {
  evl_products *products;
  symbols_spec spec;
  int wanted, n_samples, n_channels, n_epochs, kinds, patterns;
  int n_sections;
  evl_biquad section[EVL_MAX_SECTIONS];
  double *abreast;     /* [n_samples + 2 PAD][ABREAST] */
  double *filtered;    /* [ABREAST][n_samples] */
  double *entropy, *weighted; /* [n_channels][n_epochs] */
  size_t words;
  uint64_t *planes;    /* [n_epochs][n_channels][6][words]; of one epoch where they are not kept */
  uint16_t *codes;     /* [n_epochs][n_channels][patterns], likewise */
  double *weight;      /* [patterns] */
  uint32_t *count;     /* [kinds] */
  double *sum;         /* [kinds] */
  uint64_t serial;     /* of the window that this is of */
};

static evl_status plan_lowpass(evl_symbols *s, double fs_hz, evl_arena *arena) {
  EVL_NEW(arena, s->abreast, ABREAST * ((size_t)s->n_samples + 2 * PAD));
  EVL_NEW(arena, s->filtered, ABREAST * (size_t)s->n_samples);
  return evl_butterworth_low(6, fs_hz / s->spec.order / s->spec.delay, fs_hz, s->section, &s->n_sections);
}

static evl_status plan_new(const symbols_spec *spec, evl_products *products, evl_arena *arena, evl_symbols **symbols) {
  const evl_shape *shape = evl_products_shape(products);
  evl_symbols *s;
  EVL_NEW(arena, s, 1);
  s->products = products;
  s->spec = *spec;
  s->n_samples = shape->n_samples;
  s->n_channels = shape->n_channels;
  s->n_epochs = shape->n_samples / spec->epoch;
  s->kinds = 1;
  for (int i = 2; i <= spec->order; i++) s->kinds *= i;
  const int64_t patterns = spec->epoch - (spec->order - (int64_t)1) * spec->delay;
  /* With fewer patterns than kinds the greatest entropy is out of reach. */
  if (patterns >= s->kinds && (!spec->lowpass || shape->n_samples > PAD)) s->patterns = (int)patterns;
  *symbols = s;
  if (s->patterns == 0) return EVL_OK;
  if (spec->lowpass) EVL_TRY(plan_lowpass(s, shape->fs_hz, arena));
  s->words = ((size_t)s->patterns + 63) / 64;
  EVL_NEW(arena, s->count, s->kinds);
  EVL_NEW(arena, s->sum, s->kinds);
  return EVL_OK;
}

/* Memory for what is newly wanted; an entry planned later may want more. */
static evl_status want(evl_symbols *s, int wanted, evl_arena *arena) {
  const size_t cells = (size_t)s->n_channels * (size_t)s->n_epochs;
  const int more = wanted & ~s->wanted;
  if (more & EVL_SYMBOLS_ENTROPY) EVL_NEW(arena, s->entropy, cells);
  if (more & EVL_SYMBOLS_WEIGHTED) EVL_NEW(arena, s->weighted, cells);
  if (more & EVL_SYMBOLS_WEIGHTED && s->spec.order > 3) EVL_NEW(arena, s->weight, s->patterns);
  s->wanted |= wanted;
  const size_t kept = s->wanted & EVL_SYMBOLS_KEPT ? cells : 1;
  const bool grow = more & EVL_SYMBOLS_KEPT || !(s->planes || s->codes);
  if (grow && s->spec.order == 3) EVL_NEW(arena, s->planes, kept * 6 * s->words);
  if (grow && s->spec.order > 3) EVL_NEW(arena, s->codes, kept * (size_t)s->patterns);
  return EVL_OK;
}

evl_status evl_symbols_plan(const evl_params *params, const char *entry, int item, const evl_parts *epochs, int wanted,
                            evl_products *products, evl_arena *arena, evl_symbols **symbols) {
  const double tau = evl_params_value(params, "tau")->reals[item];
  symbols_spec spec;
  evl_product *product;
  if (tau != floor(tau)) return evl_fail(EVL_USAGE, "%s.tau: expected integers, found %.9g", entry, tau);
  memset(&spec, 0, sizeof spec); /* compared as bytes */
  spec.order = (int)evl_params_int(params, "order");
  spec.delay = (int)tau;
  spec.lowpass = !strcmp(evl_params_string(params, "lowpass"), "nice");
  spec.epoch = epochs->length;
  EVL_TRY(evl_product_find(products, "symbols", &spec, sizeof spec, arena, &product));
  if (!product->own) {
    EVL_TRY(plan_new(&spec, products, arena, symbols));
    product->own = *symbols;
  }
  *symbols = product->own;
  return (*symbols)->patterns > 0 ? want(*symbols, wanted, arena) : EVL_OK;
}

double evl_symbols_cost_us(const evl_params *params, const evl_shape *shape, int wanted) {
  const double order = (double)evl_params_int(params, "order"), pairs = order * (order - 1.0) / 2.0;
  const double filter = strcmp(evl_params_string(params, "lowpass"), "none") ? 4e-3 : 0.0;
  const double weights = wanted & EVL_SYMBOLS_WEIGHTED ? 1e-3 + 2e-4 * pairs : 0.0;
  return shape->n_channels * (double)shape->n_samples * evl_params_value(params, "tau")->n *
         (5e-4 + 2e-4 * pairs + filter + weights);
}

int evl_symbols_patterns(const evl_symbols *s) { return s->patterns; }
int evl_symbols_kinds(const evl_symbols *s) { return s->kinds; }
size_t evl_symbols_words(const evl_symbols *s) { return s->words; }

static size_t kept_cell(const evl_symbols *s, int epoch, int channel) {
  if (!(s->wanted & EVL_SYMBOLS_KEPT)) return 0;
  return (size_t)epoch * (size_t)s->n_channels + (size_t)channel;
}

static uint64_t *planes_at(const evl_symbols *s, int epoch, int channel) {
  return s->planes + kept_cell(s, epoch, channel) * 6 * s->words;
}

static uint16_t *codes_at(const evl_symbols *s, int epoch, int channel) {
  return s->codes + kept_cell(s, epoch, channel) * (size_t)s->patterns;
}

const uint64_t *evl_symbols_planes(const evl_symbols *s, int epoch, int channel) { return planes_at(s, epoch, channel); }
const uint16_t *evl_symbols_codes(const evl_symbols *s, int epoch, int channel) { return codes_at(s, epoch, channel); }

const double *evl_symbols_entropy(const evl_symbols *s, int channel) {
  return s->entropy + (size_t)channel * (size_t)s->n_epochs;
}

const double *evl_symbols_weighted(const evl_symbols *s, int channel) {
  return s->weighted + (size_t)channel * (size_t)s->n_epochs;
}

/* Kinds of an epoch that begins at x into count and sum, symbols to their place. */
static void count_epoch(evl_symbols *s, const double *x, int epoch, int channel) {
  const bool weighted = s->wanted & EVL_SYMBOLS_WEIGHTED;
  if (s->spec.order == 3) {
    evl_symbol_planes(x, s->spec.delay, s->patterns, planes_at(s, epoch, channel), s->count);
    if (weighted) evl_symbol_weights(x, s->spec.delay, s->patterns, s->sum);
    return;
  }
  uint16_t *code = codes_at(s, epoch, channel);
  evl_symbol_codes(x, s->spec.order, s->spec.delay, s->patterns, code, weighted ? s->weight : NULL);
  memset(s->count, 0, (size_t)s->kinds * sizeof *s->count);
  memset(s->sum, 0, (size_t)s->kinds * sizeof *s->sum);
  for (int t = 0; t < s->patterns; t++) s->count[code[t]]++;
  for (int t = 0; weighted && t < s->patterns; t++) s->sum[code[t]] += s->weight[t];
}

/* x: the signal that patterns are of; raw: before the low-pass. */
static void compute_channel(evl_symbols *s, const double *x, const double *raw, int channel) {
  for (int e = 0; e < s->n_epochs; e++) {
    const size_t from = (size_t)e * (size_t)s->spec.epoch, cell = (size_t)channel * (size_t)s->n_epochs + (size_t)e;
    const bool alive = !evl_is_flat(raw + from, (size_t)s->spec.epoch);
    if (alive) count_epoch(s, x + from, e, channel);
    if (s->wanted & EVL_SYMBOLS_ENTROPY)
      s->entropy[cell] = alive ? evl_symbol_entropy(s->count, s->kinds, s->patterns) : NAN;
    if (s->wanted & EVL_SYMBOLS_WEIGHTED)
      s->weighted[cell] = alive ? evl_symbol_weighted_entropy(s->sum, s->kinds) : NAN;
  }
}

void evl_symbols_compute(evl_symbols *s, const evl_window *window) {
  const uint8_t *usable = evl_products_usable(s->products);
  if (s->patterns == 0 || s->serial == evl_products_serial(s->products)) return;
  s->serial = evl_products_serial(s->products);
  const double *x[ABREAST];
  double *y[ABREAST];
  int channel[ABREAST], filled = 0;
  for (int i = 0; i < ABREAST; i++) y[i] = s->spec.lowpass ? s->filtered + (size_t)i * (size_t)s->n_samples : NULL;
  for (int c = 0; c < s->n_channels; c++) {
    if (usable[c]) {
      x[filled] = window->x + (size_t)c * window->ld;
      channel[filled++] = c;
    }
    if (filled < ABREAST && c + 1 < s->n_channels) continue;
    if (s->spec.lowpass && filled > 0)
      evl_zero_phase_rows(s->section, s->n_sections, x, filled, s->n_samples, PAD, s->abreast, y);
    for (int i = 0; i < filled; i++) compute_channel(s, s->spec.lowpass ? y[i] : x[i], x[i], channel[i]);
    filled = 0;
  }
}
