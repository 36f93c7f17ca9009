/* heartbeats: R waves by the energy of the band that holds them (Pan and Tompkins 1985, doi:10.1109/TBME.1985.325532),
   with a threshold from medians instead of their two running estimates, which must learn for two seconds and lose
   themselves after an artefact. */
#include <string.h>

#include "heartbeats_priv.h"

static const double low_hz = 5.0, high_hz = 15.0; /* of QRS complexes; T and P waves and muscle lie outside */
static const double average_s = 0.1, refractory_s = 0.27, block_s = 2.0, wave_s = 0.06;
static const double longest_s = 2.5, least_energy = 0.15; /* of a beat's: 0.39 of its amplitude */
enum { AROUND = 5 };

static evl_status find_channel(const evl_params *params, const char *entry, const evl_montage *montage, int *channel) {
  const evl_value *patterns = evl_params_value(params, "channel");
  *channel = -1;
  for (int i = 0; i < patterns->n; i++)
    for (int c = 0; c < montage->n; c++)
      if (evl_pattern_is_like(&(evl_pattern){.pattern = patterns->strings[i]}, montage->name[c])) {
        *channel = c;
        return EVL_OK;
      }
  if (patterns->given)
    return evl_fail(EVL_USAGE,
                    "%s.channel: expected a pattern of one of the %d channels of conditioning.montage, found \"%s\"",
                    entry, montage->n, patterns->n ? patterns->strings[0] : "");
  return EVL_OK;
}

static evl_status plan_memory(evl_heartbeats *b, evl_arena *arena) {
  EVL_NEW(arena, b->padded, b->n_samples + 2 * b->pad);
  EVL_NEW(arena, b->energy, b->n_samples);
  EVL_NEW(arena, b->block, b->most);
  EVL_NEW(arena, b->at_s, b->most);
  EVL_NEW(arena, b->interval_s, b->most);
  EVL_NEW(arena, b->accepted, b->most);
  return EVL_OK;
}

evl_status evl_heartbeats_plan(const evl_params *params, const char *entry, const evl_shape *shape,
                               evl_products *products, evl_arena *arena, evl_heartbeats **beats) {
  struct { double tolerance, channel; } spec = {evl_params_real(params, "tolerance"), 0.0};
  int channel;
  EVL_TRY(find_channel(params, entry, shape->montage, &channel));
  spec.channel = channel;
  evl_product *product;
  EVL_TRY(evl_product_find(products, "heartbeats", &spec, sizeof spec, arena, &product));
  *beats = product->own;
  if (product->own) return EVL_OK;
  evl_heartbeats *b;
  EVL_NEW(arena, b, 1);
  product->own = *beats = b;
  b->products = products;
  b->channel = channel;
  b->tolerance = spec.tolerance;
  b->fs_hz = shape->fs_hz;
  b->n_samples = shape->n_samples;
  b->most = (int)fmin(shape->n_samples, shape->n_samples / shape->fs_hz / refractory_s + 2.0);
  b->half = (int)lround(average_s / 2.0 * shape->fs_hz);
  b->pad = (int)fmin(lround(shape->fs_hz), shape->n_samples - 1);
  if (shape->fs_hz > 2.5 * high_hz)
    EVL_TRY(evl_butterworth_band(2, low_hz, high_hz, shape->fs_hz, b->section, &b->n_sections));
  return plan_memory(b, arena);
}

/* Mean square of the band over 2 half + 1 samples, each sum anew: running ones drift. */
static void find_energy(evl_heartbeats *b, const double *y) {
  for (int t = 0; t < b->n_samples; t++) {
    const int from = t > b->half ? t - b->half : 0;
    const int to = t + b->half < b->n_samples ? t + b->half + 1 : b->n_samples;
    double sum = 0.0;
    for (int s = from; s < to; s++) sum += y[s] * y[s];
    b->energy[t] = sum / (to - from);
  }
}

static double median_of(const double *x, int n) {
  double sorted[2 * AROUND + 1];
  memcpy(sorted, x, (size_t)n * sizeof *x);
  evl_sort(sorted, (size_t)n);
  return evl_quantile_sorted(sorted, (size_t)n, 0.5);
}

/* Median of the eleven values around value i. */
static double around(const double *x, int n, int i) {
  const int from = i > AROUND ? i - AROUND : 0, to = i + AROUND < n ? i + AROUND + 1 : n;
  return median_of(x + from, to - from);
}

/* The extreme of the wave of this polarity near sample t, between samples by a parabola. */
static double place_of(const evl_heartbeats *b, const double *y, int t, double sign) {
  const int reach = (int)lround(wave_s * b->fs_hz);
  int best = t;
  for (int s = t - reach; s <= t + reach; s++)
    if (s >= 0 && s < b->n_samples && sign * y[s] > sign * y[best]) best = s;
  if (best == 0 || best == b->n_samples - 1) return best;
  const double left = y[best - 1], right = y[best + 1], bend = left - 2.0 * y[best] + right;
  const double shift = bend != 0.0 ? 0.5 * (left - right) / bend : 0.0;
  return best + (fabs(shift) <= 0.5 ? shift : 0.0);
}

