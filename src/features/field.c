/* field: the channels of the scalp and the strength of their field. */
#include <string.h>

#include "field_priv.h"

bool evl_field_has_place(const evl_shape *shape, int channel) {
  const double(*xyz)[3] = shape->montage ? shape->montage->xyz : NULL;
  return xyz && (xyz[channel][0] != 0.0 || xyz[channel][1] != 0.0 || xyz[channel][2] != 0.0);
}

int evl_field_channels(const evl_products *products, int *channel) {
  const evl_shape *shape = evl_products_shape(products);
  const uint8_t *usable = evl_products_usable(products);
  bool places = false;
  int n = 0;
  for (int c = 0; c < shape->n_channels; c++) places = places || evl_field_has_place(shape, c);
  for (int c = 0; c < shape->n_channels; c++)
    if (usable[c] && (!places || evl_field_has_place(shape, c))) channel[n++] = c;
  return n;
}

/* In blocks of time that stay in the cache; the second pass over the channels loses no digits. */
void evl_field_power(const evl_window *window, const int *channel, int n, double *mean, double *gfp) {
  enum { BLOCK = 512 };
  double middle[BLOCK];
  for (int i = 0; i < n; i++)
    mean[i] = evl_mean(window->x + (size_t)channel[i] * window->ld, (size_t)window->n_samples);
  for (int start = 0; start < window->n_samples; start += BLOCK) {
    const int length = window->n_samples - start < BLOCK ? window->n_samples - start : BLOCK;
    double *sum = gfp + start;
    memset(middle, 0, sizeof middle);
    memset(sum, 0, (size_t)length * sizeof *sum);
    for (int i = 0; i < n; i++) {
      const double *x = window->x + (size_t)channel[i] * window->ld + start;
      for (int t = 0; t < length; t++) middle[t] += x[t] - mean[i];
    }
    for (int t = 0; t < length; t++) middle[t] /= n;
    for (int i = 0; i < n; i++) {
      const double *x = window->x + (size_t)channel[i] * window->ld + start;
      for (int t = 0; t < length; t++) {
        const double v = x[t] - mean[i] - middle[t];
        sum[t] += v * v;
      }
    }
    for (int t = 0; t < length; t++) sum[t] = sqrt(sum[t] / n);
  }
}
