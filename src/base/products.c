/* products: what several entries need of one window, each computed at most once. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "eveil/base.h"

struct evl_products {
  evl_shape shape;
  uint8_t *usable;       /* [n_channels] */
  uint64_t serial;       /* windows begun */
  evl_product *first;    /* list */
  size_t scratch_bytes;  /* most that an entry asked for */
  void *scratch;
};

evl_status evl_products_create(const evl_shape *shape, evl_arena *arena, evl_products **products) {
  if (shape->n_channels < 1 || shape->n_samples < 1 || !(shape->fs_hz > 0.0) || !isfinite(shape->fs_hz))
    return evl_fail(EVL_USAGE, "window of %d channels x %d samples at %g Hz: expected all positive", shape->n_channels,
                    shape->n_samples, shape->fs_hz);
  evl_products *p;
  EVL_NEW(arena, p, 1);
  EVL_NEW(arena, p->usable, shape->n_channels);
  p->shape = *shape;
  *products = p;
  return EVL_OK;
}

size_t evl_products_scratch_bytes(const evl_products *products) { return products->scratch_bytes; }
void evl_products_give_scratch(evl_products *products, void *scratch) { products->scratch = scratch; }

void evl_scratch_plan(evl_products *products, size_t bytes) {
  if (bytes > products->scratch_bytes) products->scratch_bytes = bytes;
}

void *evl_scratch(const evl_products *products) { return products->scratch; }

bool evl_is_flat(const double *x, size_t n) {
  if (n == 0) return true;
  const double slack = fmax(64.0 * DBL_EPSILON * fabs(x[0]), 1e-100);
  for (size_t i = 1; i < n; i++)
    if (!(fabs(x[i] - x[0]) <= slack)) return false;
  return true;
}

void evl_products_begin(evl_products *products, const evl_window *window) {
  products->serial++;
  for (int c = 0; c < window->n_channels; c++)
    products->usable[c] =
        window->channel_why[c] == 0 && !evl_is_flat(window->x + (size_t)c * window->ld, (size_t)window->n_samples);
}

const uint8_t *evl_products_usable(const evl_products *products) { return products->usable; }
uint64_t evl_products_serial(const evl_products *products) { return products->serial; }
const evl_shape *evl_products_shape(const evl_products *products) { return &products->shape; }

evl_status evl_product_find(evl_products *products, const char *kind, const void *spec, size_t spec_bytes,
                            evl_arena *arena, evl_product **product) {
  evl_product *p = products->first;
  while (p && (p->spec_bytes != spec_bytes || strcmp(p->kind, kind) || memcmp(p->spec, spec, spec_bytes))) p = p->next;
  *product = p;
  if (p) return EVL_OK;
  void *copy = evl_arena_alloc(arena, spec_bytes);
  if (!copy) return EVL_MEMORY;
  memcpy(copy, spec, spec_bytes);
  EVL_NEW(arena, p, 1);
  *p = (evl_product){.next = products->first, .kind = kind, .spec = copy, .spec_bytes = spec_bytes};
  products->first = *product = p;
  return EVL_OK;
}