/* Samples whose energy is the highest within the refractory time and above the threshold, into at_s. */
static void find_beats(evl_heartbeats *b, double floor_energy) {
  const int block = (int)lround(block_s * b->fs_hz), n_blocks = b->n_samples / block > 0 ? b->n_samples / block : 1;
  const int apart = (int)lround(refractory_s * b->fs_hz);
  for (int i = 0; i < n_blocks; i++) {
    const int end = i + 1 < n_blocks ? (i + 1) * block : b->n_samples;
    b->block[i] = 0.0;
    for (int t = i * block; t < end; t++) b->block[i] = fmax(b->block[i], b->energy[t]);
  }
  b->n = 0;
  for (int t = 0; t < b->n_samples && b->n < b->most; t++) {
    const int i = t / block < n_blocks ? t / block : n_blocks - 1;
    if (!(b->energy[t] > least_energy * b->block[i] * 0.1)) continue; /* far below: no need of a median */
    const double typical = around(b->block, n_blocks, i);
    if (!(typical > floor_energy) || b->energy[t] < least_energy * typical) continue;
    bool highest = true;
    for (int s = t - apart < 0 ? 0 : t - apart; highest && s < b->n_samples && s <= t + apart; s++)
      highest = s < t ? b->energy[s] < b->energy[t] : b->energy[s] <= b->energy[t];
    if (highest) b->at_s[b->n++] = t;
  }
}

static void place_beats(evl_heartbeats *b, const double *y) {
  const int reach = (int)lround(wave_s * b->fs_hz);
  double up = 0.0, down = 0.0;
  for (int i = 0; i < b->n; i++) {
    const int t = (int)b->at_s[i];
    double high = 0.0, low = 0.0;
    for (int s = t - reach; s <= t + reach; s++) {
      if (s < 0 || s >= b->n_samples) continue;
      high = fmax(high, y[s]);
      low = fmin(low, y[s]);
    }
    up += high;
    down -= low;
  }
  for (int i = 0; i < b->n; i++) b->at_s[i] = place_of(b, y, (int)b->at_s[i], up >= down ? 1.0 : -1.0) / b->fs_hz;
}

static void find_intervals(evl_heartbeats *b) {
  for (int i = 0; i + 1 < b->n; i++) b->interval_s[i] = b->at_s[i + 1] - b->at_s[i];
}

/* A beat between two short intervals that together are an ordinary one was none. Missed beats make long intervals,
   which are left out below. */
static void drop_extra(evl_heartbeats *b) {
  for (int i = 1; i + 1 < b->n; i++) {
    const double usual = around(b->interval_s, b->n - 1, i), together = b->interval_s[i - 1] + b->interval_s[i];
    const double longer = fmax(b->interval_s[i - 1], b->interval_s[i]);
    if (fabs(together - usual) > b->tolerance * usual || longer > (1.0 - b->tolerance) * usual) continue;
    memmove(b->at_s + i, b->at_s + i + 1, (size_t)(b->n - i - 1) * sizeof *b->at_s);
    b->n--;
    find_intervals(b);
  }
}

static void accept(evl_heartbeats *b) {
  b->n_accepted = 0;
  for (int i = 0; i + 1 < b->n; i++) {
    const double usual = around(b->interval_s, b->n - 1, i);
    b->accepted[i] = b->interval_s[i] <= longest_s && fabs(b->interval_s[i] - usual) <= b->tolerance * usual;
    b->n_accepted += b->accepted[i];
  }
}

static void compute(evl_heartbeats *b, const double *x) {
  const double *y = b->padded + b->pad;
  evl_zero_phase(b->section, b->n_sections, x, b->n_samples, b->pad, b->padded);
  find_energy(b, y);
  find_beats(b, 1e-12 * evl_variance(x, (size_t)b->n_samples, 0)); /* below: rounding of the filter */
  place_beats(b, y);
  find_intervals(b);
  drop_extra(b);
  accept(b);
}

bool evl_heartbeats_find(evl_heartbeats *b, const evl_window *window) {
  if (b->serial != evl_products_serial(b->products)) {
    b->serial = evl_products_serial(b->products);
    b->n = b->n_accepted = 0;
    if (b->channel >= 0 && b->n_sections > 0 && evl_products_usable(b->products)[b->channel])
      compute(b, window->x + (size_t)b->channel * window->ld);
  }
  return b->n_accepted >= 3 && 2 * b->n_accepted >= b->n - 1;
}

double evl_heartbeats_cost_us(const evl_shape *shape) {
  return shape->n_samples * (0.06 + 1e-3 * average_s * shape->fs_hz);
}
