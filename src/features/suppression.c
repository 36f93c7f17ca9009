/* suppression: bursts and suppressions of every channel by the published rules, which are one kernel: a measure of
   activity, a threshold, shortest lengths. Shared by all entries that ask for the same rule. */
#include <string.h>

#include "background_priv.h"

typedef enum { AMPLITUDE, RUIJTER, ICARE, WESTOVER } rule;

typedef struct suppression_spec {
  double threshold_uv, min_suppression_s, min_burst_s;
  int rule, padding;
} suppression_spec;

/* What each rule says of itself. */
static const struct { const char *name; double min_suppression_s, min_burst_s, edge_s; } rules[] = {
    [AMPLITUDE] = {"amplitude", 0.5, 0.2, 0.0},
    [RUIJTER] = {"ruijter", 0.5, 0.2, 1.0},
    [ICARE] = {"icare", 0.25, 0.25, 0.0},
    [WESTOVER] = {"westover", 0.0, 0.2, 0.0}};

struct evl_suppression {
  evl_products *products;
  suppression_spec spec;
  double fs_hz;
  int n_samples, first, end;
  evl_filtered *filtered;    /* ruijter */
  evl_envelope *envelope;    /* icare */
  double *squared, *sorted;  /* [n_samples] */
  uint8_t *mask;             /* [n_channels][n_samples] */
  uint64_t *serial;          /* [n_channels] of the window that a row of the mask is of */
};

static suppression_spec spec_of(const evl_params *params) {
  suppression_spec s;
  memset(&s, 0, sizeof s); /* compared as bytes */
  while (strcmp(rules[s.rule].name, evl_params_string(params, "rule"))) s.rule++;
  s.threshold_uv = evl_params_real(params, "threshold_uv");
  s.min_suppression_s = evl_params_real(params, "min_suppression_s");
  s.min_burst_s = evl_params_real(params, "min_burst_s");
  if (s.min_suppression_s < 0.0) s.min_suppression_s = rules[s.rule].min_suppression_s;
  if (s.min_burst_s < 0.0) s.min_burst_s = rules[s.rule].min_burst_s;
  return s;
}

static evl_status plan_new(const suppression_spec *spec, const evl_shape *shape, evl_products *products,
                           evl_arena *arena, evl_suppression **suppression) {
  evl_suppression *s;
  EVL_NEW(arena, s, 1);
  s->products = products;
  s->spec = *spec;
  s->fs_hz = shape->fs_hz;
  s->n_samples = shape->n_samples;
  s->first = (int)fmin(round(rules[spec->rule].edge_s * shape->fs_hz), shape->n_samples / 2);
  s->end = shape->n_samples - s->first;
  EVL_NEW(arena, s->mask, (size_t)shape->n_channels * (size_t)shape->n_samples);
  EVL_NEW(arena, s->serial, shape->n_channels);
  if (spec->rule == RUIJTER) EVL_TRY(evl_filtered_plan(3, 0.5, 30.0, products, arena, &s->filtered));
  if (spec->rule == ICARE) {
    EVL_TRY(evl_envelope_plan((int)fmax(round(0.04 * shape->fs_hz), 1.0), shape, arena, &s->envelope));
    EVL_NEW(arena, s->squared, s->n_samples);
    EVL_NEW(arena, s->sorted, 2 * (size_t)s->n_samples);
  }
  *suppression = s;
  return EVL_OK;
}

evl_status evl_suppression_plan(const evl_params *params, const evl_shape *shape, evl_products *products,
                                evl_arena *arena, evl_suppression **suppression) {
  const suppression_spec spec = spec_of(params);
  evl_product *product;
  EVL_TRY(evl_product_find(products, "suppression", &spec, sizeof spec, arena, &product));
  if (!product->own) {
    EVL_TRY(plan_new(&spec, shape, products, arena, suppression));
    product->own = *suppression;
  }
  *suppression = product->own;
  return EVL_OK;
}

static void below_amplitude(const evl_suppression *s, const double *x, uint8_t *mask) {
  const double limit_uv = s->spec.threshold_uv / 2.0;
  for (int t = 0; t < s->n_samples; t++) mask[t] = fabs(x[t]) < limit_uv;
}

