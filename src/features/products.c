/* products: what several entries need of one window. */
#include "products_priv.h"

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

void evl_products_begin(evl_products *products, const evl_window *window) {
  for (int c = 0; c < window->n_channels; c++)
    products->usable[c] =
        window->channel_why[c] == 0 && !evl_is_flat(window->x + (size_t)c * window->ld, (size_t)window->n_samples);
  for (evl_psd *psd = products->psd; psd; psd = psd->next) psd->done = false;
}

const uint8_t *evl_products_usable(const evl_products *products) { return products->usable; }
