/* filtered: a window through a zero-phase Butterworth filter, shared by all entries that ask for the same one. */
#include <string.h>

#include "filtered_priv.h"

typedef struct filter_spec { double low_hz, high_hz; int order, padding; } filter_spec;

struct evl_filtered {
  evl_products *products;
  int n_samples, n_sections, pad;
  evl_biquad section[EVL_MAX_SECTIONS];
  size_t ld;
  double *row;       /* [n_channels][ld] */
  double *abreast;   /* [n_samples + 2 pad][EVL_ZERO_PHASE_LANES] */
  uint64_t serial;   /* of the window that rows are of */
};

static evl_status design(const filter_spec *spec, double fs_hz, evl_filtered *f) {
  const bool low = spec->low_hz > 0.0, high = spec->high_hz < fs_hz / 2.0;
  if (low && high)
    return evl_butterworth_band(spec->order, spec->low_hz, spec->high_hz, fs_hz, f->section, &f->n_sections);
  if (low) return evl_butterworth_high(spec->order, spec->low_hz, fs_hz, f->section, &f->n_sections);
  return evl_butterworth_low(spec->order, spec->high_hz, fs_hz, f->section, &f->n_sections);
}

static evl_status plan_new(const filter_spec *spec, evl_products *products, evl_arena *arena, evl_filtered **filtered) {
  const evl_shape *shape = evl_products_shape(products);
  evl_filtered *f;
  EVL_NEW(arena, f, 1);
  f->products = products;
  f->n_samples = shape->n_samples;
  *filtered = f;
  if (!(spec->low_hz > 0.0) && !(spec->high_hz < shape->fs_hz / 2.0)) return EVL_OK; /* as it is */
  EVL_TRY(design(spec, shape->fs_hz, f));
  f->pad = spec->padding < shape->n_samples ? spec->padding : shape->n_samples - 1;
  f->ld = ((size_t)shape->n_samples + 7) & ~(size_t)7;
  EVL_NEW(arena, f->row, (size_t)shape->n_channels * f->ld);
  EVL_NEW(arena, f->abreast, EVL_ZERO_PHASE_LANES * ((size_t)shape->n_samples + 2 * (size_t)f->pad));
  return EVL_OK;
}

evl_status evl_filtered_plan(int order, double low_hz, double high_hz, evl_products *products, evl_arena *arena,
                             evl_filtered **filtered) {
  filter_spec spec;
  evl_product *product;
  memset(&spec, 0, sizeof spec); /* compared as bytes */
  spec.low_hz = low_hz;
  spec.high_hz = high_hz;
  spec.order = order;
  spec.padding = 3 * ((low_hz > 0.0 ? 2 : 1) * order + 1);
  EVL_TRY(evl_product_find(products, "filtered", &spec, sizeof spec, arena, &product));
  if (!product->own) {
    EVL_TRY(plan_new(&spec, products, arena, filtered));
    product->own = *filtered;
  }
  *filtered = product->own;
  return EVL_OK;
}

static void compute(evl_filtered *f, const evl_window *window) {
  const uint8_t *usable = evl_products_usable(f->products);
  const double *x[EVL_ZERO_PHASE_LANES];
  double *y[EVL_ZERO_PHASE_LANES];
  int filled = 0;
  for (int c = 0; c <= window->n_channels; c++) {
    const bool last = c == window->n_channels;
    if (!last && usable[c]) {
      x[filled] = window->x + (size_t)c * window->ld;
      y[filled++] = f->row + (size_t)c * f->ld;
    }
    if (filled == 0 || (filled < EVL_ZERO_PHASE_LANES && !last)) continue;
    evl_zero_phase_rows(f->section, f->n_sections, x, filled, f->n_samples, f->pad, f->abreast, y);
    filled = 0;
  }
}

const double *evl_filtered_channel(evl_filtered *f, const evl_window *window, int channel) {
  if (f->n_sections == 0) return window->x + (size_t)channel * window->ld;
  if (f->serial != evl_products_serial(f->products)) compute(f, window);
  f->serial = evl_products_serial(f->products);
  return f->row + (size_t)channel * f->ld;
}

double evl_filtered_cost_us(int order, double low_hz, double high_hz, const evl_shape *shape) {
  const bool low = low_hz > 0.0, high = high_hz < shape->fs_hz / 2.0;
  if (!low && !high) return 0.0;
  return shape->n_channels * (double)shape->n_samples * (2e-3 + 6e-4 * order * (low && high ? 2.0 : 1.0));
}