/* The envelope over its floor, the mean of its lowest 1.5 s. */
static void below_envelope(const evl_suppression *s, const double *x, uint8_t *mask) {
  const int n_lowest = (int)fmin(fmax(round(1.5 * s->fs_hz), 1.0), s->n_samples);
  evl_envelope_squared(s->envelope, x, s->squared);
  for (int t = 0; t < s->n_samples; t++) s->sorted[t] = s->squared[t] = sqrt(s->squared[t]);
  evl_radix_sort(s->sorted, (size_t)s->n_samples, s->sorted + s->n_samples);
  const double floor_uv = evl_mean(s->sorted, (size_t)n_lowest);
  for (int t = 0; t < s->n_samples; t++) mask[t] = s->squared[t] - floor_uv < s->spec.threshold_uv;
}

/* m <- b m + (1 - b) x, v <- b v + (1 - b) (x - m)^2 with a memory of 105 ms (b = 0.9534 at 200 Hz), begun at the first
   sample as if it had stood there. */
static void below_variance(const evl_suppression *s, const double *x, uint8_t *mask) {
  const double keep = exp(-1.0 / (0.105 * s->fs_hz)), limit = 0.5 * s->spec.threshold_uv * s->spec.threshold_uv;
  double mean = x[0], variance = 0.0;
  for (int t = 0; t < s->n_samples; t++) {
    mean = keep * mean + (1.0 - keep) * x[t];
    variance = keep * variance + (1.0 - keep) * (x[t] - mean) * (x[t] - mean);
    mask[t] = variance < limit;
  }
}

void evl_stretch_absorb(uint8_t *mask, int first, int end, uint8_t state, int n_least) {
  for (int t = first; t < end;) {
    const evl_stretch s = evl_stretch_at(mask, t, end);
    if (mask[t] == state && s.end - s.begin < n_least) memset(mask + s.begin, !state, (size_t)(s.end - s.begin));
    t = s.end;
  }
}

/* Samples of a duration, no fewer: a stretch of exactly that length counts. */
static int samples(double seconds, double fs_hz) { return (int)fmin(ceil(seconds * fs_hz - 1e-9), 1 << 30); }

static void compute(evl_suppression *s, const evl_window *window, int channel, uint8_t *mask) {
  const double *x = evl_suppression_signal(s, window, channel);
  if (s->spec.rule == ICARE) below_envelope(s, x, mask);
  else if (s->spec.rule == WESTOVER) below_variance(s, x, mask);
  else below_amplitude(s, x, mask);
  evl_stretch_absorb(mask, 0, s->n_samples, 1, samples(s->spec.min_suppression_s, s->fs_hz));
  evl_stretch_absorb(mask, 0, s->n_samples, 0, samples(s->spec.min_burst_s, s->fs_hz));
}

const uint8_t *evl_suppression_channel(evl_suppression *s, const evl_window *window, int channel) {
  uint8_t *mask = s->mask + (size_t)channel * (size_t)s->n_samples;
  if (s->serial[channel] != evl_products_serial(s->products)) compute(s, window, channel, mask);
  s->serial[channel] = evl_products_serial(s->products);
  return mask;
}

int evl_suppression_first(const evl_suppression *s) { return s->first; }
int evl_suppression_end(const evl_suppression *s) { return s->end; }

const double *evl_suppression_signal(evl_suppression *s, const evl_window *window, int channel) {
  if (s->filtered) return evl_filtered_channel(s->filtered, window, channel);
  return window->x + (size_t)channel * window->ld;
}

double evl_suppression_cost_us(const evl_params *params, const evl_shape *shape) {
  const double samples = shape->n_channels * (double)shape->n_samples;
  switch (spec_of(params).rule) {
    case RUIJTER: return 2e-3 * samples + evl_filtered_cost_us(3, 0.5, 30.0, shape);
    case ICARE: return 2e-2 * samples + evl_envelope_cost_us(shape);
    case WESTOVER: return 8e-3 * samples;
    default: return 2e-3 * samples;
  }
}
